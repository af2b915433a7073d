"""Accounts and the roles they hold."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam, or_
from sqlmodel import Session, col, select

from cdop.db import Day
from cdop.errors import Invalid, NotFound
from cdop.organisations.models import Account, LinkKind, Membership, OrganisationLink
from cdop.security.actor import Actor, Grant
from cdop.security.permissions import ASSIGNED_ONLY, Role
from cdop.security.work import Work

MANAGE = "accounts:account:manage"

_DAY, _ENDS = bindparam("day", type_=Day), col(Membership.valid_to)
_IN_FORCE = (col(Membership.valid_from) <= _DAY) & or_(_ENDS.is_(None), _ENDS >= _DAY)

# Asked at every request: built once, and no entities are made of its rows.
_REACH = (
    sa.select(
        col(Membership.id),
        col(Membership.role),
        col(Membership.office),
        col(Membership.organisation_id),
    )
    .where(col(Membership.account_id) == bindparam("account_id"), _IN_FORCE)
    .cte("reach", recursive=True)
)
_PREDECESSORS = sa.select(
    _REACH.c.id, _REACH.c.role, _REACH.c.office, col(OrganisationLink.other_id)
).where(
    col(OrganisationLink.organisation_id) == _REACH.c.organisation_id,
    col(OrganisationLink.kind) == LinkKind.SUCCEEDS,
)
_GRANTS = sa.select(_REACH.union(_PREDECESSORS))


def add_account(work: Work, username: str, display_name: str) -> UUID:
    """Add a person, who sets a password when they take up an invitation. Returns the account's id.

    Raises Invalid when the user name is taken.
    """
    work.check(MANAGE)
    username = username.strip().lower()
    faults = {}
    if not username:
        faults["username"] = "Enter a user name"
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


def actor_by_username(session: Session, username: str, day: date) -> Actor:
    """Return the actor for a user name on a day, as the command line uses it. Raises NotFound."""
    account = by_username(session, username)
    if account.disabled_at:
        raise NotFound
    return actor_of(session, account, day)


def by_username(session: Session, username: str) -> Account:
    """Return the account of a user name, disabled or not. Raises NotFound."""
    query = select(Account).where(Account.username == username.strip().lower())
    account = session.exec(query).one_or_none()
    if account is None:
        raise NotFound
    return account


def actor_of(session: Session, account: Account, day: date) -> Actor:
    """Return who an account is on a day: its memberships in force, predecessors in reach."""
    return Actor(
        name=account.username,
        display_name=account.display_name,
        account_id=account.id,
        grants=grants_on(session, account.id, day),
    )


def grants_on(session: Session, account_id: UUID, day: date) -> tuple[Grant, ...]:
    """Return the roles that an account holds on a day, each with the organisations it reaches."""
    held: dict[UUID, tuple[str, str | None, set[UUID]]] = {}
    values = {"account_id": account_id, "day": day}
    for id, role, office, organisation_id in session.connection().execute(_GRANTS, values):
        reached = held.setdefault(id, (role, office, set()))[2]
        if organisation_id is not None and role not in ASSIGNED_ONLY:
            reached.add(organisation_id)
    return tuple(Grant(Role(role), frozenset(ids), office) for role, office, ids in held.values())


def everyone(work: Work) -> list[tuple[Account, list[Membership]]]:
    """Return all accounts by user name, each with its memberships in force."""
    work.check(MANAGE)
    held: dict[UUID, list[Membership]] = {}
    query = select(Membership).where(_IN_FORCE).order_by(col(Membership.role))
    for row in work.session.exec(query, params={"day": work.today}):
        held.setdefault(row.account_id, []).append(row)
    accounts = work.session.exec(select(Account).order_by(Account.username))
    return [(account, held.get(account.id, [])) for account in accounts]
