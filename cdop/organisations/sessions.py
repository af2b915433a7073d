"""Signing in and out. A session lives in the database and ends the moment it is ended there."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col, select

from cdop.organisations.models import Account, SignIn
from cdop.organisations.people import grants_on
from cdop.security import passwords
from cdop.security.actor import Actor, system
from cdop.security.work import Register, Work

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
# Writing "seen" at every click would make each reading page a write.
_SEEN_EVERY = timedelta(minutes=1)

GATE = system("sign-in")

# Asked at every request: built once, and no entities are made of its rows.
_BY_TOKEN = (
    sa.select(
        col(SignIn.id),
        col(SignIn.account_id),
        col(SignIn.started_at),
        col(SignIn.seen_at),
        col(SignIn.ended_at),
        col(Account.username),
        col(Account.display_name),
        col(Account.disabled_at),
    )
    .join(Account, col(SignIn.account_id) == Account.id)
    .where(col(SignIn.token_hash) == bindparam("hash"))
)


def sign_in(register: Register, username: str, password: str) -> str | None:
    """Start a session. Returns its token, or None when name or password is wrong.

    A wrong name takes as long as a wrong password; both are written to the audit log.
    """
    with register.reading(GATE) as work:
        account = work.session.exec(
            select(Account).where(Account.username == username.strip().lower())
        ).one_or_none()
    kept = account.password_hash if account and not account.disabled_at else None
    if not passwords.matches(password, kept) or account is None:
        register.do(GATE, _note_failure, account.id if account else None)
        return None
    token = secrets.token_urlsafe(32)
    register.do(Actor(account.username, account.display_name), start, account.id, token)
    return token


def actor_for(register: Register, token: str) -> Actor | None:
    """Return who a token stands for, or None when its session is over."""
    with register.reading(GATE) as work:
        values = {"hash": _hash(token)}
        row = work.session.connection().execute(_BY_TOKEN, values).one_or_none()
        alive = (
            row is not None
            and row.ended_at is None
            and row.disabled_at is None
            and work.now - row.seen_at < IDLE
            and work.now - row.started_at < LONGEST
        )
        if row is None or not alive:
            return None
        actor = Actor(
            name=row.username,
            display_name=row.display_name,
            account_id=row.account_id,
            grants=grants_on(work.session, row.account_id, work.today),
            session_id=row.id,
        )
        stale = work.now - row.seen_at > _SEEN_EVERY
    if stale:
        register.do(GATE, _see, row.id)
    return actor


def sign_out(register: Register, token: str) -> None:
    """End a session; ending one that is over changes nothing."""
    register.do(GATE, _end, token)


def csrf(token: str) -> str:
    """Return the value that a form of this session must carry."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def start(work: Work, account_id: UUID, token: str) -> None:
    """Start a session for an account whose sign-in has been checked; only the hash is kept."""
    work.session.add(
        SignIn(
            token_hash=_hash(token),
            account_id=account_id,
            started_at=work.now,
            seen_at=work.now,
        )
    )
    work.audit("accounts:session:start", ("accounts", account_id))


def _note_failure(work: Work, account_id: UUID | None) -> None:
    subject = ("accounts", account_id) if account_id else None
    work.audit("accounts:session:refuse", subject)


def _see(work: Work, sign_in_id: UUID) -> None:
    row = work.session.get(SignIn, sign_in_id)
    if row and row.ended_at is None:
        row.seen_at = work.now


def _end(work: Work, token: str) -> None:
    query = select(SignIn).where(SignIn.token_hash == _hash(token))
    row = work.session.exec(query).one_or_none()
    if row and row.ended_at is None:
        row.ended_at = work.now
        work.audit("accounts:session:end", ("accounts", row.account_id))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
