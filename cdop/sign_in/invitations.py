"""Invitations: a secret by which somebody sets the password of their own account, once.

Nobody chooses another's password: an account is made without one, and an administrator passes an
invitation on. Only its hash is kept, and a new one ends those before.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select

from cdop.clock import local_day
from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account
from cdop.organisations.people import MANAGE
from cdop.organisations.sessions import GATE, hash_of
from cdop.security import passwords
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.sign_in import factors
from cdop.sign_in import passwords as password_rules
from cdop.sign_in.delays import Visitor
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Invitation
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind
from cdop.sign_in.steps import Step, begin

OVER = "This invitation has been used or has expired. Ask for a new one"
HELD = (
    "An invitation stands in for a lost password, not for the other ways in that this account has. "
    "Use one of those, or ask an administrator to reset them"
)


def invite(work: Work, account_id: UUID) -> str:
    """Make an invitation to an account. Returns its secret, which nobody can read again.

    Raises NotFound, and Refused for an account that is disabled, or whose address one has changed.
    """
    work.check(MANAGE)
    account = get(work, account_id)
    check_invite(work, account)
    _end(work, account_id)
    secret = secrets.token_urlsafe(32)
    work.session.add(
        Invitation(
            account_id=account_id,
            token_hash=hash_of(secret),
            made_at=work.now,
            made_by=work.actor.name,
            expires_at=work.now + timedelta(hours=limits().invitation_hours),
        )
    )
    work.audit("accounts:invitation:make", ("accounts", account_id))
    return secret


def check_invite(work: Work, account: Account) -> None:
    """Raise Refused for an account that is disabled, or whose address this actor changed of late.

    An invitation is a way into the account: nobody alone turns its address and then sends one.
    """
    if account.disabled_at:
        raise Refused("This account is disabled. Enable it first.")
    if not account.email_left_at or account.email_left_by != work.actor.name:
        return
    until = account.email_left_at + timedelta(days=limits().address_days)
    if work.actor.account_id and work.now < until:
        day = local_day(until)
        raise Refused(
            "You changed the address of this account. So that its owner can object, you make no "
            f"invitation to it until {day.day} {day:%B %Y}. Ask another administrator."
        )


def check_reset(work: Work, account: Account) -> None:
    """Raise Refused for one's own account, and for one to which no invitation can be made."""
    if account.id == work.actor.account_id:
        raise Refused("Nobody resets their own account. Ask another administrator.")
    check_invite(work, account)


def link(register: Register, secret: str) -> str:
    """Return the address of an invitation. Its secret stands after #, which no server is sent."""
    return f"{register.settings.origin}/join#{secret}"


def reset(work: Work, account_id: UUID, *, with_factors: bool) -> str:
    """Take a forgotten password away, and a lost second factor too; end all sessions.

    Returns the secret of a new invitation. Raises Refused for one's own account: a colleague does
    that, so that nobody gets round their own second factor alone.
    """
    work.check(MANAGE)
    account = get(work, account_id)
    check_reset(work, account)
    account.password_hash = ""
    if with_factors:
        factors.remove_all(work, account_id)
    sessions.end_others(work, account_id)
    tell(work, account_id, Kind.RESET)
    work.audit("accounts:account:reset", ("accounts", account_id), factors=with_factors)
    return invite(work, account_id)


def accept(register: Register, secret: str, password: str, visitor: Visitor) -> Step:
    """Set the password of the account that an invitation is for, and take the first step.

    Raises Invalid on `invitation` when it was used, has expired or never was, or when the account's
    second factor is with a provider; on `password` when that is refused. Then the invitation
    stands.
    """
    with register.reading(GATE) as work:
        account = _account_of(work, secret)
    password_rules.check(password, account.username)
    hashed = passwords.hash_password(password)
    actor = Actor(account.username, account.display_name, account.id)
    return register.do(actor, _accept, secret, hashed, visitor)


def pending_id(register: Register, secret: str) -> UUID:
    """Return the id of the invitation with this secret. Raises Invalid when it is over."""
    with register.reading(GATE) as work:
        _account_of(work, secret)
        query = select(Invitation.id).where(Invitation.token_hash == hash_of(secret))
        return work.session.exec(query).one()


def use(work: Work, invitation_id: UUID) -> Account:
    """Use an invitation up without setting a password. Returns its account.

    Raises Invalid when it is over.
    """
    row = work.session.get(Invitation, invitation_id)
    if row is None or row.used_at or row.expires_at <= work.now:
        raise Invalid({"invitation": OVER})
    account = get(work, row.account_id)
    if account.disabled_at:
        raise Invalid({"invitation": OVER})
    _use_up(work, col(Invitation.id) == invitation_id)
    sessions.end_others(work, account.id)
    work.audit("accounts:invitation:accept", ("accounts", account.id))
    return account


def pending(work: Work) -> dict[UUID, datetime]:
    """Return until when an invitation stands for each account that has one."""
    work.check(MANAGE)
    query = select(Invitation.account_id, Invitation.expires_at).where(
        col(Invitation.used_at).is_(None), Invitation.expires_at > work.now
    )
    return dict(work.session.exec(query).all())


def get(work: Work, account_id: UUID) -> Account:
    """Return an account. Raises NotFound."""
    account = work.session.get(Account, account_id)
    if account is None:
        raise NotFound
    return account


def _account_of(work: Work, secret: str) -> Account:
    query = (
        select(Account)
        .join(Invitation, col(Invitation.account_id) == Account.id)
        .where(
            Invitation.token_hash == hash_of(secret),
            col(Invitation.used_at).is_(None),
            Invitation.expires_at > work.now,
            col(Account.disabled_at).is_(None),
        )
    )
    account = work.session.exec(query).one_or_none()
    if account is None:
        raise Invalid({"invitation": OVER})
    return account


def _accept(work: Work, secret: str, hashed: str, visitor: Visitor) -> Step:
    account = _account_of(work, secret)
    if identities.of(work, account.id) and not factors.has_any(work, account.id):
        raise Invalid({"invitation": HELD})
    _use_up(work, col(Invitation.token_hash) == hash_of(secret))
    password_rules.keep(work, account.id, hashed)
    sessions.end_others(work, account.id)
    work.audit("accounts:invitation:accept", ("accounts", account.id))
    return begin(work, account, visitor)


def _use_up(work: Work, which: ColumnElement[bool]) -> None:
    """Use an invitation up: of two at once only one succeeds. Raises Invalid."""
    used = (
        update(Invitation)
        .where(which, col(Invitation.used_at).is_(None))
        .values(used_at=work.now)
        .execution_options(synchronize_session=False)
    )
    if work.session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        raise Invalid({"invitation": OVER})


def _end(work: Work, account_id: UUID) -> None:
    work.session.execute(
        update(Invitation)
        .where(col(Invitation.account_id) == account_id, col(Invitation.used_at).is_(None))
        .values(used_at=work.now)
    )
