"""The audit log: one line for each thing done, in the transaction of what it records."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from cdop.security.actor import Actor
from cdop.security.models import AuditEntry


def record(
    session: Session,
    actor: Actor,
    at: datetime,
    action: str,
    *,
    subject: tuple[str, UUID] | None = None,
    organisation_id: UUID | None = None,
    outcome: str = "done",
    **detail: Any,
) -> None:
    """Add a line. `detail` holds codes, counts and names of fields, never a person's details.

    `at` is the register's clock; the machine's own time is kept beside it, so that demonstration
    data written with an older clock still tells when it was written.
    """
    kind, subject_id = subject if subject else (None, None)
    session.add(
        AuditEntry(
            at=at,
            recorded_at=datetime.now(UTC),
            actor=actor.name,
            action=action,
            outcome=outcome,
            subject_kind=kind,
            subject_id=subject_id,
            organisation_id=organisation_id,
            detail=detail,
        )
    )


def latest(session: Session, limit: int) -> list[AuditEntry]:
    """Return the last lines of the log, the newest first. The caller checks `audit:log:read`."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    return list(session.exec(query))
