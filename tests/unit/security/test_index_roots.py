"""Which root stands for which state, and who waits for whom while that changes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlmodel import Session

from cdop.security import index_roots
from cdop.security.index_roots import first_root, in_force, keep_from_changing, mend
from cdop.security.keys import NEWEST, OF_ITS_TIME, Ring, new_ring

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def ring() -> Ring:
    """A ring with a second index root, as after a rotation was prepared."""
    return new_ring().with_index_root()


def test_a_new_register_begins_with_the_oldest_root_it_has(ring: Ring) -> None:
    row = first_root(ring, AT)
    assert (row.version, row.state, row.since) == (1, "current", AT)
    assert row.check == ring.index_check_of(1) != ring.index_check_of(2)


def test_a_root_is_put_in_force_with_what_it_is_known_by(ring: Ring) -> None:
    row = in_force(ring, 2, "filling", AT)
    assert (row.version, row.state, row.since) == (2, "filling", AT)
    assert row.check == ring.index_check_of(2)


def test_a_file_that_is_too_new_needs_an_older_one_and_any_other_the_newest(ring: Ring) -> None:
    assert mend(ring, 1) == OF_ITS_TIME
    assert mend(ring, 2) == mend(ring, 3) == NEWEST


@dataclass
class Connection:
    """Stands for a connection to one kind of database, and keeps what it was told."""

    name: str
    told: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def dialect(self) -> SimpleNamespace:
        return SimpleNamespace(name=self.name)

    def exec_driver_sql(self, *statement: Any) -> None:
        self.told.append(statement)


def told(name: str, **how: bool) -> list[tuple[Any, ...]]:
    connection = Connection(name)
    session = SimpleNamespace(connection=lambda: connection)
    keep_from_changing(cast("Session", session), **how)
    return connection.told


def test_whoever_uses_the_roots_shares_the_lock_and_whoever_changes_them_is_alone() -> None:
    """One lock for both, of this program's own number, until the transaction ends."""
    shared, alone = told("postgresql"), told("postgresql", alone=True)
    assert shared == [("SELECT pg_advisory_xact_lock_shared(%s, %s)", index_roots._LOCK)]
    assert alone == [("SELECT pg_advisory_xact_lock(%s, %s)", index_roots._LOCK)]
    assert told("sqlite") == told("sqlite", alone=True) == []
