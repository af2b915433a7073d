"""Growing delays: failures are counted in the database, by account, by source and by browser.

An attempt is counted before it is looked at, so that many at once are no way round; when it was
right the count is taken back. Nothing is ever locked: each wait ends, and a browser from which
somebody signed in before is counted by itself, so that a stranger's guesses do not keep its owner
out.
"""

import hmac
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlmodel import col

from cdop.errors import Refused
from cdop.organisations.sessions import GATE
from cdop.security.work import Register, Work
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Attempts
from cdop.sign_in.rules import seconds_to_wait


@dataclass(frozen=True)
class Visitor:
    """Whom an attempt comes from: a network address, a kind of browser, and what it remembers."""

    source: str
    browser: str
    remembers: str = ""


@dataclass(frozen=True)
class Counted:
    """What an attempt is counted under: (kind, keyed hash)."""

    keys: tuple[tuple[str, bytes], ...]


class TooSoon(Refused):
    """Too many attempts went wrong: this one was not looked at."""

    def __init__(self, seconds: int) -> None:
        wait = "1 second" if seconds == 1 else f"{seconds} seconds"
        super().__init__(f"Too many attempts have failed. Try again in {wait}")
        self.seconds = seconds


def count(register: Register, stage: str, username: str | None, visitor: Visitor) -> Counted:
    """Count an attempt before it is looked at. Raises TooSoon, and then counts nothing.

    `stage` is what is tried: the password or the second factor. A name that nobody has is counted
    like any other; an attempt that names nobody (None) by its source alone.
    """
    counted = _counted(register, stage, username, visitor)
    register.do(GATE, _count, counted)
    return counted


def count_question(register: Register, visitor: Visitor) -> None:
    """Count what a stranger lets the register ask and keep. Raises TooSoon, and counts nothing."""
    register.do(GATE, _count, question_of(register, visitor))


def question_of(register: Register, visitor: Visitor) -> Counted:
    """Return under what such a question is counted, to take one back that was answered rightly."""
    return Counted((("source", _mac(register, f"asked:source:{visitor.source}")),))


def take_back(work: Work, counted: Counted) -> None:
    """Forget the failures of an account or browser that has got it right, and this attempt's."""
    for kind, key in counted.keys:
        here = (col(Attempts.kind) == kind, col(Attempts.counted) == key)
        if kind == "source":
            one_less = col(Attempts.failures) - 1
            work.session.execute(
                update(Attempts).where(*here, col(Attempts.failures) > 0).values(failures=one_less)
            )
        else:
            work.session.execute(delete(Attempts).where(*here))


def remembered(register: Register, username: str, nonce: str) -> str:
    """Return what a browser keeps to be known as that of an account."""
    return f"{nonce}.{_mac(register, f'browser:{username}:{nonce}').hex()}"


def is_known(register: Register, username: str, kept: str) -> bool:
    """Say whether a browser keeps what it was given when somebody signed in to this account."""
    nonce = kept.partition(".")[0]
    expected = remembered(register, username, nonce)
    return bool(nonce) and hmac.compare_digest(expected.encode(), kept.encode())


def _counted(register: Register, stage: str, username: str | None, visitor: Visitor) -> Counted:
    if username is None:
        what = [("source", visitor.source)]
    elif is_known(register, username, visitor.remembers):
        what = [("browser", f"{username}:{visitor.remembers}")]
    else:
        what = [("account", username), ("source", visitor.source)]
    return Counted(tuple((kind, _mac(register, f"{stage}:{kind}:{text}")) for kind, text in what))


def _count(work: Work, counted: Counted) -> None:
    _forget_old(work)
    rows = []
    for kind, key in counted.keys:
        row = work.session.get(Attempts, (kind, key), with_for_update=True)
        rows.append(row or Attempts(kind=kind, counted=key, failures=0, last_at=work.now))
    wait = max(
        seconds_to_wait(limits().wait(row.kind), row.failures, row.last_at, work.now)
        for row in rows
    )
    if wait:
        raise TooSoon(wait)
    for row in rows:
        forgotten = work.now - row.last_at >= limits().wait(row.kind).forgotten
        row.failures = 1 if forgotten else row.failures + 1
        row.last_at = work.now
        work.session.add(row)


def _forget_old(work: Work) -> None:
    old = work.now - max(limits().wait(kind).forgotten for kind in limits().waits)
    work.session.execute(delete(Attempts).where(col(Attempts.last_at) < old))


def _mac(register: Register, text: str) -> bytes:
    key = register.vault.ring.anchored("sign-in")
    return hmac.digest(key, text.encode(), "sha256")
