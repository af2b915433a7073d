"""One box finds a child, by post alone; what is notified is compared for those who may see it."""

from pathlib import Path
from typing import Any

import pytest

from cdop.deaths.service import notify
from cdop.reference import nhs_numbers
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, child, herefordshire, told

HTMX = {"HX-Request": "true"}


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite with one case: pages do not differ by database."""
    county = herefordshire(sqlite_register)
    county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"], child(1))
    )
    return county


def sign_in(county: Herefordshire, name: str) -> Client:
    return Client(create_app(county.register)).act_as(county.register, county.actors[name])


@pytest.fixture
def web(county: Herefordshire) -> Client:
    """The coordinator's browser."""
    return sign_in(county, "coordinator")


def test_a_coordinator_finds_a_child_and_reads_why(web: Client) -> None:
    assert 'href="/search"' in web.get("/").text
    page = web.submit("/search", {"term": "testchilk 1/3/2026"}).text
    for shown in (
        "CD-2026-0001",
        "Example Testchild",
        "1 March 2026",
        "10 November 2026",
        "name spelt alike, same birth date",
        "1 case answers",
        'value="testchilk 1/3/2026"',
    ):
        assert shown in page


def test_a_search_without_script_gives_the_whole_page_and_with_it_the_part(web: Client) -> None:
    whole = web.submit("/search", {"term": "testchild"}).text
    part = web.submit("/search", {"term": "testchild"}, headers=HTMX).text
    assert whole.startswith("<!DOCTYPE html>")
    assert part.strip().startswith('<div id="search">')
    assert "CD-2026-0001" in part


def test_a_search_is_posted_and_what_it_finds_is_not_stored_by_the_browser(web: Client) -> None:
    answer = web.submit("/search", {"term": "testchild"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "testchild" not in str(answer.url)
    assert 'method="post"' in web.get("/search").text
    assert "CD-2026-0001" not in web.get("/search?term=testchild").text


def test_what_cannot_be_searched_for_is_said_and_kept(web: Client) -> None:
    empty = web.submit("/search", {"term": "  "})
    assert empty.status_code == 422
    assert "Enter what to search for" in empty.text
    assert "not a valid NHS number" in web.submit("/search", {"term": "943 476 5918"}).text
    long = web.submit("/search", {"term": "x" * 201})
    assert long.status_code == 422
    assert "No case that you may see" in web.submit("/search", {"term": "unheard-of"}).text


@pytest.mark.parametrize("who", ["notifier", "panel-member", "analyst"])
def test_whoever_may_not_read_identity_finds_neither_page_nor_menu(
    county: Herefordshire, who: str
) -> None:
    web = sign_in(county, who)
    assert web.get("/search").status_code == 404
    assert web.submit("/search", {"term": "testchild"}).status_code == 404
    assert "/search" not in web.get("/").text


def typed(**changes: str) -> dict[str, str]:
    """Return a notification that is half typed."""
    return {
        "given_names": "Exampel",
        "family_name": "Testchild",
        "nhs_number": "",
        "born_on-day": "1",
        "born_on-month": "3",
        "born_on-year": "2026",
        "died_on-day": "10",
        "died_on-month": "11",
        "died_on-year": "2026",
        **changes,
    }


def likely(web: Client, fields: dict[str, str]) -> str:
    answer = web.submit("/deaths/notify/likely", fields, headers=HTMX)
    assert answer.status_code == 200
    return answer.text.strip()


def test_what_is_being_notified_is_compared_for_the_panels_coordinator(web: Client) -> None:
    assert 'hx-post="/deaths/notify/likely"' in web.get("/deaths/notify").text
    part = likely(web, typed())
    assert "CD-2026-0001" in part
    assert "name spelt alike, same birth date, same date of death" in part
    number = nhs_numbers.invented(1)
    assert "same NHS number" in likely(web, {"nhs_number": number})


def test_what_cannot_be_read_yet_is_left_out_of_the_comparison(web: Client) -> None:
    half = typed(nhs_number="999 00", **{"died_on-year": "", "born_on-year": "2026"})
    assert "CD-2026-0001" in likely(web, half | {"postcode": "zz1 1aa"})
    assert likely(web, {}) == ""
    assert likely(web, {"given_names": "Example"}) == ""


def test_nobody_else_learns_anything_from_it(county: Herefordshire) -> None:
    number = nhs_numbers.invented(1)
    notifier = sign_in(county, "notifier")
    assert "likely" not in notifier.get("/deaths/notify").text
    answers = {likely(notifier, fields) for fields in (typed(), {"nhs_number": number}, {})}
    answers |= {likely(sign_in(county, "neighbour"), typed(nhs_number=number))}
    assert answers == {""}
    assert sign_in(county, "analyst").submit("/deaths/notify/likely", {}).status_code == 404


def test_a_notifier_is_answered_without_any_comparison(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("compared")

    monkeypatch.setattr("cdop.deaths.service.finding.likely", never)
    assert likely(sign_in(county, "notifier"), typed()) == ""


def test_a_joining_is_undone_with_one_button(county: Herefordshire, web: Client) -> None:
    panel, coordinator = county["herefordshire-cdop"], county.actors["coordinator"]
    second = county.register.do(coordinator, notify, told(panel, child(nhs_number="")))
    path = f"/deaths/{second.death_id}"
    page = web.get(path).text
    assert "Probably the same child (same name, same birth date" in page
    match = page.split('name="match" value="')[1][:36]
    web.submit(f"{path}/match", {"match": match, "decision": "same"})
    assert "Undo the joining" in web.get(path).text
    assert web.submit(f"{path}/unjoin", {}).headers["location"] == path
    assert "The joining of two cases was undone" in web.get(path).text
    assert "Probably the same child" in web.get(path).text


def test_no_term_reaches_the_log_or_the_database(
    county: Herefordshire, web: Client, caplog: pytest.LogCaptureFixture
) -> None:
    term = "Quillonvex-Trablatt 24/12/1999"
    with caplog.at_level("DEBUG"):
        web.submit("/search", {"term": term})
        likely(web, typed(family_name="Quillonvex-Trablatt"))
    assert "quillonvex" not in caplog.text.casefold()
    folder: Path = county.register.settings.data
    for file in folder.iterdir():
        assert b"quillonvex" not in file.read_bytes().lower(), file.name
