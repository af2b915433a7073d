"""Retention in the browser: one proposes, another approves, and then only a trace is shown."""

from uuid import UUID

import pytest

from cdop.retention import holds, listing
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import Herefordshire
from tests.integration.retention.conftest import Old


def browser(old: Old, name: str) -> Client:
    app = create_app(old.register, report=raising)
    return Client(app).act_as(old.register, old.county.actors[name])


def live(old: Old) -> str:
    """Return the address of the erasure under way."""
    with old.register.reading(old.coordinator) as work:
        [row] = listing.erasures(work, states=("proposed", "approved", "erased"))
    return f"/retention/erasures/{row.id}"


def test_two_people_erase_a_record_in_their_browsers(old: Old) -> None:
    coordinator, guardian = browser(old, "coordinator"), browser(old, "caldicott-guardian")
    shown = coordinator.get("/retention").text
    assert old.row().reference in shown
    assert "Testchild" not in shown
    sent = coordinator.submit("/retention", {"records": f"deaths:{old.id}"})
    assert sent.status_code == 303
    assert "another person must approve it" in coordinator.get(live(old)).text
    assert coordinator.submit(f"{live(old)}/approve", {}).status_code == 404
    assert guardian.submit(f"{live(old)}/approve", {}).status_code == 303
    assert guardian.submit(f"{live(old)}/erase", {}).status_code == 404
    assert coordinator.submit(f"{live(old)}/erase", {}).status_code == 303
    assert "Erased" in coordinator.get(live(old)).text


def test_the_page_of_an_erased_case_says_so_and_shows_coded_facts(old: Old) -> None:
    coordinator = browser(old, "coordinator")
    assert "Testchild1" in coordinator.get(f"/deaths/{old.id}").text
    old.erased()
    answer = coordinator.get(f"/deaths/{old.id}")
    assert answer.status_code == 200
    assert "has been erased" in answer.text
    assert "caldicott-guardian" in answer.text
    assert "28–364 days" in answer.text
    assert "Testchild" not in answer.text


@pytest.mark.parametrize("path", ["notifications", "correct", "summary", "refer"])
def test_no_other_page_of_an_erased_case_breaks(old: Old, path: str) -> None:
    old.erased()
    answer = browser(old, "coordinator").get(f"/deaths/{old.id}/{path}")
    assert answer.status_code in (200, 409)
    assert "Testchild" not in answer.text
    if answer.status_code == 409:
        assert "has been erased" in answer.text


def test_nothing_is_proposed_without_choosing(old: Old) -> None:
    coordinator = browser(old, "coordinator")
    for records in ({}, {"records": "deaths:no-id"}, {"records": f"accounts:{UUID(int=1)}"}):
        answer = coordinator.submit("/retention", records)
        assert answer.status_code == 422
        assert "There is a problem" in answer.text


def test_a_hold_is_set_on_the_case_and_lifted_with_reasons(old: Old) -> None:
    coordinator = browser(old, "coordinator")
    address = f"/holds/deaths/{old.id}"
    assert address in coordinator.get(f"/deaths/{old.id}").text
    assert coordinator.submit(address, {"why": "police"}).status_code == 422
    typed = {"why": "police", "reason": "An invented officer asked"}
    assert coordinator.submit(address, typed).status_code == 303
    page = coordinator.get(address).text
    assert "Police investigation" in page
    assert "An invented officer asked" in page
    assert old.row().reference in coordinator.get("/holds").text
    assert "A legal hold is on it" in coordinator.get("/retention").text
    with old.register.reading(old.coordinator) as work:
        [hold] = holds.on_record(work.session, old.id)
    lift, typed = f"{address}/lift", {"hold": str(hold.id), "lift_reason": "No charge"}
    assert coordinator.submit(lift, {**typed, "lift_reason": ""}).status_code == 422
    assert coordinator.submit(lift, typed).status_code == 303
    assert "No hold is in force" in coordinator.get(address).text


def test_a_guardian_sets_a_period_as_the_board_decided(old: Old) -> None:
    guardian = browser(old, "caldicott-guardian")
    assert "35 years after closure" in guardian.get("/retention/periods").text
    typed = {
        "kind": "death-case",
        "organisation_id": str(old.county["herefordshire-cdop"]),
        "years": "40",
        "decided_on-day": "1",
        "decided_on-month": "10",
        "decided_on-year": "2056",
        "source": "Invented minute 9",
    }
    assert guardian.submit("/retention/periods", {**typed, "years": "0"}).status_code == 422
    assert guardian.submit("/retention/periods", typed).status_code == 303
    assert "40 years" in guardian.get("/retention").text
    assert "No record is past its period" in guardian.get("/retention").text
    assert browser(old, "coordinator").submit("/retention/periods", typed).status_code == 404


@pytest.mark.parametrize("name", ["panel-chair", "notifier", "analyst", "decision-maker"])
def test_others_find_no_such_pages(old: Old, name: str) -> None:
    who = {"decision-maker": "children-chair"}.get(name, name)
    web = browser(old, who)
    for path in ("/retention", "/retention/periods", "/holds", f"/holds/deaths/{old.id}"):
        assert web.get(path).status_code == 404


def test_the_neighbour_sees_nothing_of_it(old: Old) -> None:
    web = browser(old, "neighbour")
    assert old.row().reference not in web.get("/retention").text
    assert web.get(f"/holds/deaths/{old.id}").status_code == 404
    old.proposed()
    assert web.get(live(old)).status_code == 404


def test_an_administrator_sees_the_registers_own_kinds(county: Herefordshire) -> None:
    web = Client(create_app(county.register, report=raising))
    web.act_as(county.register, county.actors["administrator"])
    page = web.get("/retention").text
    assert "Line of the audit log" in page
    assert "Death reviewed by the panel" not in page
