"""The versions of a register's key-encryption keys: which are in the ring, which are in use."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from cdop.security.keys import NEWEST, OF_ITS_TIME, Ring
from cdop.security.models import DataKey, SealingKey


@dataclass(frozen=True)
class Version:
    """A key-encryption key. `state`: added, current, former or retired.

    `wrapped` counts the case keys that are wrapped under it, `made` those made while it was
    current, which resealing replaces when another is.
    """

    version: int
    state: str
    promoted_at: datetime | None
    wrapped: int
    made: int


def first_key(ring: Ring, at: datetime) -> SealingKey:
    """Return the row that puts a new register's first key in use."""
    return in_use(ring, min(ring.sealing), at)


def in_use(ring: Ring, version: int, at: datetime) -> SealingKey:
    """Return the row of a key that is put in use."""
    check = ring.check_of(version)
    return SealingKey(version=version, state="current", check=check, promoted_at=at)


def lacking(session: Session, ring: Ring) -> list[int]:
    """Return the versions in use that this ring lacks, or holds another key for."""
    return [
        row.version
        for row in session.exec(select(SealingKey).order_by(col(SealingKey.version)))
        if row.version not in ring.sealing or row.check != ring.check_of(row.version)
    ]


def mend(ring: Ring, version: int) -> str:
    """Return the sentence that says which key file to put in place of one that lacks a version."""
    return OF_ITS_TIME if version in ring.retired else NEWEST


def versions(session: Session, ring: Ring) -> list[Version]:
    """Return every version there is or was, the oldest first."""
    rows = {row.version: row for row in session.exec(select(SealingKey))}
    wrapped = _counts(session, col(DataKey.kek_version))
    made = _counts(session, col(DataKey.made_under))
    return [
        Version(
            version,
            rows[version].state if version in rows else _unused(ring, version),
            rows[version].promoted_at if version in rows else None,
            wrapped.get(version, 0),
            made.get(version, 0),
        )
        for version in sorted({*ring.sealing, *ring.retired, *rows})
    ]


def _counts(session: Session, column: Mapped[int | None]) -> dict[int, int]:
    query = select(column, func.count()).group_by(column)
    return {version: count for version, count in session.exec(query) if version is not None}


def _unused(ring: Ring, version: int) -> str:
    return "retired" if version in ring.retired else "added"
