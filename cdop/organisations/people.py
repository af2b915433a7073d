"""Accounts and the roles they hold."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, or_
from sqlmodel import Session, col, select

from cdop.db import Day
from cdop.errors import Invalid, NotFound
from cdop.organisations.models import Account, Membership
from cdop.organisations.queries import with_predecessors
from cdop.security import passwords
from cdop.security.actor import Actor, Grant
from cdop.security.permissions import Role
from cdop.security.work import Work

MANAGE = "accounts:account:manage"

_DAY, _ENDS = bindparam("day", type_=Day), col(Membership.valid_to)
IN_FORCE = (col(Membership.valid_from) <= _DAY) & or_(_ENDS.is_(None), _ENDS >= _DAY)
"""The condition that a membership is held on the day of the parameter `day`."""


def add_account(work: Work, username: str, display_name: str, password: str) -> UUID:
    """Add a person who can sign in. Returns the account's id.

    Raises Invalid when the user name is taken or the password is short of 12 characters.
    """
    work.check(MANAGE)
    username = username.strip().lower()
    faults = {}
    if not username:
        faults["username"] = "Enter a user name"
    elif work.session.exec(select(Account).where(Account.username == username)).first():
        faults["username"] = "That user name is taken"
    if len(password) < 12:
        faults["password"] = "The password must have at least 12 characters"  # noqa: S105
    if faults:
        raise Invalid(faults)
    account = Account(
        username=username,
        display_name=display_name.strip() or username,
        password_hash=passwords.hash_password(password),
        created_at=work.now,
    )
    work.session.add(account)
    work.session.flush()
    work.audit("accounts:account:add", ("accounts", account.id))
    return account.id


def add_membership(
    work: Work,
    account_id: UUID,
    role: Role,
    organisation_id: UUID | None,
    *,
    office: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> UUID:
    """Give an account a role at an organisation, from a day (today) to a day (open)."""
    work.check(MANAGE)
    if role is Role.DECISION_MAKER and not office:
        raise Invalid({"office": "A decision maker holds an office, for example children-chair"})
    membership = Membership(
        account_id=account_id,
        role=role,
        organisation_id=organisation_id,
        office=office,
        valid_from=valid_from or work.today,
        valid_to=valid_to,
    )
    work.session.add(membership)
    work.session.flush()
    work.audit(
        "accounts:membership:add",
        ("accounts", account_id),
        organisation_id,
        role=role.value,
        office=office,
    )
    return membership.id


def actor_by_username(session: Session, username: str, day: date) -> Actor:
    """Return the actor for a user name on a day, as the command line uses it. Raises NotFound."""
    query = select(Account).where(Account.username == username.strip().lower())
    account = session.exec(query).one_or_none()
    if account is None or account.disabled_at:
        raise NotFound
    return actor_of(session, account, day)


def actor_of(session: Session, account: Account, day: date) -> Actor:
    """Return who an account is on a day: its memberships in force, predecessors in reach."""
    query = select(Membership).where(Membership.account_id == account.id, IN_FORCE)
    return actor_with(session, account, session.exec(query, params={"day": day}))


def actor_with(
    session: Session,
    account: Account,
    memberships: Iterable[Membership],
    sign_in: UUID | None = None,
) -> Actor:
    """Return who an account is by memberships already read, in the session `sign_in` if any."""
    return Actor(
        name=account.username,
        display_name=account.display_name,
        account_id=account.id,
        grants=tuple(_grant(session, membership) for membership in memberships),
        session_id=sign_in,
    )


def everyone(work: Work) -> list[tuple[Account, list[Membership]]]:
    """Return all accounts by user name, each with its memberships in force."""
    work.check(MANAGE)
    held: dict[UUID, list[Membership]] = {}
    query = select(Membership).where(IN_FORCE).order_by(col(Membership.role))
    for row in work.session.exec(query, params={"day": work.today}):
        held.setdefault(row.account_id, []).append(row)
    accounts = work.session.exec(select(Account).order_by(Account.username))
    return [(account, held.get(account.id, [])) for account in accounts]


def _grant(session: Session, membership: Membership) -> Grant:
    at = membership.organisation_id
    return Grant(
        role=Role(membership.role),
        organisations=with_predecessors(session, at) if at else frozenset(),
        office=membership.office,
    )
