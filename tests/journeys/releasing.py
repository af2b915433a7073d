"""Steps of a journey: the year ends, its figures are read, protected, released and downloaded."""

import io
import json
import zipfile
from datetime import date
from uuid import UUID

from playwright.sync_api import Page, expect

from cdop.clock import FixedClock, noon
from cdop.deaths.service import notify
from cdop.statistics import settling
from tests.browser import assert_accessible
from tests.factories import child, told
from tests.journeys.conftest import Town
from tests.journeys.forms import follow, heading, press
from tests.journeys.notifying import Told
from tests.leaks import Canary

YEAR = "2026-27"
# Fridays: no due day that is counted from the week of a death falls on one.
OTHERS = tuple(
    Told(given=given, family=family, born_on=born_on, died_on=died_on)
    for given, family, born_on, died_on in (
        ("Ottoline", "Fernsby", date(2009, 3, 11), date(2026, 5, 8)),
        ("Percival", "Snodgrove", date(2012, 4, 22), date(2026, 6, 5)),
        ("Hyacinthe", "Larkmoor", date(2016, 8, 13), date(2026, 7, 3)),
        ("Barnaby", "Tumbleweir", date(2019, 1, 24), date(2026, 8, 7)),
        ("Clementine", "Oxgate", date(2021, 12, 15), date(2026, 9, 4)),
        ("Lysander", "Pennywick", date(2024, 7, 26), date(2026, 10, 2)),
        ("Marigold", "Ashlocke", date(2026, 1, 17), date(2026, 5, 15)),
    )
)


def given_other_deaths_of_the_year(town: Town) -> None:
    """A panel has more than one case: others were notified before."""
    county = town.county
    for number, other in enumerate(OTHERS):
        of = child(
            70_100 + number,
            given=other.given,
            family=other.family,
            born_on=other.born_on,
            died_on=other.died_on,
            sex="female" if number % 2 else "male",
            residence_area_id=county["herefordshire-area"],
        )
        county.register.do(
            county.actors["coordinator"], notify, told(county["herefordshire-cdop"], of)
        )


def canaries() -> list[Canary]:
    """Return what a search looks for of the other children."""
    return [Canary((o.given, o.family), days=(o.born_on, o.died_on)) for o in OTHERS]


def when_the_year_has_ended(clock: FixedClock, town: Town) -> None:
    """Everyone has gone home meanwhile: sessions end when nobody uses them."""
    clock.at = noon(date(2027, 4, 6))
    town.windows.clear()


def when_the_analyst_opens_the_year(town: Town) -> Page:
    """Deaths, notifications and reviews of the year are three populations, kept apart."""
    page = town.starts("analyst")
    assert_accessible(page)
    follow(page, "Statistics")
    heading(page, "Statistics")
    assert_accessible(page)
    page.get_by_role("row", name=YEAR).get_by_role("link").first.click()
    heading(page, "exact figures")
    expect(page.get_by_text("Internal").first).to_be_visible()
    assert_accessible(page)
    return page


def then_a_release_is_drafted_and_built(page: Page) -> None:
    """The server protects and proves it while the page shows how far it is."""
    follow(page, "Draft a release")
    heading(page, "Draft a release")
    assert_accessible(page)
    page.get_by_label("Who is it for?").fill("Invented public health team")
    press(page, "Draft it")
    expect(page.get_by_role("button", name="Stop: comparing the profiles")).to_be_visible()
    assert_accessible(page)
    press(page, "Stop: comparing the profiles")
    press(page, "Protect, attack and build it")
    expect(page.get_by_text("Waits for approval").first).to_be_visible(timeout=90_000)
    expect(page.get_by_text("[c]").first).to_be_visible()
    assert_accessible(page)


def then_a_second_person_approves_it(page: Page, town: Town) -> None:
    """Whoever built it cannot: somebody else lets it out."""
    expect(page.get_by_text("It waits for a release approver").first).to_be_visible()
    approver = town.county.actors["release-approver"]
    release_id = UUID(page.url.rpartition("/")[2])
    town.county.register.do(approver, settling.approve, release_id)
    page.reload()


def then_its_package_holds_protected_tables(page: Page) -> bytes:
    """The package is a zip: tables that mark what is confidential, and their description."""
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download the release").click()
    content = waited.value.path().read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
        described = json.loads(package.read(_one(names, "datapackage.json")))
        tables = [name for name in names if name.endswith(".csv")]
        marked = [name for name in tables if b"[c]" in package.read(name)]
    assert marked, f"no table marks anything as confidential: {tables}"
    paths = {resource["path"] for resource in described["resources"]}
    assert all(any(name.endswith(path) for name in names) for path in paths)
    return content


def _one(names: list[str], end: str) -> str:
    (found,) = (name for name in names if name.endswith(end))
    return found
