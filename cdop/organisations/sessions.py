"""Sessions of those who have signed in. One lives in the database and ends when it is ended there.

How somebody proves who they are before a session starts: `cdop.sign_in`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, delete
from sqlmodel import col, select

from cdop.organisations.models import Account, BegunSignIn, Method, SignIn
from cdop.organisations.reach import grants_at
from cdop.security.actor import Actor, system
from cdop.security.permissions import needs_second_factor
from cdop.security.work import Register, Work

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
# Writing "seen" at every click would make each reading page a write.
_SEEN_EVERY = timedelta(minutes=1)

# A provider may have asked for the second factor hours ago, and a password asks for none.
_PROVED_HERE = {Method.TOTP, Method.RECOVERY, Method.PASSKEY}

GATE = system("sign-in", sees_cases=False)

# Asked at every request: built once, and no entities are made of its rows.
_BY_TOKEN = (
    sa.select(
        col(SignIn.id),
        col(SignIn.account_id),
        col(SignIn.method),
        col(SignIn.started_at),
        col(SignIn.seen_at),
        col(SignIn.confirmed_at),
        col(SignIn.ended_at),
        col(SignIn.elsewhere_at),
        col(SignIn.elsewhere_browser),
        col(Account.username),
        col(Account.display_name),
        col(Account.disabled_at),
    )
    .join(Account, col(SignIn.account_id) == Account.id)
    .where(col(SignIn.token_hash) == bindparam("hash"))
)


@dataclass(frozen=True)
class Elsewhere:
    """A later sign-in to the same account: when, and in what kind of browser."""

    at: datetime
    browser: str


@dataclass(frozen=True)
class Current:
    """Who a session stands for, when a second factor was last given in it, what to tell of."""

    actor: Actor
    method: Method
    confirmed_at: datetime | None
    elsewhere: Elsewhere | None


def current(register: Register, token: str) -> Current | None:
    """Return what a token stands for, or None when its session is over.

    A session that began with a password alone is over as soon as a role needs more.
    """
    now = register.clock.now()
    with register.glancing() as connection:
        row = connection.execute(_BY_TOKEN, {"hash": hash_of(token)}).one_or_none()
        if row is None or row.disabled_at or not _is_alive(row, now):
            return None
        actor = Actor(
            name=row.username,
            display_name=row.display_name,
            account_id=row.account_id,
            grants=grants_at(connection, row.account_id, now),
            session_id=row.id,
        )
    if row.method == Method.PASSWORD and any(needs_second_factor(g.role) for g in actor.grants):
        return None
    if now - row.seen_at > _SEEN_EVERY:
        register.do(GATE, _see, row.id)
    told = Elsewhere(row.elsewhere_at, row.elsewhere_browser) if row.elsewhere_at else None
    return Current(actor, Method(row.method), row.confirmed_at, told)


def actor_for(register: Register, token: str) -> Actor | None:
    """Return who a token stands for, or None when its session is over."""
    found = current(register, token)
    return found.actor if found else None


def sign_out(register: Register, token: str) -> None:
    """End a session; ending one that is over changes nothing."""
    register.do(GATE, _end, token)


def csrf(token: str) -> str:
    """Return the value that a form of this session must carry."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def start(
    work: Work,
    account_id: UUID,
    token: str,
    *,
    method: Method,
    browser: str = "a browser",
    proved_at: datetime | None = None,
) -> UUID:
    """Start a session for an account whose sign-in has been checked; only the hash is kept.

    `proved_at` is when a second factor was given elsewhere, if that is known. Whoever is signed in
    to the account already is told of it at their next page. Returns its id.
    """
    _tell_others(work, account_id, browser)
    row = SignIn(
        token_hash=hash_of(token),
        account_id=account_id,
        method=method,
        browser=browser,
        started_at=work.now,
        seen_at=work.now,
        confirmed_at=work.now if method in _PROVED_HERE else proved_at,
    )
    work.session.add(row)
    work.audit("accounts:session:start", ("accounts", account_id), method=method.value)
    return row.id


def end_others(work: Work, account_id: UUID, but: UUID | None = None) -> int:
    """End the sessions of an account, but for one, and what has half begun.

    Returns how many sessions were ended.
    """
    # First, so that one which becomes a session at this moment is waited for, and ended below.
    work.session.execute(delete(BegunSignIn).where(col(BegunSignIn.account_id) == account_id))
    ended = 0
    for row in alive(work, account_id):
        if row.id != but:
            row.ended_at = work.now
            ended += 1
    if ended:
        work.audit("accounts:session:end", ("accounts", account_id), sessions=ended)
    return ended


def alive(work: Work, account_id: UUID) -> list[SignIn]:
    """Return the sessions of an account that have not ended, the latest first."""
    query = select(SignIn).where(
        SignIn.account_id == account_id,
        col(SignIn.ended_at).is_(None),
        SignIn.seen_at > work.now - IDLE,
        SignIn.started_at > work.now - LONGEST,
    )
    return list(work.session.exec(query.order_by(col(SignIn.started_at).desc())))


def hash_of(token: str) -> bytes:
    """Return what is kept of a secret token of 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _is_alive(row: Any, now: datetime) -> bool:
    recent = now - row.seen_at < IDLE and now - row.started_at < LONGEST
    return row.ended_at is None and recent


def _tell_others(work: Work, account_id: UUID, browser: str) -> None:
    work.session.execute(
        sa.update(SignIn)
        .where(col(SignIn.account_id) == account_id, col(SignIn.ended_at).is_(None))
        .values(elsewhere_at=work.now, elsewhere_browser=browser)
    )


def _see(work: Work, sign_in_id: UUID) -> None:
    seen = sa.update(SignIn).where(col(SignIn.id) == sign_in_id).values(seen_at=work.now)
    work.session.execute(seen)


def _end(work: Work, token: str) -> None:
    query = select(SignIn).where(SignIn.token_hash == hash_of(token))
    row = work.session.exec(query).one_or_none()
    if row and row.ended_at is None:
        row.ended_at = work.now
        work.audit("accounts:session:end", ("accounts", row.account_id))
