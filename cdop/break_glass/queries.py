"""Which accesses somebody may see: their own, those to their organisations; an auditor, all."""

from uuid import UUID

from sqlmodel import col, select

from cdop.break_glass.documents import OPEN, READ
from cdop.break_glass.rules import State
from cdop.errors import NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
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


def listed(work: Work, limit: int = 100) -> list[BreakGlass]:
    """Return the accesses that the actor may see, the latest first."""
    work.check(READ)
    query = select(BreakGlass).order_by(col(BreakGlass.opened_at).desc(), col(BreakGlass.id).desc())
    if not _sees_all(work):
        within = col(BreakGlass.organisation_id).in_(work.actor.scope(READ))
        query = query.where(within | (col(BreakGlass.account_id) == work.actor.account_id))
    return list(work.session.exec(query.limit(limit)))


def get(work: Work, id: UUID, *, lock: bool = False) -> BreakGlass:
    """Return one access; `lock` is for changing it. Raises Denied; NotFound out of reach."""
    work.check(READ)
    query = select(BreakGlass).where(BreakGlass.id == id)
    row = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    seen = row is not None and (
        _sees_all(work)
        or row.account_id == work.actor.account_id
        or work.actor.may(READ, row.organisation_id)
    )
    if row is None or not seen:
        raise NotFound(("break_glass", id), READ)
    return row


def standing(work: Work, row: BreakGlass) -> tuple[bool, bool]:
    """Say whether an access is the actor's own, and whether the cases are those they keep."""
    own = row.account_id == work.actor.account_id
    return own, work.actor.may(EDIT, row.organisation_id)


def panels(work: Work) -> list[Organisation]:
    """Return the panels at which the actor may break the glass today, by slug."""
    work.check(OPEN)
    reached = work.actor.scope("deaths:case:read")
    known = organisations.in_force(work.session, Kind.CDOP, work.today)
    return [each for each in known if each.id not in reached]


def _sees_all(work: Work) -> bool:
    return everywhere(work.actor) or work.actor.may(AUDIT)
