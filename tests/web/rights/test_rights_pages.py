"""A request about rights in the browser: recorded, searched, copied part by part, closed."""

import re

import pytest

from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import Herefordshire
from tests.panels import a_case, audited


def browser(county: Herefordshire, name: str) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors[name])


def typed(county: Herefordshire, **changes: str) -> dict[str, str]:
    fields = {
        "organisation_id": str(county["herefordshire-cdop"]),
        "kind": "access",
        "relation": "parent",
        "received_on-day": "20",
        "received_on-month": "11",
        "received_on-year": "2026",
        "name": "Parent Invented",
        "about": "Example1 Testchild1",
    }
    return fields | changes


def test_a_request_from_its_arrival_to_its_end(county: Herefordshire) -> None:
    a_case(county)
    web = browser(county, "coordinator")
    sent = web.submit("/rights/new", typed(county))
    assert sent.status_code == 303
    here = sent.headers["location"]
    page = web.get(here).text
    assert "20 December 2026" in page
    assert "article 12(3)" in page
    assert "RR-2026-0001" in web.get("/rights").text

    found = web.submit(f"{here}/find", {}).text
    assert "The child: the name is alike" in found
    [record] = re.findall(r'value="(deaths:[^"]+)"', found)
    assert web.submit(f"{here}/link", {"records": record}).status_code == 303

    choosing = web.get(f"{here}/copy").text
    parts = re.findall(r'<input[^>]*name="parts"[^>]*>', choosing)
    ticked = [part for part in parts if "checked" in part]
    assert len(parts) > len(ticked) > 0
    values = [re.search(r'value="([^"]+)"', part)[1] for part in ticked]
    copy = web.submit(f"{here}/copy", {"parts": values, "words": "Nowhere"}).text
    assert "Testchild1" in copy
    assert "Kept back" in copy
    assert "An invented account of what happened" not in copy

    closing = {"outcome": "in-part", "exemptions": ["deceased"], "answer": "By letter"}
    assert web.submit(f"{here}/close", {"outcome": "in-part"}).status_code == 422
    assert web.submit(f"{here}/close", closing).status_code == 303
    assert "no right of access under UK GDPR" in web.get(here).text
    assert web.submit(f"{here}/close", closing).status_code == 409
    assert [line.actor for line in audited(county.register, "rights:request:copy")] == [
        "coordinator"
    ]


def test_a_request_that_is_not_whole_is_shown_again(county: Herefordshire) -> None:
    web = browser(county, "caldicott-guardian")
    answer = web.submit("/rights/new", typed(county, name="", relation=""))
    assert answer.status_code == 422
    assert "Enter the name of whoever asks" in answer.text
    assert "Choose who asks" in answer.text
    assert "Example1 Testchild1" in answer.text


def test_time_is_extended_with_a_reason(county: Herefordshire) -> None:
    web = browser(county, "caldicott-guardian")
    here = web.submit("/rights/new", typed(county)).headers["location"]
    assert web.submit(f"{here}/extend", {}).status_code == 422
    assert web.submit(f"{here}/extend", {"reason": "Many records"}).status_code == 303
    page = web.get(here).text
    assert "20 February 2027" in page
    assert "Take two further months" not in page
    assert here in web.get("/").text


@pytest.mark.parametrize("who", ["panel-chair", "notifier", "administrator"])
def test_others_find_no_such_pages(county: Herefordshire, who: str) -> None:
    here = browser(county, "coordinator").submit("/rights/new", typed(county)).headers["location"]
    web = browser(county, who)
    for path in ("/rights", "/rights/new", here, f"{here}/copy"):
        assert web.get(path).status_code == 404
    neighbour = browser(county, "neighbour")
    assert neighbour.get(here).status_code == 404
    assert neighbour.submit(f"{here}/find", {}).status_code == 404
