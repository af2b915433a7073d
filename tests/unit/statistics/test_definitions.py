"""The year's tables as data: in force by date, and unable to name what statistics may not read."""

from pathlib import Path

import pytest

from cdop.deaths.models import Death, Notification
from cdop.errors import Invalid, Misconfigured
from cdop.security.sealing import sealed_columns
from cdop.statistics.definitions import DATA, READABLE, table_sets, year_tables


def test_the_edition_of_a_year_is_the_one_in_force_on_its_last_day() -> None:
    assert year_tables("2009-10").definitions.edition == "E1"
    assert year_tables("2010-11").definitions.edition == "E2"
    assert year_tables("2025-26", "E1").definitions.edition == "E1"


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
        (('by = ["review_state"]', 'by = ["category"]'), "no answer outside its population"),
        (('codelist = "sex"', 'codelist = "nothing"'), "no code list nothing"),
        (('codelist = "sex"', ""), "needs a code list or its own answers"),
        (('table = "reviewed-by-modifiable"', 'table = "none"'), "one-way table"),
        (("[[impossible]]", '[[impossible]]\nidentity = ["1"]'), "unknown column"),
        (('population = "notified"', 'population = "died"'), "three populations"),
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
