"""Records on which somebody's next step is refused today, for the walk over the buttons."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import select

from cdop.break_glass.service import break_glass
from cdop.db import new_id
from cdop.deaths.likeness import Decision
from cdop.deaths.models import PossibleMatch
from cdop.deaths.service import decide_match
from cdop.deaths.service.possible import keep
from cdop.meetings.service import hold
from cdop.overview.service import save_draft, sign_off
from cdop.retention.rights.models import Asked
from cdop.retention.rights.service import NewRequest, record
from cdop.security.work import Work
from cdop.sign_in import authenticators
from cdop.statistics.models import Release
from tests.factories import MAKER, Herefordshire
from tests.panels import MEETING_DAY, WHOLE, a_case, a_meeting, a_tabled_case, put_on
from tests.web.shell.sample_records import propose

PANEL = "herefordshire-cdop"


def add_refusing(county: Herefordshire) -> str:
    """Add records on which a step is refused. Returns the address of a case to be only read."""
    do, actors = county.register.do, county.actors
    a_meeting(county, MEETING_DAY + timedelta(days=14))
    to_come = a_tabled_case(county, 31, MEETING_DAY + timedelta(days=21))
    do(actors["panel-chair"], save_draft, to_come, WHOLE, 0)
    signed_off = _signed_off_and_held(county)
    _joined_on(county)
    do(MAKER, propose, county[PANEL], signed_off, "caldicott-guardian")
    asked = Asked(name="Somebody Invented", text="An invented request")
    late = NewRequest(county[PANEL], "access", "parent", date(2026, 9, 1), asked)
    do(MAKER, record, late)
    do(MAKER, _release_built_by, county[PANEL], "release-approver")
    do(MAKER, _sole_app, actors["coordinator"].account_id)
    do(actors["neighbour"], break_glass, county[PANEL], "other", "Needed at once, invented")
    return f"/deaths/{signed_off}"


def _signed_off_and_held(county: Herefordshire) -> UUID:
    """Return a case that is signed off, and may be the same child as an older one."""
    do, chair = county.register.do, county.actors["panel-chair"]
    meeting, older = a_meeting(county, starts_at="15:00"), a_case(county, 32)
    case = a_case(county, 33)
    put_on(county, meeting, case)
    do(chair, save_draft, case, WHOLE, 0)
    do(chair, sign_off, case, 1)
    do(county.actors["coordinator"], hold, meeting, {"police": "attended"})
    do(MAKER, _perhaps_one, county[PANEL], older, case)
    return case


def _joined_on(county: Herefordshire) -> None:
    """Join a case to another, and that one to a third."""
    do, coordinator = county.register.do, county.actors["coordinator"]
    first, second, third = (a_case(county, seed) for seed in (34, 35, 36))
    for older, newer in ((second, third), (first, second)):
        match = do(MAKER, _perhaps_one, county[PANEL], older, newer)
        do(coordinator, decide_match, match, "same")


def _perhaps_one(work: Work, panel: UUID, older: UUID, newer: UUID) -> UUID:
    keep(work, panel, {older, newer}, Decision.POSSIBLE)
    work.session.flush()
    query = select(PossibleMatch.id).where(
        PossibleMatch.death_id == newer, PossibleMatch.other_id == older
    )
    return work.session.exec(query).one()


def _release_built_by(work: Work, panel: UUID, username: str) -> None:
    first = work.session.exec(select(Release).where(Release.organisation_id == panel)).one()
    built = {"id": new_id(), "state": "proved", "built_by": username, "approved_at": None}
    work.session.add(Release(**first.model_dump() | built | {"approved_by": None}))


def _sole_app(work: Work, account_id: UUID) -> None:
    authenticators.add(work, account_id, "A" * 32)
