"""Meetings: arranged for one's own panel or group, agendas of what is ready, attendance."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import select

from cdop.deaths.models import Death
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.meetings import queries
from cdop.meetings.models import AgendaItem, Meeting, PanelType
from cdop.meetings.service import NewMeeting, arrange, hold, put_on_agenda, take_off_agenda
from tests.factories import MAKER, Herefordshire
from tests.panels import a_case, a_meeting, audited, open_tasks, put_on

NEXT_MONTH = date(2026, 12, 10)


def references(county: Herefordshire, meeting_id) -> list[str]:
    with county.register.reading(county.actors["panel-member"]) as work:
        return [item.reference for item in queries.agenda(work, meeting_id)]


def test_a_coordinator_arranges_for_the_panel_and_the_panel_sees_it(county: Herefordshire) -> None:
    meeting_id = a_meeting(county, NEXT_MONTH)
    with county.register.reading(county.actors["panel-member"]) as work:
        (meeting,) = queries.upcoming(work)
    assert (meeting.id, meeting.held_on, meeting.place) == (
        meeting_id,
        NEXT_MONTH,
        "Invented House",
    )
    assert [entry.subject_id for entry in audited(county.register, queries.ARRANGE)] == [meeting_id]


def test_the_same_meeting_asked_for_twice_is_one_meeting(county: Herefordshire) -> None:
    assert a_meeting(county) == a_meeting(county)


def test_a_standard_and_a_neonatal_panel_may_meet_on_one_day(county: Herefordshire) -> None:
    new = NewMeeting(county["herefordshire-cdop"], NEXT_MONTH)
    coordinator = county.actors["coordinator"]
    first = county.register.do(coordinator, arrange, new)
    other = replace(new, panel_type=PanelType.NEONATAL)
    assert county.register.do(coordinator, arrange, other) != first


@pytest.mark.parametrize(
    ("who", "at", "may"),
    [
        ("coordinator", "herefordshire-cdop", True),
        ("coordinator", "worcestershire-cdop", False),
        ("coordinator", "herefordshire-jcr", False),
        ("jcr-administrator", "herefordshire-jcr", True),
        ("jcr-administrator", "herefordshire-cdop", False),
        ("panel-chair", "herefordshire-cdop", False),
        ("jcr-member", "herefordshire-jcr", False),
        ("analyst", "herefordshire-cdop", False),
    ],
)
def test_each_arranges_only_for_the_panel_or_group_they_run(
    county: Herefordshire, who: str, at: str, may: bool
) -> None:
    new = NewMeeting(county[at], NEXT_MONTH)
    if may:
        assert county.register.do(county.actors[who], arrange, new)
    else:
        with pytest.raises(Denied):
            county.register.do(county.actors[who], arrange, new)
        assert audited(county.register, queries.ARRANGE)[-1].outcome == "denied"


def test_what_cannot_be_meant_is_named_field_by_field(county: Herefordshire) -> None:
    new = NewMeeting(county["herefordshire-area"], date(1926, 12, 1), "noon")
    with pytest.raises(Invalid) as refusal:
        county.register.do(MAKER, arrange, new)
    assert set(refusal.value.fields) == {"organisation_id", "held_on", "starts_at"}


def test_another_panels_meeting_is_not_there(county: Herefordshire) -> None:
    meeting_id = a_meeting(county)
    neighbour = county.actors["neighbour"]
    with county.register.reading(neighbour) as work:
        assert queries.upcoming(work) == []
        with pytest.raises(NotFound):
            queries.get(work, meeting_id)
    with pytest.raises(NotFound):
        county.register.do(neighbour, hold, meeting_id, {"police": "attended"})


def test_a_case_on_an_agenda_waits_for_the_panel(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county, NEXT_MONTH), a_case(county)
    assert open_tasks(county.register, death_id) == {"put-on-agenda"}
    put_on(county, meeting_id, death_id)
    assert references(county, meeting_id) == ["CD-2026-0001"]
    assert open_tasks(county.register, death_id) == {"classify"}
    (entry,) = audited(county.register, "meetings:agenda:add")
    assert (entry.subject_id, entry.detail) == (death_id, {"meeting": str(meeting_id)})


def test_put_on_twice_a_case_is_on_the_agenda_once(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)
    put_on(county, meeting_id, death_id)
    put_on(county, meeting_id, death_id)
    assert references(county, meeting_id) == ["CD-2026-0001"]
    assert len(audited(county.register, "meetings:agenda:add")) == 1


def test_cases_stand_in_the_order_in_which_they_were_added(county: Herefordshire) -> None:
    meeting_id = a_meeting(county)
    first, second = a_case(county, 1), a_case(county, 2)
    put_on(county, meeting_id, second)
    put_on(county, meeting_id, first)
    assert references(county, meeting_id) == ["CD-2026-0002", "CD-2026-0001"]


def test_a_case_without_its_summary_is_refused_with_what_to_do(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county, summary="")
    with pytest.raises(Refused, match="write the summary"):
        put_on(county, meeting_id, death_id)
    assert references(county, meeting_id) == []


def test_a_case_is_on_one_coming_agenda_only(county: Herefordshire) -> None:
    death_id = a_case(county)
    put_on(county, a_meeting(county, NEXT_MONTH), death_id)
    with pytest.raises(Refused, match="10 December 2026"):
        put_on(county, a_meeting(county), death_id)


def test_a_case_put_off_goes_on_the_next_agenda(county: Herefordshire) -> None:
    today, later, death_id = a_meeting(county), a_meeting(county, NEXT_MONTH), a_case(county)
    put_on(county, today, death_id)
    county.register.do(county.actors["coordinator"], hold, today, {"police": "attended"})
    put_on(county, later, death_id)
    with county.register.reading(county.actors["panel-member"]) as work:
        meeting = queries.meeting_of(work, death_id)
    assert meeting is not None
    assert meeting.id == later


def test_a_meeting_before_the_death_cannot_have_reviewed_it(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county, date(2026, 11, 9)), a_case(county)
    with pytest.raises(Refused, match="died after"):
        put_on(county, meeting_id, death_id)


def test_a_groups_agenda_takes_no_case_of_a_panel(county: Herefordshire) -> None:
    death_id = a_case(county)
    new = NewMeeting(county["herefordshire-jcr"], NEXT_MONTH)
    administrator = county.actors["jcr-administrator"]
    meeting_id = county.register.do(administrator, arrange, new)
    with pytest.raises(Denied):
        county.register.do(administrator, put_on_agenda, meeting_id, ("deaths", death_id), "")
    with pytest.raises(Refused, match="another panel"):
        county.register.do(MAKER, put_on_agenda, meeting_id, ("deaths", death_id), "")


def test_a_case_taken_off_waits_for_a_meeting_again_under_its_clock(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)
    put_on(county, meeting_id, death_id)
    coordinator = county.actors["coordinator"]
    county.register.do(coordinator, take_off_agenda, meeting_id, death_id)
    assert references(county, meeting_id) == []
    assert open_tasks(county.register, death_id) == {"put-on-agenda"}
    with pytest.raises(NotFound):
        county.register.do(coordinator, take_off_agenda, meeting_id, death_id)


def test_a_held_meeting_keeps_who_was_there_and_its_agenda(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)
    put_on(county, meeting_id, death_id)
    coordinator = county.actors["coordinator"]
    there = {"police": "attended", "hospital": "represented", "education": "not-member"}
    county.register.do(coordinator, hold, meeting_id, there)
    with county.register.reading(county.actors["panel-chair"]) as work:
        assert queries.attendance(work, meeting_id) == there
        assert queries.upcoming(work) == []
        assert [meeting.id for meeting in queries.held(work)] == [meeting_id]
    for change in (take_off_agenda, put_on_agenda):
        args = (death_id,) if change is take_off_agenda else (("deaths", a_case(county, 2)), "")
        with pytest.raises(Refused, match="no longer change"):
            county.register.do(coordinator, change, meeting_id, *args)


def test_attendance_can_be_corrected(county: Herefordshire) -> None:
    meeting_id, coordinator = a_meeting(county), county.actors["coordinator"]
    county.register.do(coordinator, hold, meeting_id, {"police": "attended"})
    county.register.do(coordinator, hold, meeting_id, {"hospital": "attended"})
    with county.register.reading(coordinator) as work:
        assert queries.attendance(work, meeting_id) == {"hospital": "attended"}


def test_nobody_attends_a_meeting_of_tomorrow(county: Herefordshire) -> None:
    meeting_id = a_meeting(county, date(2026, 11, 21))
    with pytest.raises(Refused, match="day of the meeting"):
        county.register.do(county.actors["coordinator"], hold, meeting_id, {"police": "attended"})


def test_only_open_cases_on_no_coming_agenda_are_offered(county: Herefordshire) -> None:
    ready, bare, taken = a_case(county, 1), a_case(county, 2, summary=""), a_case(county, 3)
    meeting_id = a_meeting(county)
    put_on(county, meeting_id, taken)
    with county.register.reading(county.actors["coordinator"]) as work:
        offered = queries.waiting(work, queries.get(work, meeting_id))
    assert [(case.id, case.is_ready) for case in offered] == [(ready, True), (bare, False)]


def test_a_service_that_fails_leaves_nothing(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)

    def failing(work) -> None:
        put_on_agenda(work, meeting_id, ("deaths", death_id), "")
        raise RuntimeError("after the change")

    with pytest.raises(RuntimeError):
        county.register.do(county.actors["coordinator"], failing)
    with county.register.reading(MAKER) as work:
        assert work.session.exec(select(AgendaItem)).all() == []
        assert work.session.get_one(Meeting, meeting_id).status == "arranged"
        assert work.session.get_one(Death, death_id).status == "open"
    assert open_tasks(county.register, death_id) == {"put-on-agenda"}
