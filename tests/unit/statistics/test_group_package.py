"""The package of a group's release: the founding report's table, in the words of referrals."""

import json
from datetime import date
from pathlib import Path

from frictionless import Package as DataPackage
from frictionless import system

from cdop.statistics.contents import Package, Place
from cdop.statistics.describing import describe
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.explaining import readme
from cdop.statistics.marking import BREAK, marks
from cdop.statistics.protecting import Wish, protect_release
from cdop.statistics.report.printing import html
from cdop.statistics.report.released import released_report
from cdop.statistics.subjects import REFERRALS
from cdop.statistics.tidy import csv_files
from tests.unit.statistics.group_years import HEREFORDSHIRE, YEAR, counted_in, tables


def package() -> Package:
    """Return Herefordshire's published referrals, to multiples of 3."""
    counted = counted_in(YEAR, HEREFORDSHIRE)
    protected = protect_release(counted, profile("rounded-3"), Wish(seed=1))
    return Package("invented-jcr", "Invented JCR group", counted.tables, protected, "digest")


def test_its_files_fit_their_description(tmp_path: Path) -> None:
    of = package()
    for path, text in csv_files(of).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    described = describe(of)
    (tmp_path / "datapackage.json").write_text(json.dumps(described))
    with system.use_context(trusted=True):
        report = DataPackage(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["fieldName", "note"])
    assert {each["path"] for each in described["resources"]} == set(csv_files(of))


def test_its_report_prints_the_table_of_outcomes_as_it_was_published() -> None:
    of = package()
    (grid,) = next(
        part.grids for part in released_report(of).parts if part.title.startswith("Outcome")
    )
    assert list(grid.head) == ["Outcome of Referral to JCR", "Children", "Adults", "DHR"]
    labels = [row[0] for row in grid.rows]
    assert labels[:2] == ["Referrals Received", "Serious Case Reviews"]
    assert labels[-1].endswith("following referrals made in 2012-2013")
    cells = of.protected.cells
    received = [
        cells["referred-by-board", (b,)] for b in ("children", "adults", "community-safety")
    ]
    assert grid.rows[0][1:] == [str(each) if each else "0 [low]" for each in received]
    late = cells["completed-by-following-and-board", ("year-before", "children")]
    assert grid.rows[-1][1].split()[0] == str(late)


def test_it_speaks_of_referrals_and_of_no_death() -> None:
    of = package()
    for words in (readme(of), html(released_report(of)), *csv_files(of).values()):
        assert "death" not in words.replace(REFERRALS.words.apart, "").lower()
    assert REFERRALS.words.apart in readme(of)
    assert "a referral may be of one year" in readme(of)


def test_rapid_reviews_break_the_series_of_outcomes() -> None:
    cells: dict[Place, int | None] = {
        ("referred-by-outcome", (TOTAL,)): 9,
        ("referred-by-board", (TOTAL,)): 9,
    }
    said = marks(tables("2018-19"), ("2018-19",), date(2020, 1, 1), cells, {})
    assert said == {("referred-by-outcome", (TOTAL,)): BREAK}
    assert not marks(tables("2017-18"), ("2017-18",), date(2020, 1, 1), cells, {})
