"""What a browser is asked to sign: made here, kept here, good for one answer and a few minutes."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, or_
from sqlmodel import col

from cdop.organisations.sessions import hash_of
from cdop.security import passkeys
from cdop.security.work import Work
from cdop.sign_in.limits import limits
from cdop.sign_in.passkeys.models import PasskeyChallenge


class Purpose(StrEnum):
    """What an answer is for: none serves for another."""

    ADD = "add"
    SIGN_IN = "sign-in"
    SECOND = "second"
    CONFIRM = "confirm"


def ask(work: Work, purpose: Purpose, of: str) -> bytes:
    """Return a new challenge; the one before is void.

    `of` is what is the browser's alone: its session, its half sign-in, or a secret in a cookie.
    """
    key = _key(purpose, of)
    old = work.now - timedelta(minutes=limits().challenge_minutes)
    work.session.execute(
        delete(PasskeyChallenge).where(
            or_(col(PasskeyChallenge.asked_of) == key, col(PasskeyChallenge.asked_at) < old)
        )
    )
    challenge = passkeys.new_challenge()
    work.session.add(PasskeyChallenge(asked_of=key, challenge=challenge, asked_at=work.now))
    return challenge


def take(work: Work, purpose: Purpose, of: str) -> bytes | None:
    """Return the challenge that a browser was given, and use it up. None when there is none."""
    key = _key(purpose, of)
    row = work.session.get(PasskeyChallenge, key)
    gone = delete(PasskeyChallenge).where(col(PasskeyChallenge.asked_of) == key)
    if row is None or work.session.execute(gone).rowcount != 1:  # type: ignore[attr-defined]
        return None
    fresh = work.now - row.asked_at < timedelta(minutes=limits().challenge_minutes)
    return row.challenge if fresh else None


def _key(purpose: Purpose, of: str) -> bytes:
    return hash_of(f"passkey:{purpose}:{of}")
