"""When a record may be erased, and why not. Pure functions of values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cdop.reference.retention import period_ends

NO_PERIOD = "No period is set for this kind of record: it is kept."
NOT_CLOSED = "The record is not closed yet."
HELD = "A legal hold is on it."
ALL_HELD = "A legal hold is on all records of this organisation."
REFERRAL_OPEN = "A referral of this case to joint case review is not closed yet."
UNDECIDED_MATCH = "It may be the same child as another case: that is not decided yet."
RIGHTS_REQUEST_OPEN = "A request about rights that concerns it is open."
SAME_PERSON = (
    "You proposed this erasure. Another person must approve it: nobody destroys a record alone."
)
NAMED_ACCOUNT = "Erasure needs a named person. Name the account with --as USERNAME."


@dataclass(frozen=True)
class Facts:
    """What decides whether a record may be erased. `others` are further obstacles, as sentences."""

    counts_from: date | None
    years: int | None
    held: bool = False
    all_held: bool = False
    others: tuple[str, ...] = ()


def past_on(facts: Facts) -> date | None:
    """Return the last day of a record's period, or None while it has none."""
    if facts.counts_from is None or facts.years is None:
        return None
    return period_ends(facts.counts_from, facts.years)


def obstacles(facts: Facts, today: date) -> tuple[str, ...]:
    """Return why a record may not be erased, a sentence each; nothing when it may be."""
    return tuple(_time_obstacles(facts, today)) + tuple(_other_obstacles(facts))


def _time_obstacles(facts: Facts, today: date) -> Iterable[str]:
    end = past_on(facts)
    if facts.counts_from is None:
        yield NOT_CLOSED
    if facts.years is None:
        yield NO_PERIOD
    if end and today <= end:
        yield f"Its period runs until {end.day} {end:%B %Y}."


def _other_obstacles(facts: Facts) -> Iterable[str]:
    if facts.held:
        yield HELD
    if facts.all_held:
        yield ALL_HELD
    yield from facts.others


def why_not_approve(proposed_by: str, approver: str) -> str | None:
    """Return why somebody may not approve an erasure, or None."""
    return SAME_PERSON if proposed_by == approver else None
