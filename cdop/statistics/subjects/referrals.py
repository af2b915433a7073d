"""Referrals of a joint case review group: received in some years, their reviews completed in some.

A review is completed of a referral that was counted when it came: the reviews that follow the year
before are among that year's referrals by necessity, so releases of all years are held against one
another. A referral has one record, with the first of its reviews to be completed; each further
review is a record of its own.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.reference.derive import previous_financial_year
from cdop.statistics.disclosure.system import Counts, Mask
from cdop.statistics.subjects.values import Membership, Subject, Words

POPULATIONS = ("referred", "completed")
THIS, BEFORE, EARLIER = "this-year", "year-before", "earlier"
_LONG_AGO, _NEVER = "0000", "9999"  # years before all others and after


def _memberships_in(records: pd.DataFrame) -> list[Membership]:
    referred, completed = (records[name].to_numpy(dtype=bool) for name in POPULATIONS)
    follows = [completed & (records.following == code).to_numpy(dtype=bool) for code in _FACTS]
    columns = [part.astype(int).tolist() for part in (referred, completed, *follows)]
    return list(zip(*columns, strict=True))


def _possible(years: Sequence[Sequence[str]]) -> Iterable[tuple[Membership, ...]]:
    """Return the memberships of a referral of each year, its review completed in each or never.

    What no release counts anew cannot have come late: a reader takes it that a year's release had
    all of them, unless a later one counts that year again.
    """
    in_order = [*years[1:], years[0]]
    every = sorted({year for each in years for year in each})
    received = {_LONG_AGO, *every, *map(previous_financial_year, every)}
    found = {
        row
        for came in received
        for done in (*every, _NEVER)
        if came <= done
        for known in _known_from(came, in_order)
        for told in _known_from(done, in_order)
        if any(map(any, row := _course(came, done, known, max(known, told), in_order)))
    }
    return [(row[-1], *row[:-1]) for row in sorted(found)]


def _known_from(year: str, in_order: Sequence[Sequence[str]]) -> list[int]:
    """Return from which release on what happened in a year may be known: all, or a later one."""
    counting = [at for at, years in enumerate(in_order) if year in years]
    return [0, *counting[1:]]


def _course(
    came: str, done: str, known: int, told: int, in_order: Sequence[Sequence[str]]
) -> tuple[Membership, ...]:
    """Return a referral's membership in each release: known to them from one on, its end too."""
    follows = done == came, done != _NEVER and previous_financial_year(done) == came
    found = []
    for at, years in enumerate(in_order):
        referred, completed = came in years and at >= known, done in years and at >= told
        found.append((int(referred), int(completed), *(int(completed and f) for f in follows)))
    return tuple(found)


def _never_twice(member: Counts) -> Mask:
    return np.zeros(len(member), dtype=bool)


def _check(records: pd.DataFrame) -> None:
    if records.following[records.completed].isna().any():
        raise Refused(
            "A review of this year is recorded as completed before its case was referred. Correct "
            "the review, then build the release."
        )


_FACTS = (THIS, BEFORE)

REFERRALS = Subject(
    code="referrals",
    words=Words(
        several="referrals",
        overlap="a referral may be of one year and its review completed in a later one",
        years="a referral may be of one year, its review completed in a later one",
        apart="A child whose death was referred is a referral here and a death in the statistics "
        "of a child death overview panel. The two were not held against each other: no table of "
        "either says which of its counts are the same.",
    ),
    populations=POPULATIONS,
    facts=_FACTS,
    following={"following": (THIS, BEFORE, EARLIER)},
    readable=frozenset({"board", "review_kind", "following"}),
    linked=True,
    memberships_in=_memberships_in,
    possible=_possible,
    twice=_never_twice,
    check=_check,
)
