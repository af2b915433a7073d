"""What somebody types in the one box is read as they meant it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.deaths.terms import read

TODAY = date(2026, 11, 20)
DAY = date(2014, 5, 3)


@pytest.mark.parametrize(
    "typed",
    [
        "3/5/2014",
        "03/05/2014",
        "3-5-2014",
        "3.5.2014",
        "3 5 2014",
        "3/5/14",
        "3 May 2014",
        "3rd May 2014",
        "03 MAY 14",
        "3may2014",
        "May 3, 2014",
        "2014-05-03",
        "03052014",
    ],
)
def test_a_day_is_read_in_every_usual_way(typed):
    term = read(typed, TODAY)
    assert (term.days, term.words, term.fault) == ((DAY,), (), "")


def test_a_year_of_two_digits_has_been():
    assert read("3/5/26", TODAY).days == (date(2026, 5, 3),)
    assert read("3/5/27", TODAY).days == (date(1927, 5, 3),)


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("999 000 0018", ["number"]),
        ("999-000-0018 robin", ["number", "name"]),
        ("hr1 2ab", ["postcode"]),
        ("HR12AB smith", ["postcode", "name"]),
        ("smith 3/5/2014", ["date", "name"]),
        ("CD-2026-0042", ["reference"]),
        ("cd-2026-42 jones", ["reference", "name"]),
        ("May", ["name"]),
        ("April Jones", ["name"]),
        ("", []),
    ],
)
def test_each_kind_of_thing_is_told_from_the_others(typed, kinds):
    assert read(typed, TODAY).kinds == kinds


def test_hyphenated_names_stay_together():
    assert read("Anna Smith-Jones", TODAY).words == (("anna",), ("smith", "jones"))


def test_what_cannot_be_is_a_fault_and_not_a_name():
    for typed in ("31/2/2014", "943 476 5918"):
        term = read(typed, TODAY)
        assert term.fault
        assert term.kinds == []


def test_the_same_search_typed_otherwise_has_one_text():
    assert read("smith 3/5/2014", TODAY).canonical == read("3 May 2014  SMITH", TODAY).canonical
    assert read("smith", TODAY).canonical != read("smyth", TODAY).canonical


def test_a_term_does_not_print_what_was_typed():
    printed = repr(read("Smith 999 000 0018 3/5/2014 HR1 2AB", TODAY)).casefold()
    assert not any(part in printed for part in ("smith", "999", "2014", "hr1"))


@given(st.text(max_size=300))
def test_anything_can_be_typed(typed):
    read(typed, TODAY)
