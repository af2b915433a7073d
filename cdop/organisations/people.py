"""Accounts and the roles they hold."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from cdop.errors import Invalid, NotFound
from cdop.organisations.models import Account, Membership
from cdop.organisations.reach import grants_at, in_force
from cdop.organisations.reach_models import Deputy
from cdop.security.actor import Actor
from cdop.security.permissions import Role
from cdop.security.work import Work

MANAGE = "accounts:account:manage"


def add_account(work: Work, username: str, display_name: str) -> UUID:
    """Add a person, who sets a password when they take up an invitation. Returns the account's id.

    Raises Invalid when the user name is taken.
    """
    work.check(MANAGE)
    username = username.strip().lower()
    faults = {}
    if not username:
        faults["username"] = "Enter a user name"
    elif not username.isprintable():
        faults["username"] = "The user name must be on one line"
    elif work.session.exec(select(Account).where(Account.username == username)).first():
        faults["username"] = "That user name is taken"
    if faults:
        raise Invalid(faults)
    account = Account(
        username=username,
        display_name=display_name.strip() or username,
        password_hash="",
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


def add_deputy(
    work: Work, account_id: UUID, membership_id: UUID, valid_from: date, valid_to: date
) -> UUID:
    """Let an account stand in for the holder of a membership between two days, both included.

    Raises NotFound for a membership that is none; Invalid for the holder, or days out of order.
    """
    work.check(MANAGE)
    membership = work.session.get(Membership, membership_id)
    if membership is None:
        raise NotFound
    if membership.account_id == account_id:
        raise Invalid({"account_id": "Nobody stands in for themselves: choose somebody else"})
    if valid_to < valid_from:
        raise Invalid({"valid_to": "The last day must not be before the first"})
    deputy = Deputy(
        account_id=account_id,
        membership_id=membership_id,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    work.session.add(deputy)
    work.session.flush()
    work.audit(
        "accounts:deputy:add",
        ("accounts", account_id),
        membership.organisation_id,
        role=membership.role,
        stands_in_for=str(membership.account_id),
    )
    return deputy.id


def actor_by_username(session: Session, username: str, now: datetime) -> Actor:
    """Return the actor for a user name, as the command line uses it. Raises NotFound."""
    account = by_username(session, username)
    if account.disabled_at:
        raise NotFound
    return actor_of(session, account, now)


def by_username(session: Session, username: str) -> Account:
    """Return the account of a user name, disabled or not. Raises NotFound."""
    query = select(Account).where(Account.username == username.strip().lower())
    account = session.exec(query).one_or_none()
    if account is None:
        raise NotFound
    return account


def usernames_of(session: Session, username: str) -> frozenset[str]:
    """Return the user names of one person: this one, and each account's of the same work address.

    Whoever was given two accounts is still one person where two are asked for.
    """
    mine = select(func.lower(Account.email)).where(Account.username == username)
    query = select(Account.username).where(func.lower(Account.email).in_(mine))
    return frozenset({username, *session.exec(query)})


def actor_of(session: Session, account: Account, now: datetime) -> Actor:
    """Return who an account is at a moment: what it holds then, predecessors in reach."""
    return Actor(
        name=account.username,
        display_name=account.display_name,
        account_id=account.id,
        grants=grants_at(session.connection(), account.id, now),
    )


def everyone(work: Work) -> list[tuple[Account, list[Membership]]]:
    """Return all accounts by user name, each with its memberships in force."""
    work.check(MANAGE)
    held: dict[UUID, list[Membership]] = {}
    query = select(Membership).where(in_force(Membership)).order_by(col(Membership.role))
    for row in work.session.exec(query, params={"day": work.today}):
        held.setdefault(row.account_id, []).append(row)
    accounts = work.session.exec(select(Account).order_by(Account.username))
    return [(account, held.get(account.id, [])) for account in accounts]
