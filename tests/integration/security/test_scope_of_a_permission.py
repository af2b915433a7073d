"""What somebody may do in one place they may not do in another, though they may look there too.

Two counties; one person reads here and has the larger role there.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import ORMExecuteState

from cdop.break_glass import queries as accesses
from cdop.case_reviews import queries as referrals
from cdop.case_reviews.commands import NewReferral
from cdop.case_reviews.models import Concern, Subject
from cdop.case_reviews.service import refer
from cdop.db import new_id
from cdop.deaths import queries as deaths
from cdop.deaths.models import PossibleMatch
from cdop.deaths.queries import Match
from cdop.deaths.service.assigning import assign
from cdop.errors import NotFound, OnlyToRead
from cdop.meetings import queries as meetings
from cdop.meetings.models import AgendaItem, Meeting
from cdop.organisations import people
from cdop.overview import queries as overview
from cdop.security.actor import Actor
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.tasks.models import may_be_asked
from cdop.tasks.queries import worklist
from tests.conftest import NOW
from tests.factories import MAKER, Herefordshire, appoint, herefordshire
from tests.panels import a_case, a_meeting, put_on

HERE, THERE = "herefordshire", "worcestershire"
EDIT, RECORD = "deaths:case:edit", "case_reviews:review:record"
TODAY = NOW.date()


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


def holding(county: Herefordshire, *roles: tuple[Role, str]) -> Actor:
    """Return a new person with some roles, each at an organisation."""
    with county.register.work(MAKER) as work:
        for role, slug in roles:
            account = appoint(work, "somebody", role, county[slug])
        return people.actor_of(work.session, account, work.now)


def referral(county: Herefordshire) -> UUID:
    concern = Concern(narrative="An invented concern", referrer="Somebody")
    of = Subject(name="Invented", born_on=date(2020, 1, 1))
    return county.register.do(MAKER, refer, NewReferral(county[HERE], "police", of, concern))


def test_who_reads_a_case_and_edits_elsewhere_is_told_so(county: Herefordshire) -> None:
    case = a_case(county)
    both = (Role.DESIGNATED_DOCTOR, f"{HERE}-cdop"), (Role.COORDINATOR, f"{THERE}-cdop")
    with county.register.reading(holding(county, *both)) as work:
        assert deaths.get(work, case).id == case
    with pytest.raises(OnlyToRead) as told, county.register.reading(work.actor) as work:
        deaths.get(work, case, EDIT)
    assert (told.value.sought, told.value.permission) == (("deaths", case), EDIT)


@pytest.mark.parametrize(
    ("made", "get", "permission", "reader", "doer", "at"),
    [
        (a_meeting, meetings.get, meetings.ARRANGE, Role.PANEL_MEMBER, Role.COORDINATOR, "cdop"),
        (referral, referrals.get, RECORD, Role.JCR_MEMBER, Role.JCR_ADMINISTRATOR, "jcr"),
    ],
)
def test_who_reads_a_record_and_acts_on_such_elsewhere_finds_none_to_act_on(
    county: Herefordshire,
    made: Callable[[Herefordshire], UUID],
    get: Callable[..., Any],
    permission: str,
    reader: Role,
    doer: Role,
    at: str,
) -> None:
    record = made(county)
    with county.register.reading(
        holding(county, (reader, f"{HERE}-{at}"), (doer, f"{THERE}-{at}"))
    ) as work:
        assert get(work, record).id == record
    with pytest.raises(NotFound) as missed, county.register.reading(work.actor) as work:
        get(work, record, permission)
    assert missed.value.permission == permission
    assert missed.value.sought
    assert missed.value.sought[1] == record


def test_a_key_worker_is_told_of_a_match_between_two_of_their_families_only(
    county: Herefordshire,
) -> None:
    """And nobody is told any more of what was decided."""
    mine, also_mine, another, decided = (a_case(county, seed) for seed in range(1, 5))
    register = county.register
    for case in (mine, also_mine, decided):
        register.do(county.actors["coordinator"], assign, case, "key-worker")
    panel, made = county[f"{HERE}-cdop"], []
    with register.work(MAKER) as work:
        for other, decision in ((also_mine, None), (another, None), (decided, "different")):
            row = PossibleMatch(
                organisation_id=panel, death_id=mine, other_id=other, why="same", decision=decision
            )
            work.session.add(row)
            made.append(row.id)
        key_worker = people.actor_by_username(work.session, "key-worker", work.now)
    found = {}
    for who in (key_worker, county.actors["coordinator"]):
        with register.reading(who) as work:
            found[who.name] = deaths.undecided_matches(work, deaths.get(work, mine))
    first, second = (
        Match(id, other, f"CD-2026-000{number}", "same")
        for number, (id, other) in enumerate(zip(made, (also_mine, another), strict=False), 2)
    )
    assert found["key-worker"] == [first]
    assert sorted(found["coordinator"], key=lambda each: each.other_reference) == [first, second]


def test_a_case_is_before_the_last_meeting_that_was_not_cancelled(county: Herefordshire) -> None:
    """Of two on one day, the one arranged last: in whatever order the database keeps them."""
    case, other = a_case(county), a_case(county, 2)
    first, second = new_id(), new_id()
    with county.register.work(MAKER) as work:
        for id, starts in ((second, "09:30"), (first, "14:00")):
            work.session.add(
                Meeting(
                    id=id,
                    organisation_id=county[f"{HERE}-cdop"],
                    held_on=TODAY,
                    starts_at=starts,
                    arranged_at=work.now,
                    arranged_by="x",
                )
            )
            work.session.flush()
    earlier = a_meeting(county, TODAY - timedelta(days=1))
    cancelled, of_another = (a_meeting(county, TODAY + timedelta(days=n)) for n in (1, 2))
    put_on(county, of_another, other)
    with county.register.work(MAKER) as work:
        for meeting in (first, second, earlier, cancelled):
            on = AgendaItem(
                meeting_id=meeting, position=1, subject_kind="deaths", subject_id=case, reference=""
            )
            work.session.add(on)
        work.session.get_one(Meeting, cancelled).status = "cancelled"
    with county.register.reading(county.actors["panel-member"]) as work:
        found = meetings.meeting_of(work, case)
        assert found
        assert found.id == second
        assert overview.case(work, case)[1].id == second


def statements(work: Work) -> list[str]:
    """Return what PostgreSQL is asked from now on, as a list that grows."""
    asked: list[str] = []

    def note(state: ORMExecuteState) -> None:
        assert isinstance(state.statement, ClauseElement)
        asked.append(str(state.statement.compile(dialect=postgresql.dialect())))

    event.listen(work.session, "do_orm_execute", note)
    return asked


def test_what_is_to_be_changed_is_held_and_what_is_read_is_not(county: Herefordshire) -> None:
    """So that two who decide at once decide one after the other."""
    case, of = a_case(county), referral(county)
    with county.register.work(MAKER) as work:
        asked = statements(work)
        assert referrals.get(work, of) == referrals.get(work, of, lock=True)
        assert overview.find(work, case) == overview.find(work, case, to_change=True)
        for lock in (False, True):
            with pytest.raises(NotFound):
                accesses.get(work, case, lock=lock)
    assert [each.endswith("FOR UPDATE") for each in asked] == [False, True] * 3


@pytest.mark.parametrize("who", ["coordinator", "children-chair", "caldicott-guardian"])
def test_a_work_list_looks_only_for_what_a_task_asks(county: Herefordshire, who: str) -> None:
    """So that a role of many permissions costs no more than one of few."""
    looked_for: set[str] = set()

    def note(_: Any, __: Any, ___: str, values: Any, *____: Any) -> None:
        looked_for.update(each for each in values if ":" in str(each))

    event.listen(county.register.engine, "before_cursor_execute", note)
    with county.register.reading(county.actors[who]) as work:
        worklist(work)
    event.remove(county.register.engine, "before_cursor_execute", note)
    assert looked_for
    assert all(map(may_be_asked, looked_for))
    assert looked_for == {each for each in work.actor.permissions if may_be_asked(each)}
