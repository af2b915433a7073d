"""The pages of a death: what a coordinator can do there, and what nobody else can."""

import re
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.deaths import queries
from cdop.deaths.models import Death
from cdop.deaths.service import notify
from cdop.security.actor import system
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, child, herefordshire, told

SYSTEM = system("tests")


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
    """Return what a coordinator types in the notification."""
    fields = {
        "given_names": "Example",
        "family_name": "Testchild",
        "nhs_number": "999 000 0018",
        "born_on-day": "1",
        "born_on-month": "3",
        "born_on-year": "2026",
        "died_on-day": "10",
        "died_on-month": "11",
        "died_on-year": "2026",
        "died_at": "14:30",
        "sex": "female",
        "ethnicity": "A",
        "address": "1 Invented Street",
        "postcode": "zz1 1aa",
        "residence_area": str(county["herefordshire-area"]),
        "expected": "unexpected",
        "place_of_death": "home",
        "death_area": str(county["herefordshire-area"]),
        "place_name": "Invented House",
        "narrative": "An invented account.",
        "notifier_name": "Invented Notifier",
        "notifier_role": "Consultant",
        "notifier_agency": "hospital",
        "notifier_contact": "01234 567890",
    }
    return {**fields, **changes}


def only_case(register: Register) -> Death:
    """Return the one case there is."""
    with register.reading(SYSTEM) as work:
        return work.session.exec(select(Death)).one()


def test_a_notification_opens_a_case_that_reads_back_what_was_typed(
    county: Herefordshire, web: Client
) -> None:
    answer = web.submit("/deaths/notify", typed(county))
    assert answer.status_code == 303
    page = web.get(answer.headers["location"]).text
    for shown in (
        "CD-2026-0001",
        "Example Testchild",
        "999 000 0018",
        "1 March 2026",
        "10 November 2026, 14:30",
        "White British",
        "28–364 days",
        "Expected",
    ):
        assert shown in page


def test_no_name_number_or_date_stands_in_an_address(county: Herefordshire, web: Client) -> None:
    where = web.submit("/deaths/notify", typed(county)).headers["location"]
    assert re.fullmatch(r"/deaths/[0-9a-f-]{36}\?receipt=N-[A-Z0-9]{8}", where)


def test_wrong_answers_give_the_same_page_with_every_field_named_and_kept(
    county: Herefordshire, web: Client
) -> None:
    wrong = typed(
        county,
        nhs_number="943 476 5918",
        **{"died_on-day": "31", "died_on-month": "2"},
        sex="",
        narrative="",
    )
    answer = web.submit("/deaths/notify", wrong)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    for sentence in (
        "not a valid NHS number",
        "The date of death must be a real date",
        "Choose the child&#39;s sex",
        "Describe the circumstances",
    ):
        assert sentence in answer.text
    for kept in ('value="943 476 5918"', 'value="Testchild"', 'value="31"', "Invented House"):
        assert kept in answer.text
    with county.register.reading(SYSTEM) as work:
        assert work.session.exec(select(Death)).all() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"died_on-year": "2025"}, "must not be before the date of birth"),
        ({"died_on-year": "2027"}, "must not be in the future"),
        ({"ethnicity": "QQ"}, "Choose the child&#39;s ethnicity"),
        ({"given_names": "", "family_name": ""}, "Enter the child&#39;s name"),
        ({"nhs_number": ""}, "Enter the NHS number, or say"),
        ({"notifier_agency": "unheard-of"}, "Choose the notifier&#39;s agency"),
    ],
)
def test_each_wrong_answer_is_told_in_a_sentence(
    county: Herefordshire, web: Client, changes: dict[str, str], sentence: str
) -> None:
    answer = web.submit("/deaths/notify", typed(county, **changes))
    assert answer.status_code == 422
    assert sentence in answer.text


def test_not_known_and_not_yet_issued_are_answers(county: Herefordshire, web: Client) -> None:
    newborn = typed(
        county,
        given_names="",
        family_name="",
        name_answer="not-yet-issued",
        nhs_number="",
        nhs_number_answer="not-known",
    )
    assert web.submit("/deaths/notify", newborn).status_code == 303


