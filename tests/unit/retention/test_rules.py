"""When a record may be erased, as a table of cases; and what is blacked out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.reference.retention import period_began, period_ends, practices, record_kinds
from cdop.retention import rules
from cdop.retention.rights.copying import BLACK, black_out
from cdop.retention.rules import Facts

CLOSED, TODAY = date(2020, 2, 29), date(2045, 3, 1)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(CLOSED, 25), ()),
        (Facts(CLOSED, None), (rules.NO_PERIOD,)),
        (Facts(None, 25), (rules.NOT_CLOSED,)),
        (Facts(None, None), (rules.NOT_CLOSED, rules.NO_PERIOD)),
        (Facts(CLOSED, 26), ("Its period runs until 28 February 2046.",)),
        (Facts(date(2020, 3, 1), 25), ("Its period runs until 1 March 2045.",)),
        (Facts(CLOSED, 25, held=True), (rules.HELD,)),
        (Facts(CLOSED, 25, all_held=True), (rules.ALL_HELD,)),
        (Facts(CLOSED, 25, others=(rules.REFERRAL_OPEN,)), (rules.REFERRAL_OPEN,)),
    ],
)
def test_what_stands_against_an_erasure(facts: Facts, expected: tuple[str, ...]) -> None:
    assert rules.obstacles(facts, TODAY) == expected


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.integers(1, 150))
def test_the_list_and_the_rule_agree_on_the_last_day(today: date, years: int) -> None:
    """What the preview's query finds is what the rule lets be erased, and nothing less."""
    began = period_began(today, years)
    after = date.fromordinal(began.toordinal() + 1)
    assert period_ends(began, years) < today <= period_ends(after, years)


def test_no_period_and_no_practice_is_without_a_source() -> None:
    assert {kind.code for kind in record_kinds() if kind.erased_by == "key"} == {
        "death-case",
        "out-of-scope",
        "case-review",
        "rights-request",
    }
    for each in practices():
        assert each.certainty == "found" or each.source.endswith("not checked against the original")


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("Ann told Annabel.", ["ann"], f"{BLACK} told Annabel."),
        ("O'Neill (nurse)", ["O'Neill"], f"{BLACK} (nurse)"),
        ("a.b", ["a.b"], BLACK),
        ("axb", ["a.b"], "axb"),
        ("nothing", [], "nothing"),
    ],
)
def test_words_are_blacked_out_whole(text: str, words: list[str], shown: str) -> None:
    assert black_out(text, words) == shown
