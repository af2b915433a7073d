"""When two accounts tell of one child: what the rule offers, and what it leaves apart."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdop.deaths import thresholds
from cdop.deaths.likeness import Decision, compare, could_be_one, days
from cdop.deaths.naming import tokens
from tests.factories import child

UNNUMBERED = ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Łucja O'Neill-Müller", ("lucja", "oneill", "muller")),
        ("STRAẞE Ærø", ("strasse", "aero")),
        ("  d’Arcy   (Jo) ", ("darcy", "jo")),
        ("Ｅｘａｍｐｌｅ", ("example",)),
        ("İpek", ("ipek",)),
        ("Þóra Đặng", ("thora", "dang")),
        ("", ()),
        ("--", ()),
    ],
)
def test_a_name_becomes_its_words_without_marks(typed, words):
    assert tokens(typed) == words


@given(st.text(max_size=60))
def test_normalising_twice_is_normalising_once(text):
    once = tokens(text)
    assert tokens(" ".join(once)) == once


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=40))
def test_capitals_and_hyphens_make_no_difference(text):
    assert tokens(text.upper()) == tokens(text.upper().lower())
    assert tokens(text.replace("-", " ")) == tokens(text)


@given(st.text(max_size=60))
def test_only_letters_and_digits_are_left(text):
    assert all(word.isalnum() for word in tokens(text))


def test_marks_typed_apart_or_together_are_one_name():
    assert tokens("Zoe\u0308") == tokens("Zo\u00eb") == ("zoe",)


NUMBERED = child(1)


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({}, Decision.SAME),
        ({"nhs_number": UNNUMBERED}, Decision.SAME),
        ({"nhs_number": UNNUMBERED, "given": "Exmaple"}, Decision.SAME),
        ({"nhs_number": UNNUMBERED, "given": "Testchild", "family": "Example"}, Decision.SAME),
        ({"nhs_number": UNNUMBERED, "family": "Testchild-Sample"}, Decision.SAME),
        ({"nhs_number": UNNUMBERED, "born_on": date(2026, 1, 3)}, Decision.SAME),
        ({"nhs_number": UNNUMBERED, "given": "", "family": ""}, Decision.POSSIBLE),
        ({"nhs_number": UNNUMBERED, "given": "Baby"}, Decision.POSSIBLE),
        ({"nhs_number": UNNUMBERED, "family": "Otherwise"}, Decision.POSSIBLE),
        ({"nhs_number": UNNUMBERED, "given": "Quentin"}, Decision.DIFFERENT),
        (
            {
                "nhs_number": UNNUMBERED,
                "born_on": date(2019, 7, 22),
                "died_on": date(2024, 9, 8),
            },
            Decision.DIFFERENT,
        ),
    ],
)
def test_what_the_rule_says_of_another_account(changes, decision):
    assert compare(NUMBERED, child(**changes)).decision == decision


def test_twins_with_numbers_of_their_own_are_two_children():
    assert compare(child(1, given="Examplea"), child(2, given="Exampleb")).decision == "different"


def test_unnamed_twins_told_apart_by_number_are_two_children():
    one, other = (child(given=f"Baby twin {n}", nhs_number=UNNUMBERED) for n in "12")
    assert compare(one, other).decision == "different"
    assert compare(one, one).decision == "possible"


def test_a_mistaken_number_with_all_else_the_same_is_for_a_person_to_see():
    verdict = compare(child(1), child(2))
    assert verdict.decision == "possible"
    assert "another NHS number" in verdict.reasons


def test_nothing_but_a_number_makes_the_same_child_without_a_given_name():
    unnamed = child(given="", nhs_number=UNNUMBERED)
    assert compare(unnamed, child(nhs_number=UNNUMBERED)).decision == "possible"


def test_a_former_name_is_a_name_of_the_child():
    known = child(family="Changed", nhs_number=UNNUMBERED)
    known.names.also_known_as = "Testchild; Somebody Else"
    assert compare(known, child(nhs_number=UNNUMBERED)).decision == "same"


@given(st.sampled_from([{}, {"given": "Baby"}, {"family": "Otherwise"}, {"given": ""}]))
def test_the_order_of_two_accounts_makes_no_difference(changes):
    other = child(2, **changes)
    assert compare(NUMBERED, other) == compare(other, NUMBERED)


@settings(max_examples=200)
@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 7), st.integers(0, 9))
def test_one_wrong_digit_leaves_a_date_near(day, at, digit):
    typed = f"{day:%d%m%Y}"
    typed = typed[:at] + str(digit) + typed[at + 1 :]
    try:
        wrong = date(int(typed[4:]), int(typed[2:4]), int(typed[:2]))
    except ValueError:
        return
    assert days(day, wrong) == ("same" if wrong == day else "near")


def test_day_and_month_swapped_and_the_day_after_are_near_and_the_year_after_next_is_too():
    assert days(date(2014, 5, 3), date(2014, 3, 5)) == "near"
    assert days(date(2014, 5, 31), date(2014, 6, 1)) == "near"
    assert days(date(2014, 5, 3), date(2016, 5, 3)) == "near"
    assert days(date(2014, 5, 3), date(2014, 11, 23)) == "different"


def test_reasons_hold_no_value_of_either_child():
    reasons = " ".join(compare(child(1), child(2)).reasons)
    assert not any(part in reasons for part in ("Example", "Testchild", "2026", "999", "ZZ1"))


def test_the_rule_says_where_it_comes_from():
    rule = thresholds.rule()
    assert rule.edition
    assert "invented" in rule.source
    assert rule.possible < rule.same


@given(
    st.sampled_from(["", "999", "998"]),
    st.dates(date(2026, 1, 1), date(2026, 1, 20)),
    st.dates(date(2026, 2, 1), date(2026, 2, 20)),
    st.sampled_from(["Example", "Baby", "Quentin", ""]),
    st.sampled_from(["female", "male", "not-known"]),
)
def test_the_quick_look_passes_over_nobody(number, born, died, given_name, sex):
    known = child(nhs_number="999", born_on=date(2026, 1, 9), died_on=date(2026, 2, 9))
    other = child(nhs_number=number, born_on=born, died_on=died, given=given_name, sex=sex)
    if compare(known, other).decision != "different":
        assert could_be_one(known, other)
