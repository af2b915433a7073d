"""What a passkey proves: by itself both factors, after a password the second one, within a session
that it is still the same person.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, select

from cdop.organisations import sessions
from cdop.organisations.models import Account, Method
from cdop.organisations.sessions import GATE
from cdop.security import passkeys
from cdop.security.actor import Actor
from cdop.security.passkeys import CounterWentBack, NotAccepted, Site
from cdop.security.work import Register, Work
from cdop.sign_in import confirming, delays
from cdop.sign_in.delays import Visitor
from cdop.sign_in.passkeys import challenges, keeping
from cdop.sign_in.passkeys.challenges import Purpose
from cdop.sign_in.passkeys.models import Passkey
from cdop.sign_in.steps import Begun, finish, note_refusal

R = TypeVar("R")


@dataclass(frozen=True)
class Asking:
    """Of which browser something is asked, for what, and of whose passkeys (None: of anybody's).

    `browser` is what is that browser's alone: its session, half sign-in or a secret in a cookie.
    """

    purpose: Purpose
    browser: str
    owner: UUID | None = None


def of_anybody(secret: str) -> Asking:
    """Return what is asked of a browser that is not signed in, and keeps this secret."""
    return Asking(Purpose.SIGN_IN, secret)


def of_begun(begun: Begun) -> Asking:
    """Return what is asked of who is half signed in."""
    return Asking(Purpose.SECOND, begun.id.hex, begun.account_id)


def of_session(actor: Actor) -> Asking:
    """Return what is asked of who is signed in, to confirm."""
    assert actor.session_id
    return Asking(Purpose.CONFIRM, actor.session_id.hex, actor.account_id)


def ask(work: Work, site: Site, asking: Asking) -> str:
    """Return what a browser needs to sign (JSON)."""
    held = keeping.of(work, asking.owner) if asking.owner else []
    challenge = challenges.ask(work, asking.purpose, asking.browser)
    return passkeys.signing_options(site, challenge, [keeping.known(row) for row in held])


def sign_in(register: Register, secret: str, answer: str, visitor: Visitor) -> str | None:
    """Sign in by a passkey alone. Returns the session's token, or None. Raises TooSoon."""

    def start(work: Work, account: Account) -> str:
        token = secrets.token_urlsafe(32)
        sessions.start(work, account.id, token, method=Method.PASSKEY, browser=visitor.browser)
        return token

    return _proved(register, of_anybody(secret), answer, visitor, start)


def second(register: Register, begun: Begun, answer: str, visitor: Visitor) -> str | None:
    """Take the second step by a passkey. Returns the session's token, or None.

    Raises TooSoon, Gone.
    """

    def start(work: Work, _: Account) -> str:
        return finish(work, begun, Method.PASSKEY, visitor)

    return _proved(register, of_begun(begun), answer, visitor, start)


def confirm(register: Register, actor: Actor, answer: str, visitor: Visitor) -> bool:
    """Confirm within a session by a passkey. Says whether it was right. Raises TooSoon."""

    def note(work: Work, _: Account) -> bool:
        confirming.note(work)
        return True

    return bool(_proved(register, of_session(actor), answer, visitor, note, actor))


def _proved(
    register: Register,
    asking: Asking,
    answer: str,
    visitor: Visitor,
    then: Callable[[Work, Account], R],
    actor: Actor | None = None,
) -> R | None:
    """Return what `then` does once the answer is proved, in the same transaction; or None.

    Any answer uses the challenge up. Failures are counted under the passkey's owner.
    """
    account = _signer(register, asking, answer)
    counted = delays.count(register, "passkey", account.username if account else None, visitor)
    challenge = register.do(GATE, challenges.take, asking.purpose, asking.browser)
    if account is None or challenge is None:
        register.do(GATE, note_refusal, account.id if account else asking.owner)
        return None

    def prove(work: Work) -> R | None:
        if not _signs(work, account, Site(register.settings.origin), challenge, answer):
            note_refusal(work, account.id)
            return None
        delays.take_back(work, counted)
        if asking.purpose is Purpose.SIGN_IN:
            delays.take_back(work, delays.question_of(register, visitor))
        return then(work, account)

    who = actor or Actor(account.username, account.display_name, account.id)
    return register.do(who, prove)


def _signer(register: Register, asking: Asking, answer: str) -> Account | None:
    """Return whose passkey an answer says it comes from, if it may answer here; nothing is proved.

    One that is found by the device must tell its owner; one that was asked for need not.
    """
    try:
        credential_id, handle = passkeys.credential_of(answer)
    except NotAccepted:
        return None
    with register.reading(GATE) as work:
        query = (
            select(Account)
            .join(Passkey, col(Passkey.account_id) == Account.id)
            .where(Passkey.credential_id == credential_id, col(Account.disabled_at).is_(None))
        )
        account = work.session.exec(query).one_or_none()
    if account is None or asking.owner not in (None, account.id):
        return None
    told = account.id.bytes if handle is None and asking.owner else handle
    return account if told == account.id.bytes else None


def _signs(work: Work, account: Account, site: Site, challenge: bytes, answer: str) -> bool:
    """Say whether an answer is signed by the passkey that it names; then that has been used."""
    credential_id, _ = passkeys.credential_of(answer)
    query = select(Passkey).where(
        Passkey.credential_id == credential_id, Passkey.account_id == account.id
    )
    row = work.session.exec(query.with_for_update()).one_or_none()
    if row is None:
        return False
    try:
        row.sign_count = passkeys.signed(site, challenge, answer, keeping.known(row))
    except CounterWentBack:
        subject = ("accounts", account.id)
        work.audit("accounts:passkey:suspect-copy", subject, passkey=row.id.hex)
        return False
    except NotAccepted:
        return False
    row.used_at = work.now
    return True
