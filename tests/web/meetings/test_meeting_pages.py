"""The pages of meetings: arrange, fill the agenda, record who was there."""

from datetime import date

import pytest

from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, herefordshire
from tests.panels import a_case, a_meeting, put_on


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite: pages do not differ by database."""
    return herefordshire(sqlite_register)


def sign_in(county: Herefordshire, name: str) -> Client:
    """Return the browser of somebody."""
    return Client(create_app(county.register)).act_as(county.register, county.actors[name])


@pytest.fixture
def web(county: Herefordshire) -> Client:
    """The coordinator's browser."""
    return sign_in(county, "coordinator")


def typed(county: Herefordshire, **changes: str) -> dict[str, str]:
    """Return what a coordinator types to arrange a meeting."""
    fields = {
        "organisation_id": str(county["herefordshire-cdop"]),
        "held_on-day": "10",
        "held_on-month": "12",
        "held_on-year": "2026",
        "starts_at": "09:30",
        "place": "Invented House",
        "panel_type": "neonatal",
    }
    return {**fields, **changes}


def test_a_meeting_is_arranged_and_listed(county: Herefordshire, web: Client) -> None:
    answer = web.submit("/meetings/arrange", typed(county))
    assert answer.status_code == 303
    page = web.get(answer.headers["location"]).text
    for words in ("Herefordshire CDOP, 10 December 2026, 09:30", "Neonatal", "Invented House"):
        assert words in page
    assert answer.headers["location"] in sign_in(county, "panel-member").get("/meetings").text


def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    county: Herefordshire, web: Client
) -> None:
    wrong = typed(county, **{"held_on-year": "1926"})
    answer = web.submit("/meetings/arrange", wrong)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert 'href="#held_on-day"' in answer.text
    assert "when the duty to review began" in answer.text
    assert 'value="Invented House"' in answer.text
    assert 'value="1926"' in answer.text


def test_a_group_is_not_asked_for_a_kind_of_panel(county: Herefordshire) -> None:
    web = sign_in(county, "jcr-administrator")
    assert "Kind of panel" not in web.get("/meetings/arrange").text
    group = {k: v for k, v in typed(county).items() if k != "panel_type"}
    group["organisation_id"] = str(county["herefordshire-jcr"])
    answer = web.submit("/meetings/arrange", group)
    assert "Joint Case Review group" in web.get(answer.headers["location"]).text


def test_a_ready_case_is_chosen_and_one_without_summary_leads_to_writing_it(
    county: Herefordshire, web: Client
) -> None:
    ready, bare, meeting_id = a_case(county, 1), a_case(county, 2, summary=""), a_meeting(county)
    page = web.get(f"/meetings/{meeting_id}").text
    assert f'<option value="{ready}"' in page
    assert f'<option value="{bare}"' not in page
    assert f'href="/deaths/{bare}/summary"' in page
    answer = web.submit(f"/meetings/{meeting_id}/agenda", {"death_id": str(ready)})
    assert answer.status_code == 303
    page = web.get(f"/meetings/{meeting_id}").text
    assert f'href="/overview/{ready}"' in page
    assert "Not yet classified" in page


def test_no_case_chosen_is_an_error_beside_the_question(county: Herefordshire, web: Client) -> None:
    a_case(county)
    answer = web.submit(f"/meetings/{a_meeting(county)}/agenda", {"death_id": ""})
    assert answer.status_code == 422
    assert "Select a case" in answer.text


def test_a_refused_case_says_what_to_do(county: Herefordshire, web: Client) -> None:
    bare, meeting_id = a_case(county, summary=""), a_meeting(county)
    answer = web.submit(f"/meetings/{meeting_id}/agenda", {"death_id": str(bare)})
    assert answer.status_code == 409
    assert "write the summary" in answer.text


def test_a_case_is_taken_off_again(county: Herefordshire, web: Client) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)
    put_on(county, meeting_id, death_id)
    web.submit(f"/meetings/{meeting_id}/agenda/remove", {"death_id": str(death_id)})
    assert "Nothing is on the agenda yet" in web.get(f"/meetings/{meeting_id}").text


def attendance(**states: str) -> dict[str, str]:
    """Return what is posted for some agencies."""
    fields: dict[str, str] = {}
    for number, (agency, state) in enumerate(states.items()):
        fields |= {f"attendance-{number}-agency": agency, f"attendance-{number}-state": state}
    return fields


def test_attendance_is_recorded_and_closes_the_agenda(county: Herefordshire, web: Client) -> None:
    meeting_id = a_meeting(county)
    fields = attendance(police="attended", hospital="", paediatrics="represented")
    assert web.submit(f"/meetings/{meeting_id}/attendance", fields).status_code == 303
    page = web.get(f"/meetings/{meeting_id}").text
    assert "Held" in page
    assert "Apologies with representative" in page
    assert f'<form action="/meetings/{meeting_id}/agenda"' not in page
    assert "This meeting has been held: its agenda can no longer change." in page


def test_an_attendance_of_nobody_is_refused(county: Herefordshire, web: Client) -> None:
    path = f"/meetings/{a_meeting(county)}/attendance"
    answer = web.submit(path, attendance(police="absent", hospital=""))
    assert answer.status_code == 422
    assert "Select at least one agency" in answer.text
    assert 'href="#attendance"' in answer.text


def test_attendance_is_not_asked_before_the_day(county: Herefordshire, web: Client) -> None:
    page = web.get(f"/meetings/{a_meeting(county, date(2026, 12, 10))}").text
    assert "Record who was there" not in page


@pytest.mark.parametrize(
    ("who", "list_", "arrange", "one"),
    [
        ("coordinator", 200, 200, 200),
        ("panel-member", 200, 404, 200),
        ("panel-chair", 200, 404, 200),
        ("jcr-administrator", 200, 200, 404),
        ("neighbour", 200, 200, 404),
        ("analyst", 404, 404, 404),
        ("notifier", 404, 404, 404),
    ],
)
def test_each_page_opens_to_those_it_is_for(
    county: Herefordshire, who: str, list_: int, arrange: int, one: int
) -> None:
    meeting_id, web = a_meeting(county), sign_in(county, who)
    paths = ("/meetings", "/meetings/arrange", f"/meetings/{meeting_id}")
    assert [web.get(path).status_code for path in paths] == [list_, arrange, one]


def test_a_member_reads_the_agenda_and_changes_nothing(county: Herefordshire) -> None:
    meeting_id, death_id = a_meeting(county), a_case(county)
    put_on(county, meeting_id, death_id)
    web = sign_in(county, "panel-member")
    page = web.get(f"/meetings/{meeting_id}").text
    assert "CD-2026-0001" in page
    assert "Take off" not in page
    answer = web.submit(f"/meetings/{meeting_id}/agenda/remove", {"death_id": str(death_id)})
    assert answer.status_code == 404
