"""Which accesses somebody may see: their own, those to their organisations; an auditor, all."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.break_glass.documents import OPEN, READ, REVIEW
from cdop.break_glass.rules import State
from cdop.clock import local_day, midnight
from cdop.errors import NotFound
from cdop.organisations import guardians
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Membership, Organisation
from cdop.organisations.reach_models import BreakGlass
from cdop.security.actor import everywhere
from cdop.security.work import Work

AUDIT, EDIT = "audit:log:read", "deaths:case:edit"


def state_of(row: BreakGlass) -> State:
    """Return what decides about an access."""
    return State(row.ends_at, row.ended_at, row.reviewed_at is not None)


def reference_of(row: BreakGlass) -> str:
    """Return what people call an access."""
    return f"BG-{row.id.hex[-6:].upper()}"


def visible(work: Work) -> SelectOfScalar[BreakGlass]:
    """Return the query of the accesses that the actor may see."""
    query = select(BreakGlass)
    if everywhere(work.actor) or work.actor.may(AUDIT):
        return query
    within = col(BreakGlass.organisation_id).in_(work.actor.scope(READ))
    own = col(BreakGlass.account_id) == work.actor.account_id
    return query.where(or_(within, own, *_falling_to(work)))


def listed(work: Work, limit: int = 100) -> list[BreakGlass]:
    """Return the accesses that the actor may see, the latest first."""
    work.check(READ)
    query = visible(work).order_by(col(BreakGlass.opened_at).desc(), col(BreakGlass.id).desc())
    return list(work.session.exec(query.limit(limit)))


def get(work: Work, id: UUID, *, lock: bool = False) -> BreakGlass:
    """Return one access; `lock` is for changing it. Raises Denied; NotFound out of reach."""
    work.check(READ)
    query = visible(work).where(BreakGlass.id == id)
    row = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(("break_glass", id), READ)
    return row


def standing(work: Work, row: BreakGlass) -> tuple[bool, bool]:
    """Say whether an access is the actor's own, and whether the cases are those they keep."""
    own = row.account_id == work.actor.account_id
    return own, work.actor.may(EDIT, row.organisation_id)


def reviewers(work: Work, row: BreakGlass) -> frozenset[UUID]:
    """Return the organisations whose Caldicott guardians review an access. See `reviewers_of`."""
    opened_on = local_day(row.opened_at)
    return guardians.reviewers_of(
        work.session, row.organisation_id, row.account_id, opened_on, work.today
    )


def reviews_at(work: Work, row: BreakGlass) -> UUID | None:
    """Return as whose guardian the actor reviews an access; None for whoever does not."""
    if work.actor.may(REVIEW, row.organisation_id):
        return row.organisation_id
    mine = (each for each in sorted(reviewers(work, row)) if work.actor.may(REVIEW, each))
    return next(mine, None)


def panels(work: Work) -> list[Organisation]:
    """Return the panels at which the actor may break the glass today, by slug."""
    work.check(OPEN)
    reached = work.actor.scope("deaths:case:read")
    known = organisations.in_force(work.session, Kind.CDOP, work.today)
    return [each for each in known if each.id not in reached]


def _falling_to(work: Work) -> Iterator[ColumnElement[bool]]:
    """Give the conditions under which an access falls to the actor as a guardian elsewhere.

    They say for all accesses at once what `guardians.reviewers_of` says for one.
    """
    answering = guardians.answering(work.session, work.today)
    for held in guardians.colleagues(work.session, work.actor.scope(REVIEW)):
        there = {place for account, place in answering if account != held.account_id}
        if held.organisation_id in there:
            yield (
                (col(BreakGlass.account_id) == held.account_id)
                & col(BreakGlass.organisation_id).not_in(there)
                & _opened_under(held)
            )


def _opened_under(held: Membership) -> ColumnElement[bool]:
    """Return the condition that an access was opened on a day of a membership."""
    opened, last = col(BreakGlass.opened_at), held.valid_to
    begun = opened >= midnight(held.valid_from)
    return begun & (opened < midnight(last + timedelta(days=1))) if last else begun
