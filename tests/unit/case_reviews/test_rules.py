"""The rules of joint case review as truth tables."""

from datetime import date

import pytest

from cdop.case_reviews import rules
from cdop.case_reviews.rules import ReviewSoFar, Step
from cdop.errors import Refused
from cdop.reference import codelist_edition, deciders

D13, D19, D20, D26 = (date(y, 10, 1) for y in (2013, 2019, 2020, 2026))
STATUSES = ("received", "recommended", "decided", "under-review", "completed")
PARTNERS = ("partner-local-authority", "partner-health", "partner-police")


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        (Step.RECOMMEND, {"received": "recommended", "recommended": "recommended"}),
        (Step.DECIDE, {"recommended": "decided"}),
        (Step.START_REVIEW, {"decided": "under-review", "under-review": "under-review"}),
        (Step.COMPLETE_REVIEW, {"under-review": "completed"}),
    ],
)
def test_which_step_may_follow_which_status(step: Step, allowed: dict[str, str]) -> None:
    for status in STATUSES:
        if status in allowed:
            assert rules.why_not(step, status) is None
            assert rules.status_after(step, status) == allowed[status]
        else:
            with pytest.raises(Refused) as refused:
                rules.status_after(step, status)
            assert str(refused.value) == rules.why_not(step, status)


@pytest.mark.parametrize(
    ("kind", "board", "day", "offered"),
    [
        ("scr", "children", D13, True),
        ("scr", "children", date(2019, 9, 28), True),
        ("scr", "children", date(2019, 9, 29), False),
        ("scr", "adults", D13, False),
        ("scr", "community-safety", D13, False),
        ("rapid-review", "children", D13, False),
        ("rapid-review", "children", D19, True),
        ("lcspr", "children", D26, True),
        ("lcspr", "adults", D26, False),
        ("sar", "adults", D13, True),
        ("sar", "children", D13, False),
        ("dhr", "community-safety", D13, True),
        ("dhr", "community-safety", date(2011, 4, 12), False),
        ("dhr", "adults", D26, False),
        ("single-agency", "children", D13, True),
        ("single-agency", "adults", D26, True),
        ("criteria-not-met", "community-safety", D26, True),
        ("", "children", D13, False),
    ],
)
def test_which_review_a_board_can_hold_when(
    kind: str, board: str, day: date, offered: bool
) -> None:
    assert (rules.choice_faults(kind, None, board, day) == {}) is offered


@pytest.mark.parametrize(
    ("kind", "method", "fault"),
    [
        ("scr", "silp", None),
        ("scr", None, None),
        ("independent-multi-agency", "help", None),
        ("criteria-not-met", None, None),
        ("criteria-not-met", "silp", "methodology"),
        ("scr", "guesswork", "methodology"),
        ("guesswork", "silp", "review_kind"),
    ],
)
def test_a_method_needs_a_review_and_comes_from_the_list(
    kind: str, method: str | None, fault: str | None
) -> None:
    assert list(rules.choice_faults(kind, method, "children", D13)) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("assented", "awaited"),
    [
        ((), PARTNERS),
        (("partner-health",), ("partner-local-authority", "partner-police")),
        (("partner-police", "partner-local-authority"), ("partner-health",)),
        (PARTNERS, ()),
    ],
)
def test_three_partners_must_all_assent(
    assented: tuple[str, ...], awaited: tuple[str, ...]
) -> None:
    assert rules.awaited(deciders("children", D19), assented) == awaited


@pytest.mark.parametrize(
    ("board", "slug", "day", "office"),
    [
        ("children", "herefordshire", date(2019, 9, 28), "children-chair"),
        ("adults", "herefordshire-adults", D26, "adults-chair"),
        ("community-safety", "herefordshire-csp", D13, "hpeg-chair"),
        ("community-safety", "worcestershire-csp", D13, "csp-chair"),
    ],
)
def test_one_chair_is_enough_and_only_that_one(
    board: str, slug: str, day: date, office: str
) -> None:
    who = rules.who_decides(board, day, slug)
    assert rules.awaited(who, ()) == (office,)
    assert rules.awaited(who, (office,)) == ()
    assert rules.why_not_decide(who, frozenset({office})) is None
    for other in codelist_edition("offices", "1").codes():
        if other != office:
            assert rules.awaited(who, (other,)) == (office,)
            reason = rules.why_not_decide(who, frozenset({other}))
            assert reason is not None
            assert who.labels()[0] in reason


