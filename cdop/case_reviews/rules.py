"""Rules of joint case review: which step may follow which, who decides, what a review may be.

Pure functions of values. The kinds, methods, offices and time limits themselves are reference data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cdop.errors import Refused
from cdop.reference import Clock, Deciders, NotInForce, clocks, codelist, deciders

NO_REVIEW = "criteria-not-met"
RAPID_REVIEW = "rapid-review"


class Step(StrEnum):
    """What people do with a referral."""

    RECOMMEND = "recommend"
    DECIDE = "decide"
    START_REVIEW = "start-review"
    COMPLETE_REVIEW = "complete-review"


# Status before → status after. `decide` counts once the decision stands.
TRANSITIONS: Mapping[Step, Mapping[str, str]] = {
    Step.RECOMMEND: {"received": "recommended", "recommended": "recommended"},
    Step.DECIDE: {"recommended": "decided"},
    Step.START_REVIEW: {"decided": "under-review", "under-review": "under-review"},
    Step.COMPLETE_REVIEW: {"under-review": "completed"},
}
_WHY_NOT: Mapping[Step, Mapping[str, str]] = {
    Step.RECOMMEND: {"": "A decision has been made on this referral already."},
    Step.DECIDE: {
        "received": "The group has not recorded its recommendation yet.",
        "": "A decision has been made on this referral already.",
    },
    Step.START_REVIEW: {
        "completed": "The review of this referral is complete.",
        "": "A review starts once it has been decided.",
    },
    Step.COMPLETE_REVIEW: {"": "There is no review under way."},
}

# What a rapid review may lead to (Working Together 2018: a local child safeguarding practice
# review), by its outcome.
FOLLOW_UPS: Mapping[str, str] = {"lcspr": "lcspr", "single-agency": "single-agency"}


def why_not(step: Step, status: str) -> str | None:
    """Return the sentence that says why a step cannot be taken now, or None when it can."""
    if status in TRANSITIONS[step]:
        return None
    reasons = _WHY_NOT[step]
    return reasons.get(status, reasons[""])


def status_after(step: Step, status: str) -> str:
    """Return the status that a step leads to. Raises Refused with the sentence of `why_not`."""
    reason = why_not(step, status)
    if reason:
        raise Refused(reason)
    return TRANSITIONS[step][status]


def choice_faults(
    review_kind: str, methodology: str | None, board_kind: str, day: date
) -> dict[str, str]:
    """Return what is wrong with a kind of review and a method on a day for a kind of board."""
    kinds = codelist("review-kinds", day)
    if review_kind not in kinds or not kinds.item(review_kind).offered(day, board_kind):
        return {"review_kind": "Choose a kind of review that this board can hold on that day"}
    if methodology is None:
        return {}
    if review_kind == NO_REVIEW:
        return {"methodology": "Without a review there is no method: choose none"}
    if methodology not in codelist("methodologies", day):
        return {"methodology": "Choose a method from the list, or none"}
    return {}


def day_faults(
    name: str, day: date, *, today: date, not_before: date | None, what: str
) -> dict[str, str]:
    """Return what is wrong with a day that must lie between an earlier step (`what`) and today."""
    if day > today:
        return {name: "The day must not be in the future"}
    if not_before and day < not_before:
        return {name: f"The day must not be before {what}"}
    return {}


def who_decides(board_kind: str, day: date, board_slug: str) -> Deciders:
    """Return the offices that decide on a day. Raises Refused when nobody could decide then."""
    try:
        return deciders(board_kind, day, board_slug)
    except NotInForce:
        raise Refused("On that day no office could decide such a referral.") from None


def why_not_decide(who: Deciders, held: frozenset[str]) -> str | None:
    """Return why somebody who holds these offices cannot decide, or None when they can."""
    if held & set(who.offices):
        return None
    names = " and ".join(f"“{label}”" for label in who.labels())
    return f"The decision is for the office of {names}, which you do not hold."


def awaited(who: Deciders, assented: Iterable[str]) -> tuple[str, ...]:
    """Return the offices that must still assent before a decision stands."""
    given = set(assented)
    if who.all_must_agree:
        return tuple(office for office in who.offices if office not in given)
    return () if given & set(who.offices) else who.offices


@dataclass(frozen=True)
class Choice:
    """A kind of review and a method, as recommended or decided."""

    review_kind: str
    methodology: str | None


@dataclass(frozen=True)
class ReviewSoFar:
    """A review of a referral: its kind, whether it is complete, and a rapid review's outcome."""

    review_kind: str
    completed: bool
    outcome: str | None = None


def next_review(decided: str, reviews: Iterable[ReviewSoFar]) -> str | None:
    """Return the kind of review that is to start now, or None.

    The decided kind comes first; after a rapid review, what its outcome calls for.
    """
    if decided == NO_REVIEW:
        return None
    so_far = {review.review_kind: review for review in reviews}
    if decided not in so_far:
        return decided
    rapid = so_far.get(RAPID_REVIEW)
    if rapid is None or not rapid.completed:
        return None
    follows = FOLLOW_UPS.get(rapid.outcome or "")
    return follows if follows not in so_far else None


def outcome_faults(review_kind: str, outcome: str | None, day: date) -> dict[str, str]:
    """Return what is wrong with the outcome of a review completed on a day."""
    if review_kind != RAPID_REVIEW:
        return {"outcome": "Only a rapid review has an outcome"} if outcome else {}
    if outcome not in codelist("rapid-review-outcomes", day):
        return {"outcome": "Choose the outcome of the rapid review"}
    return {}


def decision_clock(board_kind: str, received_on: date) -> Clock | None:
    """Return the clock from a referral to its decision for a kind of board, where there is one."""
    kinds = codelist("review-kinds", received_on)
    for clock in clocks(received_on, starts="referral", subject="case-review"):
        offered = (kinds.item(kind).offered(received_on, board_kind) for kind in clock.applies_to)
        if clock.stops_on == "decision" and any(offered):
            return clock
    return None


def review_clock(review_kind: str, day: date, stops_on: str) -> Clock | None:
    """Return the clock of a review that ends with `stops_on`, in force on a day; or None."""
    found = clocks(day, subject="case-review", applies_to=review_kind)
    return next((clock for clock in found if clock.stops_on == stops_on), None)
