"""A release as a file: valid, whole, the same bytes every time, and silent about what is hidden."""

import csv
import io
import json
import re
import sys
import zipfile
import zlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from frictionless import Package as DataPackage
from frictionless import system
from weasyprint.urls import FatalURLFetchingError  # type: ignore[import-untyped]

from cdop.reference_files.service import Denominator
from cdop.statistics.contents import Place, keys, percent
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.drawing import Chart, png, svg
from cdop.statistics.package import Package, package_name, write_package
from cdop.statistics.protecting import Protected, protect_year
from cdop.statistics.report import printing
from cdop.statistics.report.printing import pdf
from cdop.statistics.report.released import released_report
from cdop.statistics.report.values import Grid, Part, Report
from cdop.statistics.tidy import csv_files
from cdop.statistics.workbook import neutral, workbook
from cdop.statistics.year_tables import YearTables, year_tables
from tests.unit.statistics.years import YEAR, herefordshire, larger

PARTNER = profile("partner-1to4")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def tables() -> YearTables:
    return year_tables(YEAR)


@pytest.fixture(scope="module")
def county(tables: YearTables) -> Protected:
    return protect_year(herefordshire(), tables, PARTNER)


@pytest.fixture(scope="module")
def package(county: Protected, tables: YearTables) -> bytes:
    return write_package(Package("invented-cdop", "Invented CDOP", tables, county, "0" * 64))


