"""What an account may do on a day, and where: its roles, those it stands in for, break-glass."""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ColumnElement, bindparam, null, or_
from sqlalchemy.engine import Connection
from sqlmodel import col

from cdop.clock import local_day
from cdop.db import Day, Key, Moment
from cdop.organisations.models import Account, LinkKind, Membership, OrganisationLink
from cdop.organisations.reach_models import Assignment, BreakGlass, Deputy
from cdop.security.actor import Grant
from cdop.security.permissions import ASSIGNED_ONLY, Role

_BREAKS_GLASS = "access:break-glass:open"

_DAY = bindparam("day", type_=Day)
_ACCOUNT = bindparam("account_id", type_=Key)


class _Row(NamedTuple):
    """One organisation that one grant reaches."""

    id: UUID
    role: str | None
    office: str | None
    organisation_id: UUID | None
    stands_in_for: str | None


def in_force(table: type[Membership | Deputy | Assignment]) -> ColumnElement[bool]:
    """Return the condition that a row is in force on the day bound as `day`."""
    ends = col(table.valid_to)
    return (col(table.valid_from) <= _DAY) & or_(ends.is_(None), ends >= _DAY)


def _own() -> sa.SelectBase:
    return sa.select(
        col(Membership.id),
        col(Membership.role),
        col(Membership.office),
        col(Membership.organisation_id),
        sa.type_coerce(null(), sa.Text).label("stands_in_for"),
    ).where(col(Membership.account_id) == _ACCOUNT, in_force(Membership))


def _as_deputy() -> sa.SelectBase:
    """The deputy's rights are those of the membership stood in for, while both are in force."""
    return (
        sa.select(
            col(Deputy.id),
            col(Membership.role),
            col(Membership.office),
            col(Membership.organisation_id),
            col(Account.username),
        )
        .join(Membership, col(Membership.id) == Deputy.membership_id)
        .join(Account, col(Account.id) == Membership.account_id)
        .where(col(Deputy.account_id) == _ACCOUNT, in_force(Deputy), in_force(Membership))
    )


def _by_glass() -> sa.SelectBase:
    return sa.select(
        col(BreakGlass.id), null(), null(), col(BreakGlass.organisation_id), null()
    ).where(
        col(BreakGlass.account_id) == _ACCOUNT,
        col(BreakGlass.ended_at).is_(None),
        col(BreakGlass.ends_at) > bindparam("now", type_=Moment),
    )


@cache  # asked at every request: built once, and no entities are made of its rows
def _held() -> sa.Select[Any]:
    """Return the question for all that an account holds, and for whose place was taken over."""
    held = sa.union_all(_own(), _as_deputy(), _by_glass()).cte("held")
    reach = sa.select(held).cte("reach", recursive=True)
    predecessors = sa.select(
        reach.c.id,
        reach.c.role,
        reach.c.office,
        col(OrganisationLink.other_id),
        reach.c.stands_in_for,
    ).where(
        col(OrganisationLink.organisation_id) == reach.c.organisation_id,
        col(OrganisationLink.kind) == LinkKind.SUCCEEDS,
    )
    return sa.select(reach.union(predecessors))


@cache
def _assigned() -> sa.Select[Any]:
    return sa.select(col(Assignment.subject_id)).where(
        col(Assignment.account_id) == _ACCOUNT,
        col(Assignment.organisation_id).in_(bindparam("organisations", expanding=True)),
        in_force(Assignment),
    )


def grants_at(connection: Connection, account_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """Return what an account holds at a moment, each grant with the organisations it reaches."""
    day = local_day(now)
    held: dict[UUID, list[_Row]] = {}
    values = {"account_id": account_id, "day": day, "now": now}
    for each in connection.execute(_held(), values):
        row = _Row._make(each)
        held.setdefault(row.id, []).append(row)
    grants = tuple(_grant(connection, rows, values) for rows in held.values())
    # Nobody keeps another panel's cases longer than the role for which they were given.
    if not any(_BREAKS_GLASS in grant.permissions for grant in grants):
        return tuple(grant for grant in grants if grant.role)
    return grants


def _grant(connection: Connection, rows: list[_Row], values: dict[str, object]) -> Grant:
    first = rows[0]
    places = frozenset(row.organisation_id for row in rows if row.organisation_id)
    if first.role is None:
        return Grant(None, places, glass=first.id)
    role, cases = Role(first.role), frozenset[UUID]()
    if role in ASSIGNED_ONLY:
        # Assigned to a person by name: a deputy of a key worker has cases assigned anew.
        found = connection.execute(_assigned(), values | {"organisations": list(places)})
        places, cases = frozenset(), frozenset(found.scalars())
    return Grant(role, places, first.office, cases, first.stands_in_for)