def test_before_the_law_nobody_decides() -> None:
    with pytest.raises(Refused):
        rules.who_decides("community-safety", date(2011, 4, 12), "herefordshire-csp")


RAPID = ReviewSoFar("rapid-review", True, "learning-captured")


@pytest.mark.parametrize(
    ("decided", "so_far", "following"),
    [
        ("criteria-not-met", [], None),
        ("scr", [], "scr"),
        ("scr", [ReviewSoFar("scr", False)], None),
        ("scr", [ReviewSoFar("scr", True)], None),
        ("rapid-review", [], "rapid-review"),
        ("rapid-review", [ReviewSoFar("rapid-review", False)], None),
        ("rapid-review", [RAPID], None),
        ("rapid-review", [ReviewSoFar("rapid-review", True, "lcspr")], "lcspr"),
        ("rapid-review", [ReviewSoFar("rapid-review", True, "single-agency")], "single-agency"),
        ("rapid-review", [ReviewSoFar("rapid-review", True, "national")], None),
        (
            "rapid-review",
            [ReviewSoFar("rapid-review", True, "lcspr"), ReviewSoFar("lcspr", False)],
            None,
        ),
    ],
)
def test_which_review_starts_next(
    decided: str, so_far: list[ReviewSoFar], following: str | None
) -> None:
    assert rules.next_review(decided, so_far) == following


def test_follow_ups_are_outcomes_and_kinds_that_the_law_knows() -> None:
    outcomes = codelist_edition("rapid-review-outcomes", "1")
    kinds = codelist_edition("review-kinds", "2024")
    for outcome, kind in rules.FOLLOW_UPS.items():
        assert outcome in outcomes
        assert kind in kinds


@pytest.mark.parametrize(
    ("kind", "outcome", "right"),
    [
        ("rapid-review", "learning-captured", True),
        ("rapid-review", None, False),
        ("rapid-review", "guesswork", False),
        ("scr", None, True),
        ("scr", "lcspr", False),
    ],
)
def test_a_rapid_review_and_nothing_else_has_an_outcome(
    kind: str, outcome: str | None, right: bool
) -> None:
    assert (rules.outcome_faults(kind, outcome, D19) == {}) is right


@pytest.mark.parametrize(
    ("board", "day", "code"),
    [
        ("children", D13, "scr-decision"),
        ("children", date(2019, 9, 28), "scr-decision"),
        ("children", date(2019, 9, 29), None),
        ("adults", D13, None),
        ("community-safety", D13, "dhr-decision"),
        ("community-safety", D26, "dhr-decision"),
    ],
)
def test_which_clock_runs_to_the_decision(board: str, day: date, code: str | None) -> None:
    clock = rules.decision_clock(board, day)
    assert (clock.code if clock else None) == code


@pytest.mark.parametrize(
    ("kind", "day", "stops_on", "code"),
    [
        ("scr", D13, "review-completed", "scr-completion"),
        ("sar", D13, "review-completed", None),
        ("sar", D20, "review-completed", "sar-completion"),
        ("dhr", D13, "review-completed", "dhr-overview"),
        ("lcspr", D20, "publication", "lcspr-publication"),
        ("lcspr", D20, "review-completed", None),
        ("single-agency", D13, "review-completed", None),
    ],
)
def test_which_clock_ends_a_review(kind: str, day: date, stops_on: str, code: str | None) -> None:
    clock = rules.review_clock(kind, day, stops_on)
    assert (clock.code if clock else None) == code


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        (date(2013, 4, 30), "The day must not be before the decision"),
        (date(2013, 5, 1), None),
        (date(2013, 5, 9), None),
        (date(2013, 5, 10), "The day must not be in the future"),
    ],
)
def test_a_day_lies_between_the_step_before_and_today(day: date, fault: str | None) -> None:
    found = rules.day_faults(
        "on", day, today=date(2013, 5, 9), not_before=date(2013, 5, 1), what="the decision"
    )
    assert found == ({"on": fault} if fault else {})
