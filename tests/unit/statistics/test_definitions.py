"""The year's tables as data: in force by date, and unable to name what statistics may not read."""

from datetime import date
from pathlib import Path

import pytest

from cdop.deaths.models import Death, Notification
from cdop.errors import Invalid, Misconfigured
from cdop.reference import codelist
from cdop.security.sealing import sealed_columns
from cdop.statistics.definitions import READABLE
from cdop.statistics.year_tables import DATA, pooled_years, table_sets, year_tables


def test_the_edition_of_a_year_is_the_one_in_force_on_its_last_day() -> None:
    assert year_tables("2009-10").definitions.edition == "E1.3"
    assert year_tables("2010-11").definitions.edition == "E2.3"
    assert year_tables("2025-26").definitions.edition == "E3.3"
    assert year_tables("2025-26", "E1.3").definitions.edition == "E1.3"


def test_an_old_release_reads_the_tables_by_which_it_was_built() -> None:
    codes = {table.code for table in year_tables("2013-14", "E2").every}
    assert "reviewed-by-year-of-death" in codes
    assert "reviewed-by-category-and-age" not in codes
    second = year_tables("2013-14", "E2.2")
    assert "reviewed-by-deprivation" not in {table.code for table in second.tables}


@pytest.mark.parametrize("year", ["2009-10", "2013-14", "2021-22"])
def test_a_release_holds_the_annual_set(year: str) -> None:
    tables = year_tables(year)
    wanted = {
        *("review", "age", "sex", "ethnic-group", "deprivation", "place", "expected"),
        *("year-of-death", "time", "category", "modifiable", "event", "social-care"),
        *("asylum-seeker", "case-review", "agency-response"),
        *("statutory-order", "category-and-age", "category-and-modifiable"),
        *("category-and-ethnic-group", "factors-a", "factors-b", "factors-c", "factors-d"),
    }
    assert wanted <= {table.code.partition("-by-")[2] for table in tables.tables}
    assert "within-year" in {measure.code for measure in tables.measures}


def test_internal_tables_are_in_no_release() -> None:
    """As those of the first edition were that a proof could not carry then."""
    tables = year_tables("2013-14", "E2.2")
    inside, every = {t.code for t in tables.tables}, {t.code for t in tables.every}
    assert "reviewed-by-social-care" in every - inside
    assert "social_care" not in {column.name for column in tables.columns}
    assert "within-year" not in {measure.code for measure in tables.measures}


def test_every_domain_of_the_year_s_form_has_a_table() -> None:
    for year, day in (("2009-10", date(2010, 3, 31)), ("2021-22", date(2022, 3, 31))):
        tables = year_tables(year)
        told = [d for column in tables.columns for d in column.domains]
        assert set(codelist("domains", day).codes()) <= set(told)
        assert len(told) == len(set(told))


def test_every_place_of_death_is_in_one_group() -> None:
    """A place that no group has would be in a total and in no row."""
    tables = year_tables("2025-26")
    (place,) = [c for c in tables.definitions.columns if c.name == "place"]
    grouped = [fine for item in place.items for fine in item.of]
    assert sorted(grouped) == sorted(codelist("place-of-death", date(2026, 3, 31)).codes())


@pytest.mark.parametrize(("year", "pooled"), [("2013-14", 0), ("2013-14", 6), ("2011-12", 3)])
def test_years_of_other_questions_are_not_pooled(year: str, pooled: int) -> None:
    """2009-10 asked for preventable deaths, later years for modifiable factors."""
    with pytest.raises(Invalid):
        pooled_years(year, pooled)


def test_pooled_years_end_with_the_one_named() -> None:
    assert pooled_years("2013-14", 3) == ("2011-12", "2012-13", "2013-14")


def test_preventable_and_modifiable_are_never_one_table() -> None:
    """E1 asked another question: its answers are other codes under another title."""
    first, second = year_tables("2009-10"), year_tables("2010-11")
    assert set(first.codes("modifiable")) & set(second.codes("modifiable")) == {"inadequate"}
    titles = {t.code: t.title for t in first.tables}
    assert "preventability" in titles["reviewed-by-modifiable"]


def test_every_table_counts_one_population() -> None:
    for found in table_sets():
        assert {t.population for t in found.every} == {"died", "notified", "reviewed"}
        assert all(t.code.startswith(f"{t.population}-by-") for t in found.every)


@pytest.mark.parametrize("year", ["2013", "2013-15", "2013/14", "2007-08", "", "2013-14\n"])
def test_a_year_without_tables_is_refused(year: str) -> None:
    with pytest.raises(Invalid):
        year_tables(year)


def test_no_sealed_column_is_readable() -> None:
    assert not READABLE & {
        name for table in (Death, Notification) for name in sealed_columns(table)
    }
    assert not READABLE & {"reference", "notified_on", "reviewed_on", "residence_area_id"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('name = "sex"', 'name = "identity"'), "may not read the column identity"),
        (('name = "sex"', 'name = "reference"'), "may not read the column reference"),
        (('by = ["sex"]', 'by = ["postcode"]'), "counts by postcode"),
        (('of = "place_of_death"', 'of = "reference"'), "may not read the column reference"),
        (('by = ["review_state"]', 'by = ["category"]'), "no answer outside its population"),
        (('codelist = "sex"', 'codelist = "nothing"'), "no code list nothing"),
        (('domains = ["child", "A"]', ""), "factors are told by their domains"),
        (('codelist = "sex"', ""), "needs a code list or its own answers"),
        (('table = "reviewed-by-modifiable"', 'table = "none"'), "one-way table"),
        (('{ numerator = ["1-4-years"], where', '{ numerator = ["male"], where'), "not the parts"),
        (("[[impossible]]", '[[impossible]]\nidentity = ["1"]'), "unknown column"),
        (('population = "notified"', 'population = "died"'), "each of the populations of deaths"),
        (('source = "After', 'source = After"'), "not TOML"),
    ],
)
def test_a_definition_at_fault_does_not_load(
    change: tuple[str, str], fault: str, tmp_path: Path
) -> None:
    text = DATA.read_text()
    assert change[0] in text
    path = tmp_path / "tables.toml"
    path.write_text(text.replace(*change))
    with pytest.raises(Misconfigured, match=fault):
        table_sets(path)
