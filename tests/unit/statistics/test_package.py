"""A release as a file: valid, whole, the same bytes every time, and silent about what is hidden."""

import csv
import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from frictionless import Package as DataPackage
from frictionless import system

from cdop.statistics.definitions import YearTables, year_tables
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.package import Package, keys, package_name, percent, write_package
from cdop.statistics.protecting import Protected, protect_year
from tests.unit.statistics.years import YEAR, herefordshire, larger

PARTNER = profile("partner-1to4")


@pytest.fixture(scope="module")
def tables() -> YearTables:
    return year_tables(YEAR)


@pytest.fixture(scope="module")
def county(tables: YearTables) -> Protected:
    return protect_year(herefordshire(), tables, PARTNER)


@pytest.fixture(scope="module")
def package(county: Protected, tables: YearTables) -> bytes:
    return write_package(Package("invented-cdop", "Invented CDOP", tables, county, "0" * 64))


def files(package: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_table_prints_its_cells_in_the_order_of_the_code_lists(
    package: bytes, county: Protected, tables: YearTables
) -> None:
    content = files(package)
    for table in tables.tables:
        printed = rows(content[f"tables/{table.code}.csv"])
        assert [tuple(r[name] for name in table.by) for r in printed] == keys(tables, table)
        for row in printed:
            count = county.cells[table.code, tuple(row[name] for name in table.by)]
            shown = ("", "[c]") if count is None else (str(count), "")
            assert (row["count"], row["count_symbol"]) == shown
            assert row["population"] == table.population


def test_small_counts_and_their_complements_bear_one_symbol(package: bytes) -> None:
    symbols = {
        row["count_symbol"]
        for name, text in files(package).items()
        if name.startswith("tables/") and "percent" not in name
        for row in rows(text)
    }
    assert symbols == {"", "[c]"}


def test_a_hidden_count_hides_its_percentage(package: bytes) -> None:
    for row in rows(files(package)["tables/percentages.csv"]):
        assert (row["numerator"], row["percent"], row["percent_symbol"]) == ("", "", "[c]")


def test_a_percentage_names_what_it_is_of(tables: YearTables) -> None:
    """Inadequate information is in the total and not in the sufficient."""
    year = larger(tables, died=400, reviewed=300)
    protected = protect_year(year, tables, PARTNER)
    shown = {code: protected.cells["reviewed-by-modifiable", (code,)] for code in ("yes", "no")}
    total = protected.cells["reviewed-by-modifiable", (TOTAL,)]
    text = files(write_package(Package("x", "X", tables, protected, "")))["tables/percentages.csv"]
    assert None not in shown.values()
    yes, no = shown["yes"] or 0, shown["no"] or 0
    assert [(r["of"], r["numerator"], r["denominator"], r["percent"]) for r in rows(text)] == [
        ("all reviews completed in the year", str(yes), str(total), percent(yes, total)),
        ("reviews with sufficient information", str(yes), str(yes + no), percent(yes, yes + no)),
    ]


def test_a_percentage_of_nothing_is_empty() -> None:
    assert percent(1, 5) == "20.0"
    assert percent(15, 38) == "39.5"
    assert percent(0, 0) == percent(None, 5) == percent(1, None) == ""


def test_the_package_validates_against_its_own_description(package: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(tmp_path)
    described = json.loads((tmp_path / "datapackage.json").read_text())
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    with system.use_context(trusted=True):
        report = DataPackage(tmp_path / "datapackage.json").validate()
    assert report.valid, report.flatten(["name", "message"])
    assert {r["path"] for r in described["resources"]} == {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv")
    }


def test_a_code_that_no_list_has_does_not_validate(package: bytes, tmp_path: Path) -> None:
    """The foreign keys are real: the same check finds a planted fault."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(tmp_path)
    table = tmp_path / "tables" / "died-by-sex.csv"
    table.write_text(table.read_text().replace(",male,", ",planted,"))
    with system.use_context(trusted=True):
        assert not DataPackage(tmp_path / "datapackage.json").validate().valid


def test_the_manifest_lists_every_other_file(package: bytes) -> None:
    content = files(package)
    manifest = content.pop("MANIFEST.sha256")
    assert {
        name: digest for digest, _, name in (line.partition("  ") for line in manifest.splitlines())
    } == {name: sha256(text.encode()).hexdigest() for name, text in content.items()}


def test_the_package_is_the_same_bytes_and_tells_no_time(
    package: bytes, county: Protected, tables: YearTables
) -> None:
    again = write_package(Package("invented-cdop", "Invented CDOP", tables, county, "0" * 64))
    assert again == package
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = archive.namelist()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert names == sorted(names)
    assert package_name("invented-cdop", YEAR, "partner-1to4") == (
        "invented-cdop-2013-14-partner-1to4.zip"
    )


def test_the_proof_is_told_without_what_it_rests_on(package: bytes, county: Protected) -> None:
    """Profile and attackers; not how wide each proof is, nor a hash that true counts would fit."""
    told = json.loads(files(package)["disclosure.json"])
    assert told["attackers_passed"] == ["public", "other-years"]
    assert told["smallest_width_at_least"] == PARTNER.width
    assert told["counts"] == len(county.cells)
    assert told["counts_hidden"] == sum(shown is None for shown in county.cells.values()) > 0
    assert county.proof not in str(files(package))
