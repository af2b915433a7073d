"""The release desk in the browser: compared and built beside the page, approved, withdrawn."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.errors import Unsafe
from cdop.jobs import keeping
from cdop.jobs.keeping import SILENT, TRIES
from cdop.jobs.models import Job
from cdop.security.work import Register
from cdop.statistics import advising, disclosure, drafting, proving, settling, working
from cdop.statistics.advising import Kept
from cdop.statistics.asked import Asked
from cdop.web.app import create_app
from cdop.web.templating import moment
from tests.client import Client, raising
from tests.deaths import AFTER, YEAR, add_death, herefordshire_2013_14
from tests.desk import PANEL, built, drafted, plain_packages, released
from tests.factories import MAKER, Herefordshire, herefordshire

WANTED = {
    "cdop": "herefordshire-cdop",
    "year": YEAR,
    "years": "1",
    "recipients": "Invented public health team",
    "audience": "partner",
    "profile": "partner-1to4",
}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_packages(monkeypatch)


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire's published year."""
    found = herefordshire(sqlite_register)
    herefordshire_2013_14(sqlite_register, found["herefordshire-cdop"])
    return found


def browser(county: Herefordshire, who: str) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors[who])


@pytest.fixture
def web(county: Herefordshire) -> Client:
    return browser(county, "analyst")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing takes no time: what is compared is tested elsewhere."""
    kept = [vars(Kept("partner-1to4", 1, (), 9, 9, 4, 5, 50, 60, 3))]
    kept.append(vars(Kept("rounded-5", 1, (), 9, 9, 9, 0, 90, 100, 3)))
    monkeypatch.setattr(advising, "preview", lambda *_: kept)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def jobs(county: Herefordshire) -> list[Job]:
    with county.register.reading(MAKER) as work:
        return list(work.session.exec(select(Job).order_by(col(Job.asked_at))))


@pytest.mark.usefixtures("quick")
def test_from_the_draft_to_the_file_by_two_people(county: Herefordshire, web: Client) -> None:
    page = web.submit("/statistics/releases", WANTED).headers["location"]
    assert "Waits for its turn" in web.get(page).text
    assert working.run_next(county.register)
    assert "Publication: every number shown" in text(web.get(page).text)
    chosen = {"profile": "rounded-5", "years": "1", "ways": ""}
    assert web.submit(f"{page}/choose", chosen).status_code == 303
    web.submit(f"{page}/work", {"kind": working.BUILDING})
    assert working.run_next(county.register)
    shown = text(web.get(page).text)
    assert "Waits for approval" in shown
    assert "It waits for a release approver" in shown
    assert "Only a release that is out can be downloaded" in shown
    assert "[low]" in shown
    assert web.get(f"{page}/package").status_code == 409
    second = browser(county, "release-approver")
    assert "Approve the release" in second.get(f"{page}/approve").text
    assert second.submit(f"{page}/approve", {}).status_code == 303
    answer = web.get(f"{page}/package")
    assert answer.status_code == 200
    assert "Downloaded" in second.get(page).text


def test_what_waits_for_a_second_person_is_on_their_start_page(county: Herefordshire) -> None:
    waits, draft = built(county), drafted(county)
    links = [f"/statistics/releases/{each.id}" for each in (waits, draft)]
    for who, seen in (
        ("release-approver", [True, False]),
        ("analyst", [True, True]),
        ("panel-member", [False, False]),
    ):
        page = browser(county, who).get("/").text
        assert [link in page for link in links] == seen


def test_the_ledger_tells_since_when_a_release_is_what_it_is(
    county: Herefordshire, clock: FixedClock
) -> None:
    release = released(county)
    clock.at += timedelta(days=3)
    approver = county.actors["release-approver"]
    county.register.do(approver, settling.withdraw, release.id, "An invented reason")
    drafted(county, replaces=release.id)
    shown = text(browser(county, "analyst").get("/statistics/releases").text)
    assert "(new edition)" in shown
    assert moment(clock.at) + ", release-approver" in shown


def test_a_builder_cannot_approve_by_any_address(county: Herefordshire, web: Client) -> None:
    page = f"/statistics/releases/{built(county).id}"
    assert web.get(f"{page}/approve").status_code == 404
    assert web.submit(f"{page}/approve", {}).status_code == 404
    assert web.submit(f"{page}/decline", {"reason": "x"}).status_code == 404


def test_without_a_reason_a_release_is_not_declined_and_the_form_stands_there_again(
    county: Herefordshire,
) -> None:
    page, approver = f"/statistics/releases/{built(county).id}", browser(county, "release-approver")
    answer = approver.submit(f"{page}/decline", {"reason": ""})
    assert (answer.status_code, "Enter the reason" in answer.text) == (422, True)
    assert 'name="reason"' in answer.text
    assert f'action="{page}/decline"' in answer.text
    approver.submit(f"{page}/decline", {"reason": "An invented reason"})
    assert "Declined" in text(approver.get(page).text)


def test_a_withdrawn_release_says_why_and_whom_to_tell(county: Herefordshire, web: Client) -> None:
    page = f"/statistics/releases/{released(county).id}"
    assert "Invented public health team" in web.get(page).text
    answer = web.submit(f"{page}/withdraw", {"reason": ""})
    assert answer.status_code == 422
    assert "Enter the reason" in answer.text
    web.submit(f"{page}/withdraw", {"reason": "An invented reason"})
    shown = web.get(page).text
    assert "An invented reason" in shown
    assert f'href="{page}/package"' not in shown
    assert "this one is not (withdrawn)" in shown
    assert "Draft a new edition" in shown


def test_a_new_edition_links_what_it_was_held_against_and_marks_what_changed(
    county: Herefordshire, web: Client
) -> None:
    """Each table opens on demand, and says before it is opened how much of it is hidden."""
    asked = (Asked("died", ("sex",)),)
    first = released(county, asked=asked)
    with county.register.work(MAKER) as work:
        for _ in range(6):
            add_death(work, county[PANEL], notified=AFTER)
    second = built(county, asked=asked, replaces=first.id)
    page = web.get(f"/statistics/releases/{second.id}").text
    assert f'<a href="/statistics/releases/{first.id}">Herefordshire' in page
    shown = text(page)
    assert "Died in the year: 17 [r]" in shown
    assert "[r] Revised: another number than in the edition before" in shown
    assert "[p]" not in shown
    assert "Deaths in the year by sex 4 counts" in shown
    every = web.get(f"/statistics/releases/{second.id}?tables=open").text
    assert [each.count('<details class="nhsuk-details" open>') for each in (page, every)] == [0, 1]


def test_a_release_that_can_be_undone_says_why_and_offers_a_way(
    county: Herefordshire, web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undone(*_: Any, **__: Any) -> Any:
        raise Unsafe("A small count could be worked out: table x")

    monkeypatch.setattr(proving, "protect_release", undone)
    page = f"/statistics/releases/{drafted(county).id}"
    web.submit(f"{page}/work", {"kind": working.BUILDING})
    working.run_next(county.register)
    shown = text(web.get(page).text)
    assert "Not safe" in shown
    assert "could be worked out: table x" in shown
    assert "Find ways to keep more" in shown


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipients": ""}, "whom the release is for"),
        ({"profile": ""}, "Choose how it is protected"),
        ({"audience": "public"}, "made for the public"),
        ({"years": "9"}, "years"),
        ({"known": "nowhere, total, x"}, "Line 1"),
        ({"known": "died-by-age, total"}, "where and when"),
    ],
)
def test_a_draft_that_cannot_be_keeps_what_was_typed(
    web: Client, changes: dict[str, str], sentence: str
) -> None:
    answer = web.submit("/statistics/releases", WANTED | changes)
    assert answer.status_code == 422
    assert sentence in text(answer.text)
    assert (WANTED | changes)["recipients"] in answer.text


def test_a_profile_below_the_floor_drafts_nothing(
    web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = replace(disclosure.profile("partner-1to4"), width=2)
    monkeypatch.setattr(drafting, "profile", lambda _: weak)
    answer = web.submit("/statistics/releases", WANTED)
    assert (answer.status_code, "uncertain by 3" in text(answer.text)) == (422, True)


@pytest.mark.usefixtures("quick")
def test_work_is_asked_for_once_and_can_be_stopped(county: Herefordshire, web: Client) -> None:
    page = f"/statistics/releases/{drafted(county).id}"
    for _ in range(2):
        web.submit(f"{page}/work", {"kind": working.PREVIEWING})
    assert len(jobs(county)) == 1
    web.submit(f"{page}/work", {"kind": working.PREVIEWING, "stop": "yes"})
    assert jobs(county)[0].state == "cancelled"
    assert not working.run_next(county.register)


def test_work_that_is_stopped_while_it_goes_on_ends(
    county: Herefordshire, web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/statistics/releases/{drafted(county).id}"
    went_on = []

    def slow(_register: Any, _actor: Any, _id: Any, on_step: Any) -> None:
        on_step(("Looking", 1, 3))
        shown = text(web.get(page).text)
        assert "Looking. Asked for 0 seconds ago. It is given up after 15 minutes." in shown
        web.submit(f"{page}/work", {"kind": working.BUILDING, "stop": "yes"})
        on_step(("Hiding", 2, 3))
        went_on.append(True)

    monkeypatch.setattr(proving, "build", slow)
    monkeypatch.setattr(working, "SOON", 0)
    web.submit(f"{page}/work", {"kind": working.BUILDING})
    working.run_next(county.register)
    assert (jobs(county)[0].state, went_on) == ("cancelled", [])
    assert "Stopped." in web.get(page).text


@pytest.mark.usefixtures("quick")
def test_work_that_a_dead_server_left_is_taken_up_again_and_in_the_end_given_up(
    county: Herefordshire, web: Client, clock: FixedClock
) -> None:
    page = f"/statistics/releases/{drafted(county).id}"
    web.submit(f"{page}/work", {"kind": working.PREVIEWING})
    for _ in range(TRIES):
        with county.register.work(MAKER) as work:
            assert keeping.take(work.session, work.now, working.KINDS)
        assert not working.run_next(county.register)
        clock.at += SILENT + timedelta(seconds=1)
    assert not working.run_next(county.register)
    assert jobs(county)[0].state == "failed"
    web.cookies.clear()
    web.act_as(county.register, county.actors["analyst"])
    assert "was given up. Ask for it again" in text(web.get(page).text)


@pytest.mark.usefixtures("quick")
def test_a_server_that_stops_leaves_its_work_to_the_next(
    county: Herefordshire, web: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/statistics/releases/{drafted(county).id}"
    monkeypatch.setattr(proving, "build", lambda *asked: asked[-1](None))
    web.submit(f"{page}/work", {"kind": working.BUILDING})
    working.run_next(county.register, stopping=lambda: True)
    assert (jobs(county)[0].state, jobs(county)[0].attempts) == ("queued", 0)
    assert working.run_next(county.register)
    assert jobs(county)[0].state == "done"
