"""Files of figures: read as they are written, refused by row and reason."""

import pytest

from cdop.errors import Invalid
from cdop.reference_files.reading import read_figures

AREAS = ["herefordshire-area"]
HEAD = """# kind: {kind}
# edition: invented
# title: Invented figures
# source: Invented for a test
# published: 2014-06-26
# valid_from: 2013-04-01
"""


def file(rows: str, kind: str = "population") -> str:
    return HEAD.format(kind=kind) + rows


def faults(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        read_figures(text, AREAS)
    return str(caught.value)


def test_a_file_is_read_with_its_heading() -> None:
    found = read_figures(file("area,year,count\nherefordshire-area,2013-14,36100\n"), AREAS)
    assert found.heading.source == "Invented for a test"
    assert found.content() == {
        "columns": ["area", "year", "count"],
        "rows": [["herefordshire-area", "2013-14", "36100"]],
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("herefordshire-area,2013,36100", "Row 9: Write a financial year as 2013-14."),
        ("herefordshire-area,2013-14,-1", "Row 9: the count must be a whole number above 0"),
        ("herefordshire-area,2013-14,1.5", "Row 9: the count must be a whole number above 0"),
        ("herefordshire-area,2013-14,", "Row 9: the count must be a whole number above 0"),
        ("nowhere,2013-14,10", "Row 9: its area is none of this register"),
        ("herefordshire-area,2013-14", "Row 9: it has 2 cells, not 3"),
        ("herefordshire-area,2012-13,5", "Row 9: it says again what row 8 says"),
    ],
)
def test_a_wrong_row_is_named_with_its_reason(row: str, said: str) -> None:
    assert faults(file(f"area,year,count\nherefordshire-area,2012-13,36100\n{row}\n")) == said


def test_a_cut_that_lacks_a_code_is_refused() -> None:
    """Its sum would be too small, and every rate of it too high."""
    rows = "area,year,sex,count\nherefordshire-area,2013-14,male,18000\n"
    assert faults(file(rows)) == "herefordshire-area, 2013-14: there is no row for female"


def test_a_look_up_needs_sectors_and_quintiles() -> None:
    text = file("sector,quintile\nZZ1 1,6\nZZ11,2\nZZ1 2,2\n", "deprivation")
    assert faults(text) == (
        "Row 8: a quintile is 1 (most deprived) to 5; "
        "Row 9: a postcode sector is written like HR1 2"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("area,year,count\n", "not in order: edition, kind"),
        (file("area,count\nx,1\n"), "The columns must be area, year"),
        (file("area,year,count\n"), "The file has no rows of figures"),
        (file("area,year,count\nx,2013-14,1\n", "wages"), "The kind of file must be one of"),
        (HEAD.replace("published: 2014-06-26", "published: soon"), "published"),
    ],
)
def test_a_file_that_does_not_say_what_it_is_is_refused(text: str, said: str) -> None:
    assert said in faults(text)
