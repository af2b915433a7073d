"""The check that what was sealed opens. What it opens is shown to nobody."""

from collections.abc import Callable, Iterator

from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

import cdop.schema  # noqa: F401 - every table with sealed columns is loaded
from cdop.config import Settings
from cdop.doctor.checks import OK, RESTORE, SKIPPED, WRONG, Check
from cdop.errors import CdopError, Erased, Unsafe
from cdop.security import custody, walls
from cdop.security.sealing import Sealed, sealed_columns, sealed_tables
from cdop.security.vault import Vault, place_of

NAME = "sealed rows"
LATEST = 500

Progress = Callable[[int, int], None]


def unseen(_done: int, _all: int) -> None:
    """Show no progress."""


class _Unread(BaseModel, extra="allow"):
    """Any document, opened to see that it opens."""


def check(settings: Settings, engine: Engine, thorough: bool, progress: Progress) -> Check:
    """Open every sealed row, or the latest of each table."""
    try:
        vault = Vault(custody.load(settings))
    except CdopError:
        return Check(NAME, SKIPPED, "the key file cannot be read")
    opened, closed = count(engine, vault, thorough, progress)
    if closed:
        return Check(NAME, WRONG, f"{closed} of {opened} do not open", RESTORE)
    return Check(NAME, OK, f"{'all' if thorough else 'the latest'} {opened:,} open")


def count(
    engine: Engine, vault: Vault, thorough: bool, progress: Progress = unseen
) -> tuple[int, int]:
    """Return how many sealed rows were tried, and how many of them do not open."""
    opened = closed = 0
    with Session(engine) as session:
        walls.go_everywhere(session.connection())
        total = sum(_size(session, table, thorough) for table in sealed_tables())
        for table in sealed_tables():
            for row in _rows(session, table, thorough):
                opened += 1
                closed += not _opens(vault, session, row)
                if opened % 100 == 0 or opened == total:
                    progress(opened, total)
    return opened, closed


def _size(session: Session, table: type[Sealed], thorough: bool) -> int:
    size = session.exec(select(func.count()).select_from(table)).one()
    return size if thorough else min(size, LATEST)


def _rows(session: Session, table: type[Sealed], thorough: bool) -> Iterator[Sealed]:
    query = select(table).order_by(col(table.id).desc())
    if not thorough:
        query = query.limit(LATEST)
    for row in session.exec(query.execution_options(yield_per=LATEST)):
        session.expunge(row)
        yield row


def _opens(vault: Vault, session: Session, row: Sealed) -> bool:
    for column in sealed_columns(type(row)):
        value = getattr(row, column)
        try:
            if value is not None:
                vault.open(session, place_of(row, column), value, _Unread)
        except Erased:
            continue
        except Unsafe:
            return False
    return True