def test_a_death_out_of_scope_is_explained_then_kept(county: Herefordshire, web: Client) -> None:
    adult = typed(county, **{"born_on-year": "2008"})
    answer = web.submit("/deaths/notify", adult)
    assert answer.status_code == 422
    assert "This death is out of scope" in answer.text
    assert web.submit("/deaths/notify", {**adult, "scope_confirmed": "yes"}).status_code == 303
    assert only_case(county.register).status == "out-of-scope"


def test_a_notifier_gets_a_receipt_and_no_case(county: Herefordshire) -> None:
    web = sign_in(county, "notifier")
    first = web.submit("/deaths/notify", typed(county)).headers["location"]
    again = web.submit("/deaths/notify", typed(county)).headers["location"]
    shape = r"/deaths/notified\?receipt=N-[A-Z0-9]{8}"
    assert re.fullmatch(shape, first)
    assert re.fullmatch(shape, again)
    assert "Notification received" in web.get(again).text
    assert web.get(f"/deaths/{only_case(county.register).id}").status_code == 404


def test_an_unknown_case_another_panels_case_and_no_permission_are_one_and_the_same_404(
    county: Herefordshire, web: Client
) -> None:
    theirs = county.register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"])
    )
    absent = web.get(f"/deaths/{UUID(int=7)}")
    foreign = web.get(f"/deaths/{theirs.death_id}")
    unknown = web.get("/no-such-page")
    forbidden = sign_in(county, "analyst").get(f"/deaths/{theirs.death_id}")
    assert {r.status_code for r in (absent, foreign, unknown, forbidden)} == {404}
    assert absent.content == foreign.content == unknown.content


def test_a_summary_that_tells_who_the_child_was_is_refused_and_kept_on_the_page(
    county: Herefordshire, web: Client
) -> None:
    receipt = county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"])
    )
    path = f"/deaths/{receipt.death_id}/summary"
    answer = web.submit(path, {"summary": "On 10 November 2026 she was found."})
    assert answer.status_code == 422
    assert "On 10 November 2026 she was found." in answer.text
    assert web.submit(path, {"summary": "A girl of eight months."}).status_code == 303
    assert "A girl of eight months." in web.get(f"/deaths/{receipt.death_id}").text


def test_correcting_derives_again_and_a_stale_correction_changes_nothing(
    county: Herefordshire, web: Client
) -> None:
    coordinator = county.actors["coordinator"]
    receipt = county.register.do(coordinator, notify, told(county["herefordshire-cdop"]))
    path = f"/deaths/{receipt.death_id}/correct"
    form = web.get(path).text
    revision = re.search(r'name="revision" value="(\d+)"', form)
    assert revision
    assert 'value="Testchild"' in form
    fields = {
        name: value
        for name, value in typed(county, reason="The certificate says so").items()
        if name
        not in {
            "place_name",
            "narrative",
            "notifier_name",
            "notifier_role",
            "notifier_agency",
            "notifier_contact",
        }
    } | {"born_on-year": "2020", "revision": revision[1]}
    assert web.submit(path, fields).status_code == 303
    assert only_case(county.register).age_band == "5-9-years"
    assert web.submit(path, fields).status_code == 409
    with county.register.work(coordinator) as work:
        events = queries.events(work, queries.get(work, receipt.death_id))
    assert [event.kind for event in events] == ["notified", "corrected"]


def test_a_step_is_marked_and_leaves_the_work_list(county: Herefordshire, web: Client) -> None:
    receipt = county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"], child())
    )
    assert "Child death review meeting" in web.get("/").text
    done = {"step": "cdrm", "done_on-day": "19", "done_on-month": "11", "done_on-year": "2026"}
    assert web.submit(f"/deaths/{receipt.death_id}/step", done).status_code == 303
    assert "Child death review meeting" not in web.get("/").text


def test_possible_duplicates_are_joined_with_one_button(county: Herefordshire, web: Client) -> None:
    panel, coordinator = county["herefordshire-cdop"], county.actors["coordinator"]
    first = county.register.do(coordinator, notify, told(panel))
    second = county.register.do(coordinator, notify, told(panel, child(nhs_number="")))
    page = web.get(f"/deaths/{second.death_id}").text
    match = re.search(r'name="match" value="([0-9a-f-]{36})"', page)
    assert match
    answer = web.submit(f"/deaths/{second.death_id}/match", {"match": match[1], "decision": "same"})
    assert answer.headers["location"] == f"/deaths/{first.death_id}"
    assert "A later case was joined" in web.get(f"/deaths/{first.death_id}").text
