"""The steps of signing in: a password or an invitation, then the second factor, then a session.

Between the two nobody is signed in: a row of its own, for some minutes, says whose turn it is. A
session starts only by `finish`, which uses that row up.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from cdop.organisations import sessions
from cdop.organisations.models import Account, BegunSignIn, Method
from cdop.organisations.reach import grants_at
from cdop.organisations.sessions import GATE, hash_of
from cdop.security import passwords
from cdop.security.actor import Actor
from cdop.security.passkeys import Known
from cdop.security.permissions import needs_second_factor
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators, delays, factors, recovery
from cdop.sign_in import passwords as password_rules
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import ending
from cdop.sign_in.limits import limits
from cdop.sign_in.passkeys import keeping as passkeys


class Next(StrEnum):
    """What comes after a first step."""

    SESSION = "session"
    CODE = "code"
    ENROL = "enrol"


@dataclass(frozen=True, repr=False)
class Step:
    """A step that went well: the secret of the session, or of what has only begun."""

    next: Next
    token: str


@dataclass(frozen=True)
class Begun:
    """Who is half signed in, and whether they have a second factor to show yet."""

    id: UUID
    account_id: UUID
    username: str
    display_name: str
    has_factor: bool

    @property
    def actor(self) -> Actor:
        """Return who it is, for the audit log; this actor may do nothing."""
        return Actor(self.username, self.display_name, self.account_id)


def with_password(
    register: Register, username: str, password: str, visitor: Visitor
) -> Step | None:
    """Take the first step by name and password. None when either is wrong.

    A wrong name takes as long as a wrong password; both are counted and written to the audit log.
    Raises TooSoon.
    """
    username = username.strip().lower()
    counted = delays.count(register, "password", username, visitor)
    with register.reading(GATE) as work:
        account = work.session.exec(
            select(Account).where(Account.username == username)
        ).one_or_none()
    kept = account.password_hash if account and not account.disabled_at else None
    if not passwords.matches(password, kept) or account is None or kept is None:
        register.do(GATE, note_refusal, account.id if account else None)
        return None
    anew = passwords.hash_password(password) if passwords.is_outdated(kept) else kept

    def begin_counted(work: Work) -> Step | None:
        if not password_rules.exchange(work, account.id, kept, anew):
            note_refusal(work, account.id)
            return None
        delays.take_back(work, counted)
        return begin(work, account, visitor)

    return register.do(Actor(account.username, account.display_name), begin_counted)


def begin(work: Work, account: Account, visitor: Visitor) -> Step:
    """Let someone who has taken the first step go on: to the second, or straight to a session."""
    token = secrets.token_urlsafe(32)
    has = factors.has_any(work, account.id)
    grants = grants_at(work.session.connection(), account.id, work.now)
    needs = any(needs_second_factor(grant.role) for grant in grants)
    if not has and not needs:
        sessions.start(work, account.id, token, method=Method.PASSWORD, browser=visitor.browser)
        return Step(Next.SESSION, token)
    return half(work, account)[0]


def half(work: Work, account: Account) -> tuple[Step, UUID]:
    """Let someone go on to a second factor, whether a role needs one or not.

    Returns the step, and the id of what has begun.
    """
    token = secrets.token_urlsafe(32)
    has = factors.has_any(work, account.id)
    old = work.now - timedelta(minutes=limits().begun_minutes)
    work.session.execute(delete(BegunSignIn).where(col(BegunSignIn.began_at) < old))
    row = BegunSignIn(account_id=account.id, token_hash=hash_of(token), began_at=work.now)
    work.session.add(row)
    return Step(Next.CODE if has else Next.ENROL, token), row.id


def let_in(
    work: Work, account: Account, proved_at: datetime | None, visitor: Visitor
) -> tuple[Step, UUID]:
    """Start the session of someone for whose both factors an identity provider vouches.

    `proved_at` is when they were given there, if the provider says so: it may be hours ago.
    """
    token = secrets.token_urlsafe(32)
    session_id = sessions.start(
        work,
        account.id,
        token,
        method=Method.OIDC,
        browser=visitor.browser,
        proved_at=proved_at,
    )
    return Step(Next.SESSION, token), session_id


def begun_by(register: Register, token: str) -> Begun | None:
    """Return who is half signed in by a token, or None when it is used, too old or unknown."""
    with register.reading(GATE) as work:
        oldest = work.now - timedelta(minutes=limits().begun_minutes)
        query = (
            select(BegunSignIn, Account)
            .join(Account, col(BegunSignIn.account_id) == Account.id)
            .where(BegunSignIn.token_hash == hash_of(token), BegunSignIn.began_at > oldest)
            .where(col(Account.disabled_at).is_(None))
        )
        found = work.session.exec(query).one_or_none()
        if found is None:
            return None
        row, account = found
        has = factors.has_any(work, account.id)
    return Begun(row.id, account.id, account.username, account.display_name, has)


def with_code(register: Register, begun: Begun, code: str, visitor: Visitor) -> str | None:
    """Take the second step by a code of the app or a recovery code. Returns the session's token.

    None when the code is wrong, or was used before. Raises TooSoon.
    """
    counted = delays.count(register, "factor", begun.username, visitor)

    def prove(work: Work) -> str | None:
        method = method_of(work, begun.account_id, code)
        if method is None:
            note_refusal(work, begun.account_id)
            return None
        delays.take_back(work, counted)
        return finish(work, begun, method, visitor)

    return register.do(begun.actor, prove)


def enrol(
    register: Register, begun: Begun, secret: str, code: str, visitor: Visitor
) -> tuple[str, tuple[str, ...]] | None:
    """Add the first authenticator app. Returns the session's token and the recovery codes.

    None when the code is not the app's. Someone who has a factor already has to show that one.
    """

    def add(work: Work) -> tuple[str, tuple[str, ...]] | None:
        if factors.has_any(work, begun.account_id):
            return None
        if not authenticators.add(work, begun.account_id, secret, code):
            return None
        codes = recovery.renew(work, begun.account_id)
        return finish(work, begun, Method.TOTP, visitor), codes

    return register.do(begun.actor, add)


def enrol_passkey(
    register: Register, begun: Begun, made: Known, name: str, visitor: Visitor
) -> tuple[str, tuple[str, ...]] | None:
    """Add a passkey as the first second factor. Returns what `enrol` does. Raises Invalid, Gone."""

    def add(work: Work) -> tuple[str, tuple[str, ...]] | None:
        if factors.has_any(work, begun.account_id):
            return None
        passkeys.add(work, begun.account_id, made, name)
        codes = recovery.renew(work, begun.account_id)
        return finish(work, begun, Method.PASSKEY, visitor), codes

    return register.do(begun.actor, add)


def finish(work: Work, begun: Begun, method: Method, visitor: Visitor) -> str:
    """Start the session of someone who has taken both steps. Returns its token.

    Raises Gone when what had begun was used already: of two at once one goes on.
    """
    used = delete(BegunSignIn).where(col(BegunSignIn.id) == begun.id)
    if work.session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        raise Gone
    token = secrets.token_urlsafe(32)
    session_id = sessions.start(
        work, begun.account_id, token, method=method, browser=visitor.browser
    )
    ending.hand_on(work, begun.id, session_id)
    return token


class Gone(Exception):
    """What had begun is over: sign in again."""


def method_of(work: Work, account_id: UUID, code: str) -> Method | None:
    """Return by which of the account's codes this is taken, or None; then it is used up."""
    digits = "".join(code.split())
    if digits.isascii() and digits.isdigit():
        return Method.TOTP if authenticators.accepts(work, account_id, digits) else None
    return Method.RECOVERY if recovery.accepts(work, account_id, code) else None


def note_refusal(work: Work, account_id: UUID | None) -> None:
    """Write to the audit log that somebody was not let in; what was typed is not kept."""
    subject = ("accounts", account_id) if account_id else None
    work.audit("accounts:session:refuse", subject)
