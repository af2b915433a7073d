"""The audit log as a file that proves itself: JSON lines, read by `verifying` without a register.

First what it is, then the checkpoints, then each tree's lines in their order, then the lines that
are in no tree yet.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import col, select

from cdop.security.actor import Actor
from cdop.security.audit import lines, sealer
from cdop.security.audit.checkpoints import Signer, signer_of
from cdop.security.audit.models import NO_ORGANISATION, AuditCheckpoint, AuditLeaf, Unsealed
from cdop.security.audit.scope import READ, reach
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register, Work

FORMAT = 1
EXPORT = "audit:log:export"
_BATCH = 1000

_COLUMNS = AuditEntry.__table__.columns  # type: ignore[attr-defined]


def export(register: Register, actor: Actor) -> Iterator[bytes]:
    """Yield the lines of an export of all that the actor may audit, as of one moment.

    Everything that waits is sealed first, the line about this export too. Raises Denied.
    """
    register.do(actor, _note)
    sealer.seal(register)
    return records(register, actor)


def records(register: Register, actor: Actor) -> Iterator[bytes]:
    """Yield an export as the log stands, sealed or not; writes nothing, not even who asked."""
    return (_text(each) for each in _records(register, actor))


def signer(work: Work) -> Signer:
    """Return what signs this register's checkpoints."""
    return signer_of(work.vault.ring, work.session.exec(select(RegisterInfo.id)).one())


def _note(work: Work) -> None:
    work.check(READ)
    work.audit(EXPORT, form="verifiable")


def _text(record: dict[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _records(register: Register, actor: Actor) -> Iterator[dict[str, Any]]:
    reached = reach(actor)
    with register.reading(actor, one_moment=True) as work:
        yield {
            "kind": "export",
            "format": FORMAT,
            "key": signer(work).verifier.encode(),
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "whole": reached is None,
        }
        yield from _checkpoints(work, reached)
        yield from _sealed(work, reached)
        yield from _unsealed(work, reached)


def _checkpoints(work: Work, reached: frozenset[UUID] | None) -> Iterator[dict[str, Any]]:
    query = select(AuditCheckpoint.note).order_by(
        col(AuditCheckpoint.tree), col(AuditCheckpoint.size)
    )
    for note in work.session.exec(query.where(_in(col(AuditCheckpoint.tree), reached))):
        yield {"kind": "checkpoint", "note": note}


def _sealed(work: Work, reached: frozenset[UUID] | None) -> Iterator[dict[str, Any]]:
    """Yield each leaf with its line; a line that was removed is null."""
    query = (
        select(col(AuditLeaf.tree), col(AuditLeaf.position), col(AuditLeaf.hash), *_COLUMNS)
        .outerjoin(AuditEntry, col(AuditEntry.id) == AuditLeaf.entry_id)
        .where(_in(col(AuditLeaf.tree), reached))
        .order_by(col(AuditLeaf.tree), col(AuditLeaf.position))
    )
    for row in work.session.execute(query.execution_options(yield_per=_BATCH)):
        yield {
            "kind": "sealed",
            "tree": str(row.tree),
            "position": row.position,
            "leaf": row.hash.hex(),
            "line": lines.content(row) if row.id else None,
        }


def _unsealed(work: Work, reached: frozenset[UUID] | None) -> Iterator[dict[str, Any]]:
    """Yield each line that has no leaf, and whether it waits for one."""
    query = (
        select(col(Unsealed.entry_id).is_not(None).label("waits"), *_COLUMNS)
        .select_from(AuditEntry)
        .outerjoin(AuditLeaf, col(AuditLeaf.entry_id) == AuditEntry.id)
        .outerjoin(Unsealed, col(Unsealed.entry_id) == AuditEntry.id)
        .where(col(AuditLeaf.entry_id).is_(None), _in(col(AuditEntry.organisation_id), reached))
        .order_by(col(AuditEntry.id))
    )
    for row in work.session.execute(query.execution_options(yield_per=_BATCH)):
        tree = row.organisation_id or NO_ORGANISATION
        yield {
            "kind": "unsealed",
            "tree": str(tree),
            "waits": bool(row.waits),
            "line": lines.content(row),
        }


def _in(column: Any, reached: frozenset[UUID] | None) -> ColumnElement[bool]:
    return true() if reached is None else column.in_(reached)
