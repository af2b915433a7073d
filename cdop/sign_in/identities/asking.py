"""Sending a browser to a provider, and knowing it again when it comes back."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from cdop.organisations.sessions import GATE, hash_of
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked
from cdop.security.work import Register, Work
from cdop.sign_in.identities.models import IdentityQuestion
from cdop.sign_in.limits import limits


class Purpose(StrEnum):
    """Why somebody is sent to a provider."""

    SIGN_IN = "sign-in"
    LINK = "link"
    CONFIRM = "confirm"
    JOIN = "join"


@dataclass(frozen=True)
class Why:
    """What is to happen with whoever comes back, and the page they were going to."""

    purpose: Purpose
    session_id: UUID | None = None
    invitation_id: UUID | None = None
    next: str | None = None


def redirect_uri(register: Register, asked: Asked) -> str:
    """Return where a provider sends browsers back to: an address that is registered there."""
    return f"{register.settings.origin}/sign-in/from/{asked.provider.id}"


def ask(register: Register, asked: Asked, secret: str, why: Why) -> str:
    """Return where to send the browser that keeps `secret` in a cookie. Raises Unavailable."""
    fresh = why.purpose is Purpose.CONFIRM
    question, back = flow.question_of(secret), redirect_uri(register, asked)
    address = flow.address(asked, question, back, fresh=fresh)
    register.do(GATE, _note, asked.provider.id, secret, why)
    return address


def answered(work: Work, provider: str, secret: str) -> Why | None:
    """Return why a browser was sent to a provider, and use that up. None when it was not."""
    key = hash_of(secret)
    row = work.session.get(IdentityQuestion, key)
    gone = delete(IdentityQuestion).where(col(IdentityQuestion.asked_of) == key)
    if row is None or work.session.execute(gone).rowcount != 1:  # type: ignore[attr-defined]
        return None
    fresh = work.now - row.asked_at < timedelta(minutes=limits().question_minutes)
    if not fresh or row.provider != provider:
        return None
    return Why(Purpose(row.purpose), row.session_id, row.invitation_id, row.next)


def _note(work: Work, provider: str, secret: str, why: Why) -> None:
    old = work.now - timedelta(minutes=limits().question_minutes)
    work.session.execute(delete(IdentityQuestion).where(col(IdentityQuestion.asked_at) < old))
    work.session.add(
        IdentityQuestion(
            asked_of=hash_of(secret),
            provider=provider,
            purpose=why.purpose,
            session_id=why.session_id,
            invitation_id=why.invitation_id,
            next=why.next,
            asked_at=work.now,
        )
    )
