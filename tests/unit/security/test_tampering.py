"""Every sealed column of every table × every kind of tampering: refused, and only its place told.

The places are those of the whole schema, so that a new sealed column is among them by itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from cdop import schema
from cdop.clock import SystemClock
from cdop.db import new_id
from cdop.errors import Unsafe
from cdop.security.case_keys import CaseKey
from cdop.security.key_versions import first_key
from cdop.security.keys import new_ring
from cdop.security.models import DataKey, SealingKey
from cdop.security.sealing import ERASED, Sealed, sealed_columns, sealed_tables
from cdop.security.vault import Vault, place_of

assert schema.metadata
COLUMNS = [(table, column) for table in sealed_tables() for column in sealed_columns(table)]
ELSEWHERE = UUID(int=7)
ANY = st.sampled_from(COLUMNS)


@dataclass
class Two:
    """Two rows, of two cases, of one table at one revision; and two more of another table."""

    vault: Vault
    session: Session

    def row(self, table: type[Sealed], like: Sealed | None = None, **changes: object) -> Sealed:
        """Return a row that is in no database; `like` gives it another's ids and revision."""
        of = like or table(
            id=new_id(), subject_id=new_id(), organisation_id=ELSEWHERE, sealed_revision=3
        )
        kept = {name: getattr(of, name) for name in ("id", "subject_id", "sealed_revision")}
        return table(organisation_id=ELSEWHERE, **(kept | changes))

    def seal(self, row: Sealed, column: str, text: bytes) -> bytes:
        return self.vault.seal_bytes(self.session, place_of(row, column), text)

    def open(self, row: Sealed, column: str, sealed: bytes) -> bytes:
        return self.vault.open_bytes(self.session, place_of(row, column), sealed)


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    ring = new_ring()
    engine = sa.create_engine("sqlite://")
    for table in (SealingKey, DataKey):
        table.__table__.create(engine)  # type: ignore[union-attr]
    with Session(engine) as session:
        session.add(first_key(ring, SystemClock().now()))
        session.flush()
        yield Two(Vault(ring), session)
    engine.dispose()


Tampering = Callable[[Two, Sealed, str, bytes, st.DataObject], tuple[Sealed, str, bytes]]


def flipped(_: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    at = draw.draw(st.integers(0, len(value) - 1))
    changed = bytearray(value)
    changed[at] ^= draw.draw(st.integers(1, 255))
    return row, column, bytes(changed)


def cut(_: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    length = draw.draw(st.integers(0, len(value) - 1))
    return row, column, draw.draw(st.sampled_from([value[:length], value[len(value) - length :]]))


def lengthened(_: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    more = draw.draw(st.binary(min_size=1, max_size=40))
    return row, column, draw.draw(st.sampled_from([value + more, more + value]))


def moved_to_another_column(two: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    """Of the same row, or of a row of another table that has the very same ids."""
    table, other = draw.draw(ANY.filter(lambda of: of != (type(row), column)))
    return two.row(table, row), other, value


def moved_to_another_row(two: Two, row: Sealed, column: str, value: bytes, _: st.DataObject):
    """Of the same case."""
    return two.row(type(row), row, id=new_id()), column, value


def given_to_another_case(two: Two, row: Sealed, column: str, value: bytes, _: st.DataObject):
    theirs = two.row(type(row))
    two.seal(theirs, column, b"theirs")
    return two.row(type(row), row, subject_id=theirs.subject_id), column, value


def swapped(two: Two, row: Sealed, column: str, _: bytes, __: st.DataObject):
    """With the same column of a row of another case."""
    theirs = two.row(type(row))
    return row, column, two.seal(theirs, column, b"theirs")


def put_back(two: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    """A genuine value of an earlier revision, after the row was sealed again; or of a later one."""
    revision = draw.draw(st.integers(0, 9).filter(lambda n: n != row.sealed_revision))
    return two.row(type(row), row, sealed_revision=revision), column, value


def forged(_: Two, row: Sealed, column: str, value: bytes, __: st.DataObject):
    """Sealed at the very same place with a key that is not the case's."""
    key = CaseKey(bytes(range(32)), 1)
    assert key.head == value[:3]
    return row, column, key.seal(b"forged", place_of(row, column).bind(key.head))


def of_another_generation(_: Two, row: Sealed, column: str, value: bytes, draw: st.DataObject):
    generation = draw.draw(st.integers(2, 2**16 - 1))
    return row, column, value[:1] + generation.to_bytes(2) + value[3:]


def marked_as_erased(_: Two, row: Sealed, column: str, __: bytes, ___: st.DataObject):
    return row, column, ERASED


TAMPERINGS: list[Tampering] = [
    flipped,
    cut,
    lengthened,
    moved_to_another_column,
    moved_to_another_row,
    given_to_another_case,
    swapped,
    put_back,
    forged,
    of_another_generation,
    marked_as_erased,
]
FEW = settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
WORDS = "Quillon Vextrablatt of 4 Nowhere Lane, told at length"


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=lambda of: getattr(of, "__tablename__", of)
)
@FEW
@given(draw=st.data())
def test_nothing_that_was_tampered_with_opens(
    two: Two, table: type[Sealed], column: str, tampering: Tampering, draw: st.DataObject
) -> None:
    row = two.row(table)
    value = two.seal(row, column, WORDS.encode())
    assert two.open(row, column, value) == WORDS.encode()
    at, of, changed = tampering(two, row, column, value, draw)
    if changed == value and place_of(at, of) == place_of(row, column):
        return
    with pytest.raises(Unsafe) as caught:
        two.open(at, of, changed)
    told = str(caught.value)
    assert told.startswith(f"A sealed value does not open: {at.__tablename__}.{of}, row {at.id}. ")
    assert not any(word in told for word in WORDS.split() if len(word) > 2)


def test_every_kind_of_document_is_among_them() -> None:
    assert len(COLUMNS) >= 20
    named = {(str(table.__tablename__), column) for table, column in COLUMNS}
    assert {("deaths", "names"), ("notifications", "identity"), ("death_events", "remark")} <= named
