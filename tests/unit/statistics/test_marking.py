"""Counts that may still change, have changed, or do not go with the year before say so."""

import csv
import io
import json
from datetime import date

import frictionless
import pytest

from cdop.statistics.contents import Package, keys, told_of_all
from cdop.statistics.describing import describe
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.marking import BREAK, PROVISIONAL, REVISED, marks
from cdop.statistics.protecting import Protected
from cdop.statistics.report.released import text
from cdop.statistics.tidy import csv_files
from cdop.statistics.workbook import workbook
from cdop.statistics.year_tables import YearTables, year_tables

LATE = date(2030, 1, 1)
DIED, REVIEWED = ("died-by-sex", ("male",)), ("reviewed-by-sex", ("male",))


def cells(
    tables: YearTables, number: int | None = 7
) -> dict[tuple[str, tuple[str, ...]], int | None]:
    return {(t.code, key): number for t in tables.tables for key in keys(tables, t)}


def test_deaths_are_provisional_until_a_year_after_and_reviews_are_not() -> None:
    tables = year_tables("2013-14")
    shown = cells(tables)
    early, late = (
        marks(tables, ("2013-14",), day, shown, {}) for day in (date(2015, 3, 31), date(2015, 4, 1))
    )
    assert early[DIED] == PROVISIONAL
    assert REVIEWED not in early
    assert late == {}


def test_a_number_that_differs_from_the_edition_before_is_revised() -> None:
    """Only where both printed one: what is hidden, or was, tells nothing."""
    tables = year_tables("2013-14")
    shown = cells(tables) | {REVIEWED: None}
    before = cells(tables) | {DIED: 6, REVIEWED: 5, ("died-by-age", (TOTAL,)): None}
    assert marks(tables, ("2013-14",), LATE, shown, before) == {DIED: REVISED}


@pytest.mark.parametrize(
    ("year", "broken", "whole"),
    [
        ("2010-11", "reviewed-by-modifiable", "reviewed-by-sex"),  # preventable became modifiable
        ("2020-21", "reviewed-by-factors-c", "reviewed-by-modifiable"),  # other domains
    ],
)
def test_a_table_that_was_asked_otherwise_the_year_before_is_a_break(
    year: str, broken: str, whole: str
) -> None:
    tables = year_tables(year)
    found = marks(tables, (year,), LATE, cells(tables), {})
    assert found[broken, (TOTAL,)] == BREAK
    assert (whole, (TOTAL,)) not in found


def test_the_first_year_and_a_pool_of_like_years_have_no_break() -> None:
    for year, years in (("2008-09", ("2008-09",)), ("2013-14", ("2012-13", "2013-14"))):
        tables = year_tables(year)
        assert marks(tables, years, LATE, cells(tables), {}) == {}


def test_marks_are_in_every_form_of_the_package(tmp_path) -> None:
    tables = year_tables("2010-11")
    shown = cells(tables)
    found = marks(tables, ("2010-11",), date(2011, 9, 1), shown, {DIED: 6})
    protected = Protected(shown, profile("partner-1to4"), ("public",), 3, "")
    package = Package("x", "X", tables, protected, "", marks=found)
    files = csv_files(package)
    rows = list(csv.DictReader(io.StringIO(files["tables/died-by-sex.csv"])))
    assert [row["marks"] for row in rows if row["sex"] == "male"] == ["[p] [r]"]
    (died,) = (table for table in tables.tables if table.code == "died-by-sex")
    assert text(package, died, ("male",)) == "7 [p] [r]"
    assert told_of_all(package, died) == [PROVISIONAL]
    assert workbook(package)[:2] == b"PK"
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "datapackage.json").write_text(json.dumps(describe(package)))
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid, report.flatten(["resourceName", "fieldName", "message"])[:5]
