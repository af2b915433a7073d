"""OWASP ASVS 5.0, requirement by requirement: `asvs/`, one file for each chapter.

`met` names the tests that show it. `not applicable` and `deviation` say why. `beyond` is for
requirements of level 3 that are not claimed; all of levels 1 and 2 are. The numbers and levels are
OWASP's (5.0.0); all words are ours.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.architecture.assurance.evidence import missing

FILES = sorted((Path(__file__).parent / "asvs").glob("*.toml"))
STATUSES = {"met", "not applicable", "deviation", "beyond"}
# Of the standard as published: how many requirements each level adds.
PUBLISHED = {1: 70, 2: 183, 3: 92}


@dataclass
class Row:
    """What is said of a requirement, or of a whole section that does not apply."""

    number: str
    about: str
    status: str
    how: str
    tests: list[str] = field(default_factory=list)


LEVELS: dict[str, int] = {}
ROWS: list[Row] = []
for _file in FILES:
    _chapter = tomllib.loads(_file.read_text())
    for _section, _digits in _chapter.pop("levels").items():
        LEVELS |= {f"{_section}.{n}": int(d) for n, d in enumerate(_digits, 1)}
    assert _chapter.pop("title")
    ROWS += [Row(number, **said) for number, said in _chapter.items()]


def covered(row: Row) -> list[str]:
    """Return the requirements of which a row speaks."""
    return [n for n in LEVELS if n == row.number or n.startswith(f"{row.number}.")]


def test_the_numbers_are_those_of_the_standard() -> None:
    assert Counter(LEVELS.values()) == PUBLISHED
    assert len(FILES) == 17


def test_every_requirement_has_one_row() -> None:
    said = Counter(number for row in ROWS for number in covered(row))
    assert [number for number, times in said.items() if times > 1] == []
    assert [number for number in LEVELS if number not in said] == []
    assert [row.number for row in ROWS if not covered(row)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_what_is_said_has_its_evidence(row: Row) -> None:
    assert row.status in STATUSES
    assert row.about
    assert row.how.endswith(".")
    assert missing(row.tests) == []
    if row.status == "met":
        assert row.tests, "nothing shows it"
    if row.status == "not applicable":
        assert not row.tests
    else:
        assert row.number in LEVELS, "only what does not apply may be said of a whole section"


def test_levels_one_and_two_are_claimed_whole() -> None:
    beyond = [row.number for row in ROWS if row.status == "beyond"]
    assert [number for number in beyond if LEVELS[number] < 3] == []
