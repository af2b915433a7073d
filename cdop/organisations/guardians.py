"""Where a Caldicott guardian answers for confidentiality, and where nobody does."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.organisations import queries as organisations
from cdop.organisations.models import Account, Kind, Membership, Organisation
from cdop.organisations.queries import with_predecessors
from cdop.organisations.reach import in_force
from cdop.security.permissions import GRANTS

REVIEW, OPEN = "access:break-glass:review", "access:break-glass:open"


def answering(session: Session, day: date) -> set[tuple[UUID, UUID]]:
    """Return each guardian's account on a day, with each organisation for which they answer.

    A guardian answers for those whose place their organisation took, too.
    """
    query = _held(REVIEW).join(Account).where(col(Account.disabled_at).is_(None))
    return {
        (held.account_id, place)
        for held in session.exec(query.where(in_force(Membership)), params={"day": day})
        if held.organisation_id
        for place in with_predecessors(session, held.organisation_id)
    }


def guarded(session: Session, day: date, *, but: UUID | None = None) -> frozenset[UUID]:
    """Return the organisations for which a guardian answers on a day, `but` one account's."""
    return frozenset(place for account, place in answering(session, day) if account != but)


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
    """Return the organisations whose role lets somebody break the glass on a day.

    Whose account was closed since is asked about too: what they opened is still to be reviewed.
    """
    query = _held(OPEN).where(Membership.account_id == account_id, in_force(Membership))
    held = session.exec(query, params={"day": day})
    return frozenset(each.organisation_id for each in held if each.organisation_id)


def colleagues(session: Session, places: Collection[UUID]) -> Sequence[Membership]:
    """Return the roles held at organisations, on whatever days, that may break the glass."""
    return session.exec(_held(OPEN).where(col(Membership.organisation_id).in_(places))).all()


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


def _held(permission: str) -> SelectOfScalar[Membership]:
    roles = [role for role, may in GRANTS.items() if permission in may]
    return select(Membership).where(col(Membership.role).in_(roles))
