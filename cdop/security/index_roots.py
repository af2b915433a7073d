"""The index roots in force: which one a unit of work looks up with, and which it writes with.

While the roots are rotated (`cdop.security.index_rotation`) tokens are written with two of them.
Each unit of work asks the database which, so that a server with an older key file neither misses a
case nor makes a second one: it reads the key file again, and refuses when it still lacks a root.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from cdop.errors import Unsafe
from cdop.security.held_ring import HeldRing
from cdop.security.keys import NEWEST, OF_ITS_TIME, Ring
from cdop.security.models import IndexRoot

# Two numbers that name the lock to PostgreSQL: held shared by whoever uses the index, and alone by
# whoever changes which roots are in force.
_LOCK = (0x0C0D, 0x1DE)
_IN_FORCE = ("current", "filling")


@dataclass(frozen=True)
class Roots:
    """The versions in force within one unit of work. `written` begins with the one looked up."""

    looked_up: int
    written: tuple[int, ...]


def first_root(ring: Ring, at: datetime) -> IndexRoot:
    """Return the row that puts a new register's first index root in force."""
    return in_force(ring, min(ring.index), "current", at)


def in_force(ring: Ring, version: int, state: str, at: datetime) -> IndexRoot:
    """Return the row of an index root."""
    check = ring.index_check_of(version)
    return IndexRoot(version=version, state=state, check=check, since=at)


def within(session: Session, held: HeldRing) -> Roots:
    """Return the roots in force; they stay so until this unit of work ends.

    Raises Unsafe when the key file lacks one of them.
    """
    transaction = session.get_nested_transaction() or session.get_transaction()
    known: tuple[object, Roots] | None = session.info.get(within)
    if known is None or known[0] is not transaction:
        known = session.info[within] = transaction, _read(session, held)
    return known[1]


def lacking(session: Session, ring: Ring) -> list[int]:
    """Return the versions in force that this ring lacks, or holds another root for."""
    return [row.version for row in _rows(session) if not _holds(ring, row)]


def mend(ring: Ring, version: int) -> str:
    """Return the sentence that says which key file to put in place of one that lacks a root."""
    return OF_ITS_TIME if version < max(ring.index) else NEWEST


def keep_from_changing(session: Session, *, alone: bool = False) -> None:
    """Wait until nobody else changes which roots are in force; `alone`, until nobody uses them.

    SQLite needs none of it: one writes, and a reader sees one moment.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        shared = "" if alone else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", _LOCK)


def _read(session: Session, held: HeldRing) -> Roots:
    keep_from_changing(session)
    rows = {row.state: row for row in _rows(session)}
    for row in rows.values():
        if not (_holds(held.ring, row) or _holds(held.read_again("index", row.version), row)):
            raise Unsafe(
                f"Index tokens are made with version {row.version} of the index roots, which is "
                "not in this register's key file: put the newest key file in its place."
            )
    if "current" not in rows:
        raise Unsafe("The database names no index root: it is not a whole register.")
    return Roots(rows["current"].version, tuple(rows[s].version for s in _IN_FORCE if s in rows))


def _rows(session: Session) -> list[Any]:
    query = select(IndexRoot.version, IndexRoot.state, IndexRoot.check)
    in_force = query.where(col(IndexRoot.state).in_(_IN_FORCE))
    return list(session.exec(in_force.order_by(col(IndexRoot.version))))


def _holds(ring: Ring, row: Any) -> bool:
    return row.version in ring.index and row.check in (b"", ring.index_check_of(row.version))
