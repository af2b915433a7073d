"""Finding a whole row that was put back from earlier, with its revision and all that it holds.

Such a row opens: everything in it is genuine. But each sealing leaves a keyed digest of the row in
the audit log, and an older row has not the digest of the newest line. Whoever can also remove lines
from the audit log is not found here.
"""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session, col, select

from cdop.security.keys import Ring, derived
from cdop.security.models import AuditEntry, DataKey
from cdop.security.sealing import Sealed, sealed_columns, sealed_tables

SEALED = "register:row:seal"
DIGEST_BYTES = 16
_BATCH = 1000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Finding:
    """A row that is not as it was sealed last. `why`: changed, unknown (never sealed), gone."""

    table: str
    row_id: UUID
    why: str


def digest(ring: Ring, row: Sealed) -> str:
    """Return the keyed digest of a row's sealed columns, case and revision, in hexadecimal."""
    values = [getattr(row, column) or b"" for column in sorted(sealed_columns(type(row)))]
    parts = (
        str(row.__tablename__).encode(),
        row.id.bytes,
        row.subject_id.bytes,
        row.sealed_revision.to_bytes(8),
        *values,
    )
    text = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(_key(ring.anchor), text, "sha256")[:DIGEST_BYTES].hex()


def find(session: Session, ring: Ring, progress: Progress = lambda _: None) -> Iterator[Finding]:
    """Compare every sealed row with the newest line about it; yield those that differ.

    Rows of a case whose key was destroyed are passed over. `progress` is told how many were read.
    """
    newest = _newest(session)
    destroyed = set(session.exec(select(DataKey.subject_id).where(col(DataKey.wrapped).is_(None))))
    done = 0
    for table in sealed_tables():
        name = str(table.__tablename__)
        for row in session.exec(select(table).execution_options(yield_per=_BATCH)):
            session.expunge(row)
            done += 1
            _, known, _ = newest.pop((name, row.id), (0, "", None))
            if row.subject_id in destroyed or (row.sealed_revision == 0 and not known):
                continue
            if known != digest(ring, row):
                yield Finding(name, row.id, "changed" if known else "unknown")
            progress(done)
    for (name, row_id), (_, _, case) in newest.items():
        if case not in destroyed:
            yield Finding(name, row_id, "gone")


def _newest(session: Session) -> dict[tuple[str, UUID], tuple[int, str, UUID]]:
    """Return revision, digest and case of the newest line about each row."""
    query = select(
        AuditEntry.subject_kind, AuditEntry.subject_id, AuditEntry.case_id, AuditEntry.detail
    ).where(AuditEntry.action == SEALED, AuditEntry.outcome == "done")
    newest: dict[tuple[str, UUID], tuple[int, str, UUID]] = {}
    for table, row_id, case, detail in session.exec(query.execution_options(yield_per=_BATCH)):
        if table is None or row_id is None:
            continue
        # Lines older than the column name their case in the detail.
        line = (int(detail["revision"]), str(detail["digest"]), case or UUID(detail["case"]))
        key = (table, row_id)
        if key not in newest or line[0] > newest[key][0]:
            newest[key] = line
    return newest


@lru_cache(maxsize=4)
def _key(anchor: bytes) -> bytes:
    return derived(anchor, "row-digest")
