"""Where a Caldicott guardian answers for confidentiality, and where nobody does."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.organisations import queries as organisations
from cdop.organisations.models import Account, Kind, Membership, Organisation
from cdop.organisations.queries import with_predecessors
from cdop.organisations.reach import in_force
from cdop.security.permissions import GRANTS

REVIEW, OPEN = "access:break-glass:review", "access:break-glass:open"


def guarded(session: Session, day: date, *, but: UUID | None = None) -> frozenset[UUID]:
    """Return the organisations for which a guardian answers on a day; `but` is an account left out.

    A guardian answers for those whose place their organisation took, too.
    """
    query = _held(REVIEW).where(col(Account.id) != but) if but else _held(REVIEW)
    found = set(session.exec(query, params={"day": day}))
    return frozenset().union(*(with_predecessors(session, each) for each in found if each))


def lacking(session: Session, day: date) -> list[Organisation]:
    """Return the panels and groups at which people work on a day, and no guardian, by slug."""
    query = select(Membership.organisation_id).where(in_force(Membership))
    worked_at = set(session.exec(query, params={"day": day})) - guarded(session, day)
    return [
        each
        for kind in (Kind.CDOP, Kind.GROUP)
        for each in organisations.in_force(session, kind, day)
        if each.id in worked_at
    ]


def homes(session: Session, account_id: UUID, day: date) -> frozenset[UUID]:
    """Return the organisations whose role lets somebody break the glass on a day."""
    query = _held(OPEN).where(col(Account.id) == account_id)
    return frozenset(each for each in session.exec(query, params={"day": day}) if each)


def reviewers_of(
    session: Session, organisation_id: UUID, account_id: UUID, opened_on: date, today: date
) -> frozenset[UUID]:
    """Return the organisations whose guardians review somebody's access to a panel's cases.

    The panel's own, whose records they are. Where it has none today, those where whoever took the
    access worked on that day: their guardians answer for what their people look at. Empty when
    nobody does. Whoever took it does not count as a guardian.
    """
    there = guarded(session, today, but=account_id)
    if organisation_id in there:
        return frozenset({organisation_id})
    return homes(session, account_id, opened_on) & there


def _held(permission: str) -> SelectOfScalar[Any]:
    roles = [role for role, may in GRANTS.items() if permission in may]
    return (
        select(Membership.organisation_id)
        .join(Account, col(Account.id) == Membership.account_id)
        .where(
            col(Membership.role).in_(roles),
            col(Account.disabled_at).is_(None),
            in_force(Membership),
        )
    )
