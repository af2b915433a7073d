"""The published outcome table of 2013/14: rows, words and brackets."""

import pytest

from cdop.reference import table
from cdop.reference.loading import Unknown
from cdop.reference.tables import cell

OUTCOMES = table("jcr-outcomes", "2013")


def test_header_and_rows_are_as_published() -> None:
    assert ",".join(OUTCOMES.header()) == "Outcome of Referral to JCR,Children,Adults,DHR"
    assert [row.words("2013-14") for row in OUTCOMES.rows] == [
        "Referrals Received",
        "Serious Case Reviews",
        "Independently chaired multi-agency review",
        "Internally chaired multi-agency review",
        "Single Agency Review",
        "Did not meet criteria for review",
        "Reviews completed during the year following referrals made in 2012-2013",
    ]


def test_the_last_row_names_the_year_before_whatever_the_year() -> None:
    assert OUTCOMES.rows[-1].words("1999-00").endswith("made in 1998-1999")


def test_only_decided_rows_add_up_to_the_referrals() -> None:
    assert [row.in_sum for row in OUTCOMES.rows] == [False, True, True, True, True, True, False]
    assert [row.by for row in OUTCOMES.rows] == ["referred"] * 6 + ["completed"]


@pytest.mark.parametrize(
    ("count", "methods", "printed"),
    [
        (0, None, "0"),
        (0, {"silp": 0}, "0"),
        (1, {}, "1"),
        (1, {"silp": 1}, "1 (SILP)"),
        (2, {"silp": 2}, "2 (SILPs)"),
        (2, {"help": 2}, "2 (HELPS)"),
        (3, {"help": 2, "silp": 1}, "3 (1 SILP, 2 HELPS)"),
        (3, {"silp": 2}, "3 (2 SILPs)"),
    ],
)
def test_methods_stand_in_brackets(
    count: int, methods: dict[str, int] | None, printed: str
) -> None:
    assert cell(count, methods) == printed


def test_more_methods_than_reviews_or_an_unknown_method_are_refused() -> None:
    with pytest.raises(ValueError, match="more methods"):
        cell(1, {"silp": 2})
    with pytest.raises(Unknown):
        cell(1, {"guesswork": 1})
    with pytest.raises(Unknown):
        table("jcr-outcomes", "1066")
    with pytest.raises(Unknown):
        table("jcr", "2013")
