"""What the auditor asks of the log."""

from sqlmodel import Session, col, select

from cdop.security.models import AuditEntry


def latest(session: Session, limit: int) -> list[AuditEntry]:
    """Return the last lines of the log, the newest first. The caller checks `audit:log:read`."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    return list(session.exec(query))
