"""Lines of the audit log: writing one, and the text by which it is proved unchanged.

A line is written in the transaction of what it records: if it cannot be, nothing is done.
"""

import hmac
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import Session

from cdop.security.actor import Actor
from cdop.security.keys import Ring, derived
from cdop.security.models import AuditEntry


def record(
    session: Session,
    ring: Ring,
    actor: Actor,
    at: datetime,
    action: str,
    *,
    subject: tuple[str, UUID] | None = None,
    case: UUID | None = None,
    organisation_id: UUID | None = None,
    outcome: str = "done",
    **detail: Any,
) -> None:
    """Add a line. In what capacity the actor acts (as a deputy, by break-glass) is added to it.

    `detail` holds codes, counts and names of fields, never a person's details.

    `at` is the register's clock; the machine's own time is kept beside it, so that demonstration
    data written with an older clock still tells when it was written. No fractions in `detail`: the
    databases do not give every one back as it was written.
    """
    kind, subject_id = subject if subject else (None, None)
    line = AuditEntry(
        at=at,
        recorded_at=datetime.now(UTC),
        actor=actor.name,
        action=action,
        outcome=outcome,
        subject_kind=kind,
        subject_id=subject_id,
        case_id=case,
        organisation_id=organisation_id,
        detail=detail | actor.capacity(organisation_id, action),
    )
    line.mac = mac(ring, line)
    session.add(line)


def mac(ring: Ring, line: AuditEntry) -> bytes:
    """Return the code over a line that only whoever holds the key file can make."""
    return hmac.digest(_key(ring.anchor), _text(_plain(line)), "sha256")


def is_genuine(ring: Ring, line: AuditEntry) -> bool:
    """Say whether this register wrote a line, and wrote it so."""
    return hmac.compare_digest(mac(ring, line), line.mac)


def content(line: AuditEntry) -> dict[str, Any]:
    """Return all that a line says, as an export shows it."""
    return _plain(line) | {"mac": line.mac.hex()}


def canonical(content: dict[str, Any]) -> bytes:
    """Return the one text of a line's content: what the tree is made of."""
    return _text(content)


def _plain(line: AuditEntry) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "at": _moment(line.at),
        "recorded_at": _moment(line.recorded_at),
        "actor": line.actor,
        "action": line.action,
        "outcome": line.outcome,
        "subject_kind": line.subject_kind,
        "subject_id": _id(line.subject_id),
        "case_id": _id(line.case_id),
        "organisation_id": _id(line.organisation_id),
        "detail": line.detail,
    }


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _id(id: UUID | None) -> str | None:
    return None if id is None else str(id)


@lru_cache(maxsize=4)
def _key(anchor: bytes) -> bytes:
    return derived(anchor, "audit-line")
