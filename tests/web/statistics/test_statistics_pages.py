"""The pages of statistics: three populations apart, marked internal; a release, and its file."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdop.clock import FixedClock
from cdop.registers import open_register
from cdop.security.work import Register
from cdop.statistics import counting, proving, releasing
from cdop.statistics.year_tables import year_tables
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.conftest import NOW, sqlite_settings
from tests.deaths import YEAR, herefordshire_2013_14
from tests.desk import approved, drafted, released
from tests.factories import Herefordshire, herefordshire
from tests.panels import audited

EXACT = f"/statistics?cdop=herefordshire-cdop&year={YEAR}"


def published(register: Register) -> Herefordshire:
    found = herefordshire(register)
    herefordshire_2013_14(register, found["herefordshire-cdop"])
    return found


@pytest.fixture(scope="module")
def shared(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Herefordshire]:
    """Herefordshire's published year on SQLite, for tests that only read."""
    folder = tmp_path_factory.mktemp("statistics") / "register"
    shutil.copytree(sqlite_template, folder)
    register = open_register(sqlite_settings(folder), clock=FixedClock(NOW))
    yield published(register)
    register.engine.dispose()


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """The same, for tests that change it."""
    return published(sqlite_register)


def browser(county: Herefordshire, who: str) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors[who])


@pytest.fixture
def reader(shared: Herefordshire) -> Client:
    """The analyst's browser, on the shared register."""
    return browser(shared, "analyst")


@pytest.fixture
def web(county: Herefordshire) -> Client:
    """The analyst's browser, on a register of its own."""
    return browser(county, "analyst")


@pytest.fixture(scope="module")
def release(shared: Herefordshire) -> str:
    """The address of the release of the shared year."""
    return f"/statistics/releases/{released(shared).id}"


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_years_in_scope_lead_to_their_figures(web: Client) -> None:
    page = web.get("/statistics").text
    assert "Herefordshire CDOP" in page
    assert "Worcestershire" not in text(page).replace("Worcestershire Safeguarding", "")
    assert f'href="{EXACT.replace("&", "&amp;")}"' in page
    assert "Not released" in page


def test_a_year_leads_to_its_release_from_the_first_draft_on(
    county: Herefordshire, web: Client
) -> None:
    assert "/statistics/releases/" not in web.get("/statistics").text
    draft = drafted(county)
    for page in ("/statistics", EXACT):
        assert ">Draft</a>" in web.get(page).text
    proving.build(county.register, county.actors["analyst"], draft.id)
    page = web.get("/statistics").text
    assert ">Waits for approval</a>" in page
    assert ">Draft</a>" not in page
    approved(county, draft)
    for page in ("/statistics", EXACT):
        assert "Open the release" in web.get(page).text
    assert "The year has been released." in web.get(EXACT).text


def test_an_exact_year_is_internal_and_keeps_three_populations_apart(reader: Client) -> None:
    answer = reader.get(EXACT)
    shown = text(answer.text)
    assert "INTERNAL" in shown
    for heading in ("Died in the year: 11", "Notified in the year: 10", "Reviewed in the year: 5"):
        assert heading in shown
    assert "1 of 5 (20.0%), of all reviews completed in the year" in shown
    assert "1 of 5 (20.0%), of reviews with sufficient information" in shown
    assert answer.headers["cache-control"] == "no-store"


def test_reading_an_exact_year_is_audited_and_listing_years_is_not(
    county: Herefordshire, web: Client
) -> None:
    web.get("/statistics")
    assert not audited(county.register, counting.READ)
    web.get(EXACT)
    assert len(audited(county.register, counting.READ)) == 1


def test_every_bar_stands_beside_its_number(reader: Client) -> None:
    page = reader.get(EXACT).text
    drawn = [table for table in year_tables(YEAR).every if len(table.by) == 1]
    assert page.count("<svg") == page.count("cdop-chart__table") == len(drawn)
    assert page.count("<desc") == len(drawn)


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("panel-member", EXACT),
        ("neighbour", EXACT),
        ("jcr-member", EXACT),
        ("analyst", "/statistics?cdop=worcestershire-cdop&year=2013-14"),
        ("analyst", "/statistics?cdop=nowhere&year=2013-14"),
        ("analyst", "/statistics/releases/00000000-0000-0000-0000-000000000000"),
        ("analyst", "/statistics/releases/1"),
        ("coordinator", "/statistics/releases/00000000-0000-0000-0000-000000000000"),
    ],
)
def test_absent_out_of_scope_and_not_permitted_are_one_page(
    shared: Herefordshire, who: str, path: str
) -> None:
    answer = browser(shared, who).get(path)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_year_that_is_none_is_said_to_be_so(reader: Client) -> None:
    answer = reader.get("/statistics?cdop=herefordshire-cdop&year=2013")
    assert answer.status_code == 422
    assert "2013-14" in answer.text


def test_a_release_shows_no_small_count_and_no_bar_for_a_hidden_one(
    reader: Client, release: str
) -> None:
    page = reader.get(release).text
    found = re.findall(r'<th scope="row"[^>]*>(.*?)</th><td[^>]*>(.*?)</td>', page, flags=re.DOTALL)
    values = [value for _, value in found]
    assert "[c]" in values
    assert not {"1", "2", "3", "4"} & set(values)
    charts = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    for chart in charts:
        drawn = len(re.findall(r"cdop-chart__bar", chart))
        numbers = re.findall(r'text-anchor="end">(.*?)</text>', chart)
        assert drawn == sum(value not in ("0", "[c]") for value in numbers)
    assert "Modifiable factors identified: [c], of all reviews" in text(page)


def test_what_was_proved_is_said_in_plain_words(reader: Client, release: str) -> None:
    shown = text(reader.get(release).text)
    assert "3 or more apart" in shown
    assert "anyone who also has the releases of other years" in shown


def test_the_package_downloads_under_a_name_without_counts(
    shared: Herefordshire, reader: Client, release: str
) -> None:
    answer = reader.get(f"{release}/package")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == (
        'attachment; filename="herefordshire-cdop-2013-14-partner-1to4.zip"'
    )
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "datapackage.json" in archive.namelist()
    line = audited(shared.register, releasing.READ)[-1]
    assert (line.outcome, line.actor) == ("done", "analyst")


def test_a_release_is_linked_from_its_year(reader: Client, release: str) -> None:
    assert f'href="{release}"' in reader.get(EXACT).text
    assert f'href="{release}"' in reader.get("/statistics").text
    assert f'href="{release}"' in reader.get("/statistics/releases").text


def test_only_who_may_builds_or_reads_a_release(shared: Herefordshire, release: str) -> None:
    coordinator = browser(shared, "coordinator")
    assert "Draft a release" not in coordinator.get(EXACT).text
    assert coordinator.get("/statistics/releases").status_code == 404
    assert coordinator.get(release).status_code == 404
    assert coordinator.get(f"{release}/package").status_code == 404


def test_a_group_member_finds_the_outcomes_of_referrals(shared: Herefordshire) -> None:
    page = browser(shared, "jcr-member").get("/statistics").text
    assert 'href="/reports/jcr-outcomes"' in page
    assert "Herefordshire Joint Case Review group" in page
