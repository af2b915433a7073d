"""Releases of a group hide what each hides, years together too: by another's attacker.

He has one whole number for each course that a referral may have taken: when it came, when its
review was completed, for which board, with what outcome. Of editions he says besides which of them
counted it.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from cdop.errors import Refused
from cdop.statistics.counting import figures
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.linking import Told
from cdop.statistics.protecting import Protected, Wish, protect_release
from tests.unit.statistics.group_years import (
    AFTER,
    BEFORE,
    BOARDS,
    HEREFORDSHIRE,
    LONG_AGO,
    NEVER,
    YEAR,
    Course,
    counted_in,
    invented,
    tables,
)

PARTNER = profile("partner-1to4")
YEARS = (BEFORE, YEAR, AFTER)
OUTCOMES = tables(YEAR).codes("outcome")
KINDS = [
    (came, done, board, outcome)
    for came in (LONG_AGO, "2011-12", *YEARS)
    for done in (*YEARS, NEVER)
    for board, outcome in product(BOARDS, OUTCOMES)
    if came <= done
    # What met no criteria has no review; what was not decided in a year has none completed in it.
    if done == NEVER or outcome != "criteria-not-met"
    if done != came or outcome != "undecided"
]
Places = Mapping[tuple[str, tuple[str, ...]], Any]


def released(
    courses: Sequence[Course], years: Sequence[str], chosen: Profile, *, linked: bool = True
) -> list[tuple[str, Protected]]:
    """Release years one after the other, each held against those before unless not `linked`."""
    found: list[tuple[str, Protected]] = []
    before: list[Told] = []
    for year in years:
        counted = counted_in(year, courses)
        done = protect_release(counted, chosen, Wish(before=before if linked else (), seed=1))
        before = [*before, Told(f"of-{year}", counted, done.bounds)]
        found.append((year, done))
    return found


def row(year: str, place: tuple[str, tuple[str, ...]]) -> np.ndarray[Any, Any]:
    """Tell which kinds a year's release counts in a cell."""
    table = next(t for t in tables(year).tables if t.code == place[0])
    return np.array(
        [
            kind[0 if table.population == "referred" else 1] == year
            and all(
                code in (TOTAL, value(kind, name))
                for name, code in zip(table.by, place[1], strict=True)
            )
            for kind in KINDS
        ],
        dtype=float,
    )


def value(kind: tuple[str, str, str, str], column: str) -> str:
    came, done, board, outcome = kind
    if column != "following":
        return {"board": board, "outcome": outcome}[column]
    gap = int(done[:4]) - int(came[:4])
    return {0: "this-year", 1: "year-before"}.get(gap, "earlier")


class Reader:
    """Whoever has some releases, reads them by the words of their packages and can solve."""

    def __init__(self, releases: Sequence[tuple[str, Protected]]) -> None:
        rows, lows, highs = [], [], []
        for year, protected in releases:
            for place, shown in protected.cells.items():
                rows.append(row(year, place))
                lows.append(0 if shown is None else max(shown - protected.reach, 0))
                highs.append(np.inf if shown is None else shown + protected.reach)
        self.known = LinearConstraint(np.array(rows), lows, highs)

    def width(self, target: np.ndarray[Any, Any]) -> float:
        ends = []
        for sign in (1.0, -1.0):
            solved = milp(
                sign * target,
                constraints=self.known,
                integrality=np.ones(len(target), dtype=np.int64),
                bounds=Bounds(0, 40),
            )
            assert solved.status == 0, solved.message
            ends.append(sign * solved.fun)
        return float(round(ends[1] - ends[0]))


def narrowest(courses: Sequence[Course], releases: Sequence[tuple[str, Protected]]) -> float:
    """Return the least width of any small count of some releases, read together."""
    reader, found = Reader(releases), [np.inf]
    for year, _ in releases:
        counted = counted_in(year, courses)
        exact = figures(counted.records, counted.tables)
        distinct = {row(year, place).tobytes() for place, n in exact.items() if 1 <= n <= 4}
        found += [reader.width(np.frombuffer(each)) for each in distinct]
    return min(found)


@pytest.mark.parametrize(
    ("courses", "years", "name"),
    [
        (HEREFORDSHIRE, (BEFORE, YEAR), "partner-1to4"),
        (HEREFORDSHIRE, (YEAR, BEFORE), "rounded-3"),
        (invented(30, 1), (BEFORE, YEAR), "partner-1to4"),
        (invented(40, 2), (YEAR, AFTER), "rounded-5"),
    ],
)
def test_years_of_a_group_together_hide_what_each_hides(
    courses: Sequence[Course], years: Sequence[str], name: str
) -> None:
    chosen = profile(name)
    assert narrowest(courses, released(courses, years, chosen)) >= chosen.width


REVIEWED = [
    *[(BEFORE, YEAR, "adults", "independent-multi-agency")] * 5,
    (BEFORE, NEVER, "adults", "criteria-not-met"),
    *[(BEFORE, NEVER, "children", "criteria-not-met")] * 9,
    *[(YEAR, NEVER, "children", "criteria-not-met")] * 7,
]
"""Five adults' reviews of the year follow the year before: of its six, one met no criteria."""


def test_years_that_are_safe_apart_need_not_be_so_together() -> None:
    """Why the years of a group are linked: the reviews of one tell of the referrals of another."""
    apart = released(REVIEWED, (BEFORE, YEAR), PARTNER, linked=False)
    for each in apart:
        assert narrowest(REVIEWED, [each]) >= PARTNER.width
    assert narrowest(REVIEWED, apart) < PARTNER.width
    together = released(REVIEWED, (BEFORE, YEAR), PARTNER)
    assert narrowest(REVIEWED, together) >= PARTNER.width


def test_a_review_that_ended_before_its_case_was_referred_is_no_release() -> None:
    counted = counted_in(YEAR, HEREFORDSHIRE)
    at = counted.records.index[counted.records.completed][0]
    counted.records.loc[at, "following"] = None
    with pytest.raises(Refused):
        protect_release(counted, PARTNER, Wish())
