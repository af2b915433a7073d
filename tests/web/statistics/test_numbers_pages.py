"""The dashboard, the table builder, the internal report: exact, or as it was released."""

import html
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.registers import open_register
from cdop.statistics import over_years, released
from cdop.statistics.archive import pack
from cdop.statistics.models import Release
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.conftest import NOW, sqlite_settings
from tests.deaths import YEAR, herefordshire_2013_14
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.panels import audited

PANEL = "herefordshire-cdop"
ASKED = {"cdop": PANEL, "year": YEAR, "pooled": "1", "population": "reviewed", "by": "sex"}
SHOWN = {"total": None, "male": 7, "female": None, "indeterminate": 0, "not-known": 0}
HEAD = "year,years_pooled,population,x,x_label,count,count_symbol"
PERCENT = "year,measure,title,of,numerator,denominator,percent,percent_lci,percent_uci"
FILES = {
    "tables/died-by-age.csv": f"{HEAD}\n2013-14,1,died,total,All,11,\n",
    "tables/notified-by-age.csv": f"{HEAD}\n2013-14,1,notified,total,All,10,\n",
    "tables/reviewed-by-sex.csv": f"{HEAD}\n2013-14,1,reviewed,total,All,,[c]\n",
    "tables/percentages.csv": f"{PERCENT},percent_symbol\n"
    "2013-14,modifiable-of-sufficient,t,o,,,,,,[c]\n",
}


@pytest.fixture(scope="module")
def county(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Herefordshire]:
    """Herefordshire's published year on SQLite, and a release of it in which reviews are hidden."""
    folder = tmp_path_factory.mktemp("numbers") / "register"
    shutil.copytree(sqlite_template, folder)
    register = open_register(sqlite_settings(folder), clock=FixedClock(NOW))
    found = herefordshire(register)
    herefordshire_2013_14(register, found[PANEL])
    row = Release(
        organisation_id=found[PANEL],
        year=YEAR,
        profile="partner-1to4",
        edition="E2.2",
        state="released",
        drafted_at=NOW,
        drafted_by="a",
        built_at=NOW,
        built_by="a",
        approved_at=NOW,
        approved_by="b",
        digest="d" * 64,
        ledger={"cells": [["reviewed-by-sex", [c], n] for c, n in SHOWN.items()]},
        package=pack({name: text.encode() for name, text in FILES.items()}, None),
    )
    with register.work(MAKER) as work:
        work.session.add(row)
    yield found
    register.engine.dispose()


def browser(county: Herefordshire, who: str) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors[who])


def test_whoever_may_sees_exact_numbers_over_the_years(county: Herefordshire) -> None:
    page = browser(county, "panel-chair").get("/statistics/dashboard").text
    assert "Not for publication" in page
    assert page.count("<svg") == page.count("cdop-chart__table") == 6
    assert "25.0% (4.6 to 69.9)" not in page
    assert "20.0% (3.6 to 62.4)" in page  # 1 of 5, Wilson
    assert audited(county.register, "statistics:exact:read")[-1].detail["report"] == "dashboard"


def test_others_see_them_as_they_were_released(county: Herefordshire) -> None:
    """The hidden number of reviews is in no text, bar or sentence of the page."""
    page = browser(county, "panel-member").get("/statistics/dashboard").text
    assert "Not for publication" not in page
    drawing = page.partition("Reviewed in the year</h2>")[2].partition("<h2>")[0]
    assert "[c]" in drawing
    assert "cdop-chart__bar" not in drawing
    assert "62.4" not in page
    assert audited(county.register, over_years.READ)[-1].detail["report"] == "dashboard"


def test_a_year_that_was_not_released_has_no_number(county: Herefordshire) -> None:
    page = browser(county, "panel-member").get("/statistics/dashboard").text
    died = page.partition("Died in the year</h2>")[2].partition("<h2>")[0]
    assert "not released" in died  # 2014-15, in which one of the deaths was notified


@pytest.mark.parametrize("who", ["notifier", "administrator", "jcr-member", "neighbour"])
def test_the_dashboard_is_for_the_panel(county: Herefordshire, who: str) -> None:
    answer = browser(county, who).get(f"/statistics/dashboard?cdop={PANEL}")
    assert answer.status_code == 404


