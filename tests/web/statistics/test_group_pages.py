"""A joint case review group's year in the browser: exact, and released by two people."""

import re

import pytest

from cdop.security.work import Register
from cdop.statistics import advising, working
from cdop.statistics.advising import Kept
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.desk import plain_packages
from tests.factories import Herefordshire
from tests.referrals import GROUP, with_referrals

WANTED = {
    "cdop": GROUP,
    "year": "2013-14",
    "years": "1",
    "recipients": "Invented public health team",
    "audience": "partner",
    "profile": "partner-1to4",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing profiles and drawing packages are tested elsewhere."""
    plain_packages(monkeypatch)
    kept = [vars(Kept("partner-1to4", 1, (), 9, 9, 4, 5, 50, 60, 3))]
    monkeypatch.setattr(advising, "preview", lambda *_: kept)


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire's published referrals."""
    return with_referrals(sqlite_register)


def browser(county: Herefordshire, who: str) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors[who])


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_group_s_year_is_shown_exactly_to_its_administrator(county: Herefordshire) -> None:
    web = browser(county, "jcr-administrator")
    address = f"/statistics?cdop={GROUP}&amp;year=2013-14"
    assert address in web.get("/statistics").text
    page = text(web.get(address.replace("&amp;", "&")).text)
    assert "Herefordshire Joint Case Review group, 2013-14: exact figures" in page
    assert "Referred in the year: 11" in page
    assert "a referral may be of one year and its review completed in a later one" in page
    assert "Draft a release" not in page
    assert "The table of outcomes" in page


def test_a_release_of_a_group_goes_from_the_draft_to_the_file(county: Herefordshire) -> None:
    analyst, approver = browser(county, "analyst"), browser(county, "release-approver")
    form = analyst.get(f"/statistics/releases/new?cdop={GROUP}&year=2013-14").text
    assert "Herefordshire Safeguarding Adults Board" in form
    assert "Ages in two groups" not in form
    page = analyst.submit("/statistics/releases", WANTED).headers["location"]
    assert working.run_next(county.register)
    analyst.submit(f"{page}/work", {"kind": working.BUILDING})
    assert working.run_next(county.register)
    shown = text(analyst.get(page).text)
    assert "Herefordshire Joint Case Review group" in shown
    assert "whoever knows that one of the referrals is among those counted" in shown
    assert approver.submit(f"{page}/approve", {}).status_code == 303
    assert analyst.get(f"{page}/package").status_code == 200


def test_a_group_is_out_of_reach_of_the_desk_without_a_permission_there(
    county: Herefordshire,
) -> None:
    for who in ("jcr-administrator", "panel-member", "coordinator"):
        answer = browser(county, who).get(f"/statistics/releases/new?cdop={GROUP}&year=2013-14")
        assert answer.status_code == 404
    refused = browser(county, "coordinator").get(f"/statistics?cdop={GROUP}&year=2013-14")
    assert refused.status_code == 404
