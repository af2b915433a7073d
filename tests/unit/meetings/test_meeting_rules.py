"""What may be arranged, and what may go on an agenda."""

from datetime import date

import pytest

from cdop.meetings import rules
from cdop.meetings.rules import CaseState

TODAY = date(2026, 11, 20)
READY = CaseState(status="open", has_summary=True, of_this_panel=True)


@pytest.mark.parametrize(
    ("day", "sound"),
    [
        (date(2008, 3, 31), False),
        (date(2008, 4, 1), True),
        (date(2026, 11, 19), True),
        (date(2028, 11, 20), True),
        (date(2028, 11, 21), False),
    ],
)
def test_a_meeting_lies_between_the_first_review_and_two_years_ahead(day, sound):
    assert (rules.day_fault(day, TODAY) is None) is sound


@pytest.mark.parametrize(
    ("typed", "sound"),
    [
        ("", True),
        ("09:30", True),
        ("9:30", False),
        ("24:00", False),
        ("09:30:15", False),
        ("noon", False),
        ("0930", False),
    ],
)
def test_a_start_is_a_time_of_day_or_open(typed, sound):
    assert (rules.start_fault(typed) is None) is sound


def test_an_open_case_of_the_panel_with_its_summary_may_go_on_an_agenda():
    assert rules.case_refusal(READY) is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CaseState("open", has_summary=True, of_this_panel=False), "another panel"),
        (CaseState("joined", has_summary=True, of_this_panel=True), "joined"),
        (CaseState("out-of-scope", has_summary=True, of_this_panel=True), "outside the scope"),
        (CaseState("reviewed", has_summary=True, of_this_panel=True), "signed off already"),
        (CaseState("open", has_summary=False, of_this_panel=True), "write the summary"),
        (
            CaseState("open", has_summary=True, of_this_panel=True, died_after_meeting=True),
            "Choose a later meeting",
        ),
        (
            CaseState(
                "open",
                has_summary=True,
                of_this_panel=True,
                arranged_elsewhere=date(2026, 12, 3),
            ),
            "3 December 2026. Take it off there first",
        ),
    ],
)
def test_every_other_case_is_refused_with_what_to_do(state, words):
    refusal = rules.case_refusal(state)
    assert refusal is not None
    assert words in refusal


@pytest.mark.parametrize(("status", "open_"), [("arranged", True), ("held", False)])
def test_an_agenda_changes_only_until_the_meeting_is_held(status, open_):
    assert (rules.agenda_refusal(status) is None) is open_


@pytest.mark.parametrize(
    ("status", "day", "may"),
    [
        ("arranged", TODAY, True),
        ("held", TODAY, True),
        ("arranged", date(2026, 11, 21), False),
        ("cancelled", TODAY, False),
    ],
)
def test_attendance_is_recorded_from_the_day_of_the_meeting_on(status, day, may):
    assert (rules.hold_refusal(status, day, TODAY) is None) is may


@pytest.mark.parametrize(
    ("attendance", "sound"),
    [
        ({"police": "attended", "hospital": "absent"}, True),
        ({"police": "represented"}, True),
        ({"police": "absent"}, False),
        ({}, False),
        ({"plumber": "attended"}, False),
        ({"police": "present"}, False),
    ],
)
def test_somebody_known_must_have_been_there(attendance, sound):
    assert (rules.attendance_fault(attendance, TODAY) is None) is sound
