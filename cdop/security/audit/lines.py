"""Lines of the audit log: writing one, and the text by which it is proved unchanged.

A line is written in the transaction of what it records: if it cannot be, nothing is done.
"""

import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert
from sqlmodel import Session

from cdop.db import new_id
from cdop.security.actor import Actor
from cdop.security.audit import merkle
from cdop.security.keys import Ring, derived
from cdop.security.models import AuditEntry


class Said(SimpleNamespace):
    """What a line says, its code apart: the columns of `AuditEntry` by their names."""

    id: UUID


Line = AuditEntry | Row[Any] | Said
"""An entry, a row of its columns (sealing makes no entities), or a line that is to be written."""

_ADD = insert(AuditEntry)
_in_one_form = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def said(
    actor: Actor,
    at: datetime,
    action: str,
    *,
    subject: tuple[str, UUID] | None = None,
    case: UUID | None = None,
    organisation_id: UUID | None = None,
    outcome: str = "done",
    **detail: Any,
) -> Said:
    """Return what a line is to say: also in what capacity the actor acts (deputy, break-glass).

    `detail` holds codes, counts and names of fields, never a person's details.

    `at` is the register's clock; the machine's own time is kept beside it, so that demonstration
    data written with an older clock still tells when it was written. No fractions in `detail`: the
    databases do not give every one back as it was written.
    """
    kind, subject_id = subject if subject else (None, None)
    return Said(
        id=new_id(),
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


def write(session: Session, ring: Ring, lines: Sequence[Said]) -> None:
    """Write lines, with their codes, in one statement. They are no entities: nobody reads them."""
    rows = [vars(line) | {"mac": mac(ring, text_of(line))} for line in lines]
    session.connection().execute(_ADD, rows)


def record(
    session: Session, ring: Ring, actor: Actor, at: datetime, action: str, **more: Any
) -> None:
    """Write one line at once. See `said`."""
    write(session, ring, [said(actor, at, action, **more)])


def text_of(line: Line) -> bytes:
    """Return the one text of all that a line says, its code apart."""
    return canonical(_plain(line))


def mac(ring: Ring, text: bytes) -> bytes:
    """Return the code over a line's text that only whoever holds the key file can make."""
    return hmac.digest(_key(ring.anchor), text, "sha256")


def leaf_of(text: bytes, mac: bytes) -> bytes:
    """Return the hash by which a line stands in its tree. A text is JSON: it ends by itself."""
    return merkle.leaf(text + mac)


def content(line: Line) -> dict[str, Any]:
    """Return all that a line says, as an export shows it."""
    return _plain(line) | {"mac": line.mac.hex()}


def leaf_of_content(content: dict[str, Any]) -> bytes:
    """Return the hash of a line from an export. Raises ValueError or KeyError when it is none."""
    plain = dict(content)
    mac = bytes.fromhex(plain.pop("mac"))
    return leaf_of(canonical(plain), mac)


def canonical(content: dict[str, Any]) -> bytes:
    """Return content as JSON in the one form that the same content always has."""
    return _in_one_form(content).encode()


def _plain(line: Line) -> dict[str, Any]:
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


def _moment(at: datetime | str) -> str:
    return at if isinstance(at, str) else at.astimezone(UTC).isoformat(timespec="microseconds")


def _id(id: UUID | str | None) -> str | None:
    return None if id is None else str(id)


@lru_cache(maxsize=4)
def _key(anchor: bytes) -> bytes:
    return derived(anchor, "audit-line")