def contents(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def files(package: bytes) -> dict[str, str]:
    binary = (".png", ".pdf", ".xlsx", ".docx")
    return {n: c.decode() for n, c in contents(package).items() if not n.endswith(binary)}


def places(tables: YearTables, table: TableDefinition) -> list[tuple[str, tuple[str, ...]]]:
    return [(table.code, key) for key in keys(tables, table)]


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
        if name.startswith("tables/") and "-by-" in name
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
    text = csv_files(Package("x", "X", tables, protected, ""))["tables/percentages.csv"]
    assert None not in shown.values()
    yes, no = shown["yes"] or 0, shown["no"] or 0
    told = [row for row in rows(text) if row["measure"].startswith("modifiable")]
    assert [(r["of"], r["numerator"], r["denominator"], r["percent"]) for r in told] == [
        ("all reviews completed in the year", str(yes), str(total), percent(yes / total)),
        ("reviews with sufficient information", str(yes), str(yes + no), percent(yes / (yes + no))),
    ]


def test_a_count_that_rounds_to_0_is_no_nought_per_cent(
    county: Protected, tables: YearTables
) -> None:
    """One of five has modifiable factors; to a multiple of 5 that is [low], and so is its share."""
    table = "reviewed-by-modifiable"
    cells: dict[Place, int | None] = {
        (table, (TOTAL,)): 5,
        (table, ("yes",)): 0,
        (table, ("no",)): 5,
    }
    rounded = replace(county, profile=profile("rounded-5"), cells={**county.cells, **cells})
    package = Package("x", "X", tables, rounded, "", note="An invented note.")
    found = {row["measure"]: row for row in rows(csv_files(package)["tables/percentages.csv"])}
    row = found["modifiable-of-all"]
    assert (row["numerator"], row["percent"], row["percent_symbol"]) == ("", "", "[low]")
    report = released_report(package)
    assert not [said for said in report.parts[0].sentences if "%" in said]
    assert (report.parts[1].title, report.parts[1].sentences) == ("Note", ["An invented note."])


@pytest.mark.parametrize(
    ("whole", "printed"),
    [(15, ("", "[u]")), (20, ("25.0", ""))],
)
def test_few_deaths_that_are_rounded_have_no_percentage(
    county: Protected, tables: YearTables, whole: int, printed: tuple[str, str]
) -> None:
    """ "5 of 5" may have been 1 of 9: what is printed of so few would say more than is known."""
    table = "reviewed-by-modifiable"
    cells: dict[Place, int | None] = {(table, (TOTAL,)): whole, (table, ("yes",)): 5}
    rounded = replace(county, profile=profile("rounded-5"), cells={**county.cells, **cells})
    text = csv_files(Package("x", "X", tables, rounded, ""))["tables/percentages.csv"]
    row = next(row for row in rows(text) if row["measure"] == "modifiable-of-all")
    assert (row["percent"], row["percent_symbol"]) == printed


def test_rates_are_of_the_counts_as_shown(tables: YearTables) -> None:
    """A hidden part hides the rate; a missing population leaves it out, and says so."""
    cells = {place: 40 for table in tables.tables for place in places(tables, table)}
    cells["died-by-age", ("0-27-days",)] = None
    protected = Protected(cells, PARTNER, ("public",), 3, "")
    known = {"deaths-of-boys": Denominator(18_500, "mid-2013", "ONS")}
    known["infant-deaths"] = Denominator(1_900, "2013", "ONS")
    content = csv_files(Package("x", "X", tables, protected, "", known))
    found = {row["measure"]: row for row in rows(content["tables/rates.csv"])}
    boys, infants = found["deaths-of-boys"], found["infant-deaths"]
    assert (boys["rate"], boys["rate_lci"], boys["rate_uci"]) == ("216.2", "154.5", "294.4")
    assert (boys["count"], boys["denominator"], boys["rate_symbol"]) == ("40", "18500", "")
    hidden = (infants["count"], infants["rate"], infants["rate_lci"], infants["rate_symbol"])
    assert hidden == ("", "", "", "[c]")
    assert found["deaths-of-girls"]["rate_symbol"] == "[x]"


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
    content = contents(package)
    lines = content.pop("MANIFEST.sha256").decode().splitlines()
    assert {name: digest for digest, _, name in (line.partition("  ") for line in lines)} == {
        name: sha256(text).hexdigest() for name, text in content.items()
    }


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
    assert told["attackers_passed"] == ["public", "other-years", "family"]
    assert told["smallest_width_at_least"] == PARTNER.width
    assert told["counts"] == len(county.cells)
    assert told["counts_hidden"] == sum(shown is None for shown in county.cells.values()) > 0
    assert county.proof not in str(files(package))


def cells(book: bytes, sheet: str) -> list[str]:
    """Return the texts and numbers of a workbook's sheet, in order."""
    parts = contents(book)
    strings = [
        "".join(t.text or "" for t in each.iter(f"{SHEET}t"))
        for each in ElementTree.fromstring(parts["xl/sharedStrings.xml"])
    ]
    found = ElementTree.fromstring(parts[f"xl/worksheets/{sheet}.xml"]).iter(f"{SHEET}c")
    values = [(cell.get("t"), cell.findtext(f"{SHEET}v")) for cell in found]
    return [strings[int(v)] if kind == "s" else str(v) for kind, v in values if v]


def test_the_workbook_prints_what_the_tables_do(package: bytes, tables: YearTables) -> None:
    book = contents(package)["tables.xlsx"]
    names = ElementTree.fromstring(contents(book)["xl/workbook.xml"]).iter(f"{SHEET}sheet")
    sheets = [sheet.get("name") for sheet in names]
    numbers = [str(number) for number in range(1, len(tables.tables) + 1)]
    assert sheets == ["Cover", "Contents", *numbers, "Percentages", "Rates"]
    text = rows(files(package)["tables/died-by-age.csv"])
    wanted = [part for r in text for part in (r["age_band_label"], r["count"] or "[c]")]
    assert cells(book, "sheet3")[-len(wanted) :] == wanted
    assert b"<f>" not in b"".join(contents(book).values())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\u200b=1", "\t@x", "%x", "|x"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert neutral(text) == f"'{text}"
    assert neutral("Deaths, 0-27 days") == "Deaths, 0-27 days"
    assert neutral("[c]") == "[c]"


def test_a_board_cannot_be_named_into_a_formula(tables: YearTables, county: Protected) -> None:
    book = workbook(Package("x", "=HYPERLINK(1)", tables, county, ""))
    assert "'=HYPERLINK(1)" in cells(book, "sheet1")
    assert b"<f>" not in b"".join(contents(book).values())


def test_charts_draw_what_is_shown_and_no_more(package: bytes, county: Protected) -> None:
    drawing = ElementTree.fromstring(contents(package)["charts/reviewed-by-sex.svg"])
    texts = [each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [
        "Reviews completed in the year by sex",
        *("Male", "[c]", "Female", "[c]", "Indeterminate", "0", "Not known", "0"),
    ]
    bars = [each for each in drawing.iter() if each.get("fill") == "#005eb8"]
    assert county.cells["reviewed-by-sex", ("male",)] is None
    assert bars == []


def test_the_text_of_a_chart_is_in_its_png() -> None:
    """Without a font it vanishes, and no error tells of it."""
    chart = Chart("a", "", "", ("", ""), [("Words", 5, "5")])
    with_text, without = svg(chart), svg(replace(chart, rows=[("", 5, "")]))
    assert png(with_text) != png(without)
    assert png(with_text)[:8] == b"\x89PNG\r\n\x1a\n"


def unpacked(document: bytes) -> bytes:
    """Return a PDF with what its compressed streams hold."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL)
    return document + b"".join(zlib.decompress(s) for s in streams if s[:1] == b"x")


def test_the_report_reads_the_same_as_page_pdf_and_word(package: bytes) -> None:
    content = contents(package)
    page = content["report.html"].decode()
    word = contents(content["report.docx"])["word/document.xml"].decode()
    for words in ("In short", "Reviews completed in the year by sex", "0 or more, because they"):
        assert words in page
        assert words in word
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert word.count("w:tblHeader") == page.count("<thead>")
    assert word.count('descr="') == page.count("<svg")
    objects = unpacked(content["report.pdf"])
    assert b"pdfuaid" in objects
    assert b"/StructTreeRoot" in objects
    assert b"/CreationDate" not in objects


def test_a_report_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("Part", grids=[Grid("Grid", ["A"], [["B"]])])
    report = Report("T", "S", "", [part])
    assert pdf(report)[:5] == b"%PDF-"
    with monkeypatch.context() as patched:
        image = '<img src="file:///etc/hostname" alt="">'
        patched.setattr(printing, "html", lambda _: f"<html><body>{image}</body></html>")
        with pytest.raises(FatalURLFetchingError):
            pdf(report)


def test_without_pango_the_package_says_why_it_has_no_pdf(
    tables: YearTables, county: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    content = contents(write_package(Package("x", "X", tables, county, "")))
    assert "report.pdf" not in content
    assert "Pango" in content["report-pdf.txt"].decode()
    assert "report.html" in content
