"""Opening sealed columns of many rows at once, for a rule that shows them to nobody.

A hundred thousand names are opened for one search: no entity is made, no key is kept, and an id
becomes a UUID only for the rows that answer.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

import uuid_utils
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Select, Text, select, type_coerce
from sqlmodel import SQLModel

from cdop.errors import Unsafe
from cdop.security import case_keys
from cdop.security.case_keys import CaseKey
from cdop.security.models import DataKey
from cdop.security.sealing import ERASED
from cdop.security.sections import Section
from cdop.security.work import Work

_CHUNK = 2_000
_NOTHING = b"{}"


class Opened(NamedTuple):
    """A row's id as the database gives it, and its documents as JSON, in the order asked for."""

    key: str | UUID
    documents: list[bytes]

    @property
    def id(self) -> UUID:
        """Return the row's id."""
        return self.key if isinstance(self.key, UUID) else UUID(self.key)


def open_columns(
    work: Work, sections: Sequence[Section[Any]], *where: ColumnElement[bool]
) -> Iterator[Opened]:
    """Open sections of one table in all the rows that a condition finds, in no order.

    An empty column gives `{}`; a row that was erased is passed over. Raises Unsafe, like
    `Work.open`, for a value that was not sealed at its very place. The caller writes the audit
    line of what it does with the answer.
    """
    shared = [case_keys.column(section.table, section.column) for section in sections]
    unwrap, row = work.vault.wrapping.unwrap, case_keys.row
    work.session.flush()
    rows = work.session.connection().execute(_query(sections, *where))  # past the entities' loading
    for key, subject, revision, generation, version, wrapped, *sealed in rows:
        if ERASED in sealed:
            continue
        about = _uuid(subject)
        place = about if key == subject else _uuid(key)
        opened = CaseKey(unwrap(version, about, generation, wrapped), generation)
        bound = row(place, about, revision, opened.head)
        try:
            documents = [
                opened.open(value, column + bound) if value else _NOTHING
                for value, column in zip(sealed, shared, strict=True)
            ]
        except (InvalidTag, ValueError):
            raise Unsafe(
                f"A sealed value does not open: {sections[0].table}, row {key}. "
                "It was changed or moved outside the register. Tell whoever runs it."
            ) from None
        yield Opened(key, documents)


def _query(sections: Sequence[Section[Any]], *where: ColumnElement[bool]) -> Select[Any]:
    tables = SQLModel.metadata.tables
    table, keys = tables[sections[0].table].c, tables[str(DataKey.__tablename__)].c
    return (
        select(
            type_coerce(table.id, Text),  # a UUID for each of them takes longer than to open it
            type_coerce(table.subject_id, Text),
            table.sealed_revision,
            keys.generation,
            keys.kek_version,
            keys.wrapped,
            *(table[section.column] for section in sections),
        )
        .where(keys.subject_id == table.subject_id, keys.wrapped.is_not(None), *where)
        .execution_options(yield_per=_CHUNK)
    )


def _uuid(key: str | UUID) -> UUID:
    """Return an id for what is bound to a value; the quick kind has the same bytes and text."""
    return key if isinstance(key, UUID) else cast(UUID, uuid_utils.UUID(key))