def test_a_question_is_answered_exactly_and_audited(county: Herefordshire) -> None:
    client = browser(county, "analyst")
    assert client.get("/statistics/builder").status_code == 200
    page = client.submit("/statistics/builder", ASKED).text
    assert "Reviews completed in the year by sex" in page
    assert audited(county.register, "statistics:exact:read")[-1].detail["by"] == ["sex"]
    two = client.submit("/statistics/builder", {**ASKED, "across": "place", "pooled": "3"})
    assert "Reviewed in the year by sex and place of death" in two.text
    assert "3 years to the end of 2013-14" in two.text


def test_whoever_may_not_see_exact_counts_is_answered_as_a_release_shows_it(
    county: Herefordshire,
) -> None:
    client = browser(county, "panel-member")
    page = client.submit("/statistics/builder", ASKED).text
    assert "As a release shows it" in page
    assert "Draft a release" not in page
    assert "[c]" in page.partition("<dl")[2]  # the key to what stands in the table
    links = set(re.findall(r'href="(/statistics[^"#]*)"', page))
    assert links == {"/statistics/dashboard"}  # to no page that this reader may not open
    table = page.partition("cdop-chart__table")[2].partition("</table>")[0]
    assert re.findall(r"\[c\]|\b[0-9]+\b", re.sub(r"<[^>]*>", " ", table))[:2] == ["7", "[c]"]
    assert audited(county.register, over_years.READ)[-1].detail["by"] == ["sex"]
    other = client.submit("/statistics/builder", {**ASKED, "by": "place"}).text
    assert "No release of this year holds this table" in other
    assert "cdop-chart__table" not in other


def test_a_table_goes_from_the_builder_to_a_draft(county: Herefordshire) -> None:
    client = browser(county, "analyst")
    page = client.submit("/statistics/builder", {**ASKED, "across": "place"}).text
    (address,) = re.findall(r'href="(/statistics/releases/new[^"]*)"', page)
    form = client.get(html.unescape(address)).text
    assert "Reviewed in the year by sex and place of death" in form
    typed = {
        **dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)),
        "years": "1",
        "recipients": "Invented team",
        "audience": "partner",
        "profile": "rounded-5",
    }
    typed.pop("csrf")
    kept = client.submit("/statistics/releases", {**typed, "recipients": ""})
    assert (kept.status_code, "sex and place of death" in kept.text) == (422, True)
    drafted = client.submit("/statistics/releases", typed)
    shown = client.get(drafted.headers["location"]).text
    assert "Reviewed in the year by sex and place of death" in shown
    assert "Reviewed in the year by sex and place" in client.get("/statistics/releases").text
    odd = html.unescape(address).replace("by=sex", "by=identity")
    assert client.get(odd).status_code == 422


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": "identity"}, "Statistics may not read that column"),
        ({"by": "postcode"}, "Statistics may not read that column"),
        ({"population": "died", "by": "category"}, "known of"),
        ({"across": "sex"}, "two that differ"),
        ({"population": "all"}, "Choose whom to count"),
        ({"year": "2013"}, "Write a financial year as 2013-14"),
        ({"year": "2011-12", "pooled": "3"}, "asked other questions"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    county: Herefordshire, change: dict[str, str], said: str
) -> None:
    answer = browser(county, "analyst").submit("/statistics/builder", ASKED | change)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_the_internal_report_has_the_founding_tables(county: Herefordshire) -> None:
    client, address = browser(county, "analyst"), f"cdop={PANEL}&year={YEAR}"
    page = client.get(f"/statistics/report?{address}")
    for words in ("Reviewed in the year: 5", "Outcome of referral to JCR", "Factors by domain"):
        assert words in page.text
    assert "INTERNAL" in page.text
    assert "<style" not in page.text
    (style,) = re.findall(r'href="(/static/css/report[^"]*)"', page.text)
    assert client.get(style).status_code == 200
    assert client.get(f"/statistics/report.pdf?{address}").content[:5] == b"%PDF-"
    word = client.get(f"/statistics/report.docx?{address}")
    assert "INTERNAL" in word.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(word.content)) as made:
        assert "INTERNAL" in made.read("word/header1.xml").decode()
    for who in ("panel-member", "neighbour"):
        assert browser(county, who).get(f"/statistics/report?{address}").status_code == 404


def test_released_files_are_read_as_they_are(county: Herefordshire) -> None:
    with county.register.reading(MAKER) as work:
        (row,) = work.session.exec(select(Release).where(Release.state == "released")).all()
        assert {n: c.decode() for n, c in released.files(row).items() if n in FILES} == FILES
