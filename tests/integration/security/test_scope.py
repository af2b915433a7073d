"""Everybody lists and opens what lies within their reach, and nothing beyond looks like nothing.

Two counties with the same records; the rules of each query, not of the pages over them.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.case_reviews import queries as referrals
from cdop.case_reviews.commands import NewReferral
from cdop.case_reviews.models import Concern, Referral, Subject
from cdop.case_reviews.service import refer
from cdop.clock import FixedClock
from cdop.deaths import queries as deaths
from cdop.deaths.models import Death, PossibleMatch
from cdop.deaths.service import notify, write_summary
from cdop.errors import Denied, NotFound
from cdop.meetings import queries as meetings
from cdop.meetings.models import Meeting
from cdop.meetings.service import NewMeeting, arrange, hold, put_on_agenda
from cdop.organisations import people
from cdop.overview import queries as overview
from cdop.registers import open_register
from cdop.security.actor import Actor
from cdop.security.permissions import Role
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.queries import outstanding, worklist
from tests.conftest import NOW, sqlite_settings
from tests.factories import MAKER, Herefordshire, appoint, child, herefordshire, told

OURS, THEIRS = "herefordshire", "worcestershire"
TODAY = NOW.date()


@pytest.fixture(scope="module")
def county(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Herefordshire]:
    """Two counties, each with three cases, two meetings and a referral; every test only reads."""
    folder = tmp_path_factory.mktemp("scope") / "register"
    shutil.copytree(sqlite_template, folder)
    register = open_register(sqlite_settings(folder), clock=FixedClock(NOW))
    county = herefordshire(register)
    for place in (OURS, THEIRS):
        _fill(county, place)
    with register.work(MAKER) as work:
        account = appoint(work, "their-jcr", Role.JCR_ADMINISTRATOR, county[f"{THEIRS}-jcr"])
        county.actors["their-jcr"] = people.actor_of(work.session, account, work.now)
    yield county
    register.engine.dispose()


def _fill(county: Herefordshire, place: str) -> None:
    do, panel = county.register.do, county[f"{place}-cdop"]
    seeds = range(1, 4) if place == OURS else range(4, 7)
    cases = [do(MAKER, notify, told(panel, child(seed, given=f"Name{seed}"))) for seed in seeds]
    tabled = cases[0].death_id
    assert tabled
    do(MAKER, write_summary, tabled, f"An invented summary of {place}")
    for day in (TODAY, TODAY + timedelta(days=30), TODAY + timedelta(days=20)):
        meeting = do(MAKER, arrange, NewMeeting(panel, day, "09:30", place))
        if day == TODAY:
            do(MAKER, put_on_agenda, meeting, ("deaths", tabled), "")
            do(MAKER, hold, meeting, {"police": "attended"})
    concern = Concern(narrative="An invented concern", referrer="Somebody")
    of = Subject(name="Invented", born_on=date(2020, 1, 1))
    do(MAKER, refer, NewReferral(county[place], "police", of, concern))


def organisations(county: Herefordshire, who: str, listed: Callable[[Work], list[Any]]) -> set[str]:
    """Return whose records somebody is given by a list, by slug."""
    actor = MAKER if who == "system" else county.actors[who]
    slugs = {id: slug for slug, id in county.ids.items()}
    with county.register.reading(actor) as work:
        found = [work.session.get(_table(row), row.id) for row in listed(work)]
    assert all(found)
    return {slugs[row.organisation_id] for row in found}


def _table(row: Any) -> type[Any]:
    kinds: dict[type[Any], type[Any]] = {
        deaths.ListedCase: Death,
        meetings.Arranged: Meeting,
        referrals.ListedReferral: Referral,
    }
    return kinds.get(type(row), type(row))


PANELS = {"herefordshire-cdop", "worcestershire-cdop"}
GROUPS = {"herefordshire-jcr", "worcestershire-jcr"}


@pytest.mark.parametrize(
    ("who", "listed", "whose"),
    [
        ("coordinator", deaths.latest, {"herefordshire-cdop"}),
        ("neighbour", deaths.latest, {"worcestershire-cdop"}),
        ("key-worker", deaths.latest, set()),
        ("system", deaths.latest, PANELS),
        ("panel-member", meetings.upcoming, {"herefordshire-cdop"}),
        ("neighbour", meetings.upcoming, {"worcestershire-cdop"}),
        ("jcr-member", meetings.upcoming, set()),
        ("system", meetings.upcoming, PANELS),
        ("panel-member", meetings.held, {"herefordshire-cdop"}),
        ("neighbour", meetings.held, {"worcestershire-cdop"}),
        ("system", meetings.held, PANELS),
        ("jcr-member", referrals.latest, {"herefordshire-jcr"}),
        ("children-chair", referrals.latest, {"herefordshire-jcr"}),
        ("adults-chair", referrals.latest, set()),
        ("their-jcr", referrals.latest, {"worcestershire-jcr"}),
        ("system", referrals.latest, GROUPS),
    ],
)
def test_a_list_holds_what_is_within_reach(
    county: Herefordshire, who: str, listed: Callable[[Work], list[Any]], whose: set[str]
) -> None:
    assert organisations(county, who, listed) == whose


@pytest.mark.parametrize(
    ("who", "listed"),
    [
        ("panel-member", deaths.latest),
        ("analyst", meetings.upcoming),
        ("analyst", meetings.held),
        ("analyst", referrals.latest),
    ],
)
def test_without_the_permission_there_is_no_list(
    county: Herefordshire, who: str, listed: Callable[[Work], list[Any]]
) -> None:
    with pytest.raises(Denied), county.register.reading(county.actors[who]) as work:
        listed(work)


@pytest.mark.parametrize(
    ("queries", "table", "own", "other", "without"),
    [
        (deaths, Death, "coordinator", "neighbour", "panel-member"),
        (meetings, Meeting, "panel-member", "neighbour", "analyst"),
        (referrals, Referral, "jcr-member", "their-jcr", "analyst"),
    ],
)
def test_a_record_opens_within_reach_and_is_absent_beyond(
    county: Herefordshire,
    queries: ModuleType,
    table: type[Any],
    own: str,
    other: str,
    without: str,
) -> None:
    register, name = county.register, table.__tablename__
    owners = [county[f"{OURS}-{kind}"] for kind in ("cdop", "jcr")]
    with register.reading(MAKER) as work:
        row = work.session.exec(select(table).where(col(table.organisation_id).in_(owners))).first()
        assert queries.get(work, row.id) == row
    with register.reading(county.actors[own]) as work:
        assert queries.get(work, row.id).id == row.id
    for id in (row.id, uuid4()):
        with pytest.raises(NotFound) as missed, register.reading(county.actors[other]) as work:
            queries.get(work, id)
        assert missed.value.sought == (name, id)
        assert missed.value.permission == queries.READ
    with pytest.raises(Denied) as denied, register.reading(county.actors[without]) as work:
        queries.get(work, row.id)
    assert denied.value.permission == queries.READ


def case_of(work: Work, place: UUID, *, tabled: bool = True) -> Death:
    query = select(Death).where(Death.organisation_id == place).order_by(Death.reference)
    found = work.session.exec(query).all()
    return found[0 if tabled else 1]


def test_reading_is_not_editing(county: Herefordshire) -> None:
    """The permission that is asked counts, not the one to look at it."""
    doctor = county.actors["designated-doctor"]
    with county.register.reading(doctor) as work:
        case = case_of(work, county["herefordshire-cdop"])
        assert deaths.get(work, case.id)
        with pytest.raises(Denied):
            deaths.get(work, case.id, "deaths:case:edit")
    with county.register.reading(county.actors["children-chair"]) as work:
        referral = work.session.exec(
            select(Referral).where(Referral.board_id == county[OURS])
        ).one()
        assert referrals.standpoint(work, referral, referrals.READ) == county[OURS]
        assert referrals.standpoint(work, referral, "x") == county["herefordshire-jcr"]
    with county.register.reading(county.actors["jcr-member"]) as work:
        assert referrals.standpoint(work, referral, referrals.READ) == county["herefordshire-jcr"]


@pytest.mark.parametrize("latest", [deaths.latest, referrals.latest])
def test_a_long_list_goes_on_where_it_stopped(
    county: Herefordshire, latest: Callable[..., list[Any]]
) -> None:
    """Three cases were notified on one day: none is shown twice, none is left out."""
    with county.register.reading(MAKER) as work:
        whole = latest(work, 100)
        day = "notified_on" if latest is deaths.latest else "received_on"
        keys = [(getattr(row, day), row.id) for row in whole]
        assert keys == sorted(keys, reverse=True)
        pages, before = [], None
        while page := latest(work, 2, before):
            pages += page
            before = (getattr(page[-1], day), page[-1].id)
        assert pages == whole
        later = (keys[0][0] + timedelta(days=1), keys[0][1])
        assert latest(work, 100, later) == whole
        earlier = (keys[-1][0] - timedelta(days=1), keys[0][1])
        assert latest(work, 100, earlier) == []


def test_meetings_to_come_are_in_their_order_and_those_held_are_not_among_them(
    county: Herefordshire,
) -> None:
    with county.register.reading(county.actors["panel-member"]) as work:
        days = [meeting.held_on for meeting in meetings.upcoming(work)]
        assert days == [TODAY + timedelta(days=20), TODAY + timedelta(days=30)]
        (held,) = meetings.held(work)
        assert held.held_on == TODAY
        assert [item.position for item in meetings.agenda(work, held.id)] == [1]
        assert meetings.attendance(work, held.id)["police"] == "attended"
    with county.register.reading(county.actors["neighbour"]) as work:
        for ask in (meetings.agenda, meetings.attendance):
            with pytest.raises(NotFound):
                ask(work, held.id)


def test_a_panel_sees_what_was_put_before_it_and_no_other_panel_does(
    county: Herefordshire,
) -> None:
    with county.register.work(county.actors["panel-member"]) as work:
        panel = county["herefordshire-cdop"]
        tabled, other = case_of(work, panel), case_of(work, panel, tabled=False)
        shown = overview.panel_view(work, tabled.id)
        assert shown.summary == "An invented summary of herefordshire"
        assert (shown.reference, shown.organisation_id) == (tabled.reference, panel)
        assert overview.form_for(work, tabled.id).edition == "E3"
        assert overview.review_of(work, tabled.id) is None
        assert overview.states(work, [tabled.id]) == {}
    their_case = case_of_county(county, "worcestershire-cdop")
    for absent in (other.id, their_case, uuid4()):
        for ask in (overview.panel_view, overview.review_of, overview.form_for):
            with (
                pytest.raises(NotFound),
                county.register.work(county.actors["panel-member"]) as work,
            ):
                ask(work, absent)


def test_a_case_belongs_to_the_latest_meeting_within_reach_that_has_it(
    county: Herefordshire,
) -> None:
    case, other = (case_of_county(county, f"{place}-cdop") for place in (OURS, THEIRS))
    with county.register.reading(county.actors["panel-member"]) as work:
        found = meetings.meeting_of(work, case)
        assert found
        assert found.held_on == TODAY
        assert meetings.meeting_of(work, other) is None
        assert meetings.meeting_of(work, uuid4()) is None
        with pytest.raises(NotFound):
            overview.case(work, other)
    with county.register.reading(county.actors["neighbour"]) as work:
        assert meetings.meeting_of(work, case) is None
        assert meetings.meeting_of(work, other)


def test_cases_that_wait_for_a_meeting_are_the_panel_s_own_ready_ones_first(
    county: Herefordshire,
) -> None:
    """One that was on the agenda of a meeting held, and not reviewed, waits for the next."""
    with county.register.reading(county.actors["coordinator"]) as work:
        meeting = meetings.get(work, meetings.upcoming(work)[0].id)
        waits = meetings.waiting(work, meeting)
        ours = {case.id for case in deaths.latest(work)}
        assert {each.id for each in waits} == ours
        assert [each.is_ready for each in waits] == [True, False, False]
        rest = [(each.notified_on, each.id) for each in waits[1:]]
        assert rest == sorted(rest)
        assert meetings.waiting(work, meeting, 2) == waits[:2]
        assert waits[0].reference == case_of(work, county["herefordshire-cdop"]).reference
    with county.register.reading(MAKER) as work:
        assert {each.id for each in meetings.waiting(work, meeting)} == ours


def test_a_referral_is_recorded_for_the_boards_of_one_s_own_group(county: Herefordshire) -> None:
    def boards(who: str) -> list[str]:
        with county.register.reading(county.actors[who]) as work:
            return [board.slug for board in referrals.boards_to_refer_to(work, TODAY)]

    ours = ["herefordshire", "herefordshire-adults", "herefordshire-csp"]
    assert boards("jcr-administrator") == ours
    assert boards("their-jcr") == [slug.replace(OURS, THEIRS) for slug in ours]
    assert boards("coordinator") == boards("jcr-member") == []


def case_of_county(county: Herefordshire, slug: str) -> UUID:
    with county.register.reading(MAKER) as work:
        return case_of(work, county[slug]).id


def test_what_lies_behind_a_case_is_in_the_order_in_which_it_came(county: Herefordshire) -> None:
    with county.register.reading(county.actors["coordinator"]) as work:
        case = case_of(work, county["herefordshire-cdop"])
        told_of, timeline = deaths.notifications(work, case), deaths.events(work, case)
        assert {row.death_id for row in told_of} == {row.death_id for row in timeline} == {case.id}
        assert deaths.first_received(work, case) == told_of[0].received_at
        times = [(event.at, event.id) for event in timeline]
        assert len(times) > 1
        assert times == sorted(times)
        bare = Death(**case.model_dump() | {"id": uuid4()})
        assert deaths.first_received(work, bare) is None
        assert deaths.notifications(work, bare) == []


def test_a_work_list_has_the_open_tasks_that_ask_what_one_may_do_there(
    county: Herefordshire,
) -> None:
    def asked_of(who: str) -> list[tuple[UUID, str]]:
        with county.register.reading(county.actors[who]) as work:
            rows = worklist(work, 100)
            days = [row.due_on for row in rows]
            assert days == sorted(days)
            query = select(Task).where(col(Task.done_at).is_(None))
            everything = work.session.exec(query).all()
        tasks = {(row.kind, str(row.subject_id)): row for row in everything}
        return [
            (task.organisation_id, task.permission)
            for row in rows
            if (task := tasks[row.kind, row.subject_id])
        ]

    ours, theirs = county["herefordshire-cdop"], county["worcestershire-cdop"]
    for who, panel in (("coordinator", ours), ("neighbour", theirs)):
        assert {place for place, _ in asked_of(who)} == {panel}
        permissions = {permission for _, permission in asked_of(who)}
        assert permissions == {"deaths:case:edit", "overview:review:draft"}
    assert {place for place, _ in asked_of("jcr-member")} == {county["herefordshire-jcr"]}
    assert asked_of("analyst") == []
    with county.register.reading(county.actors["coordinator"]) as work:
        assert len(worklist(work, 2)) == 2
        assert worklist(work, 2) == worklist(work, 100)[:2]
    case = case_of_county(county, "herefordshire-cdop")
    with county.register.reading(county.actors["coordinator"]) as work:
        due = [task.due_on for task in outstanding(work, case)]
    assert due
    assert due == sorted(due)
    for who in ("neighbour", "analyst"):
        with county.register.reading(county.actors[who]) as work:
            assert outstanding(work, case) == []


@pytest.mark.parametrize("which", ["death_id", "other_id"])
def test_a_possible_duplicate_shows_either_way_round_to_whoever_reaches_both(
    county: Herefordshire, which: str
) -> None:
    """And to nobody else: a match at another panel is theirs to learn of."""
    register, panel = county.register, county["herefordshire-cdop"]
    with register.reading(MAKER) as work:
        case, near = case_of(work, panel), case_of(work, panel, tabled=False)
        far = case_of(work, county["worcestershire-cdop"])
    other_way = {"death_id": "other_id", "other_id": "death_id"}[which]

    def offered(who: Actor, about: Death) -> list[tuple[UUID, str]]:
        with register.reading(who) as work:
            return [(m.other_id, m.why) for m in deaths.undecided_matches(work, about)]

    def match(work: Work, other: UUID) -> None:
        sides: dict[str, Any] = {which: case.id, other_way: other}
        work.session.add(PossibleMatch(organisation_id=panel, why="possible", **sides))
        work.session.flush()

    with register.work(MAKER) as work:
        match(work, near.id)
        match(work, far.id)
    coordinator = county.actors["coordinator"]
    try:
        assert offered(coordinator, case) == [(near.id, "possible")]
        assert offered(coordinator, near) == [(case.id, "possible")]
        assert {id for id, _ in offered(MAKER, case)} == {near.id, far.id}
        joined = Death(**case.model_dump() | {"status": "joined"})
        assert offered(coordinator, joined) == []
    finally:
        with register.work(MAKER) as work:
            for row in work.session.exec(select(PossibleMatch)):
                work.session.delete(row)
