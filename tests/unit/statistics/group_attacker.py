"""Whoever has some releases of a group and can solve: another formulation, written apart.

One whole number for each course that a referral may take: when it came, when its review was
completed, for which board, with what outcome; and from which release on the register knew of the
one and of the other. What a year's release did not count can only have become known later if a
later release counts that year again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import LinearConstraint

from cdop.statistics.counting import figures
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Told
from cdop.statistics.protecting import Protected, Wish, protect_release
from tests.unit.statistics.attacking import apart
from tests.unit.statistics.group_years import (
    BOARDS,
    LONG_AGO,
    NEVER,
    Course,
    counted_in,
    tables,
)

Place = tuple[str, tuple[str, ...]]
Years = tuple[str, ...]
OUTCOMES = tables("2013-14").codes("outcome")


@dataclass(frozen=True)
class Kind:
    """A course. `known` and `told` number the first releases that count its two ends."""

    came: str
    done: str
    board: str
    outcome: str
    known: int
    told: int

    def counted(self, number: int, years: Years, place: Place) -> bool:
        """Tell whether a release of some years, the one of this number, counts it in a cell."""
        table = next(t for t in tables(years[-1]).tables if t.code == place[0])
        here = (
            self.came in years and self.known <= number
            if table.population == "referred"
            else self.done in years and max(self.known, self.told) <= number
        )
        return here and all(
            code in (TOTAL, self.answer(name))
            for name, code in zip(table.by, place[1], strict=True)
        )

    def answer(self, column: str) -> str:
        """Return its answer in a column of the tables."""
        if column != "following":
            return {"board": self.board, "outcome": self.outcome}[column]
        gap = int(self.done[:4]) - int(self.came[:4])
        return {0: "this-year", 1: "year-before"}.get(gap, "earlier")


def kinds(released: Sequence[Years]) -> Iterator[Kind]:
    """Return what a referral may be for whoever has releases of these years, in order."""
    every = sorted({year for years in released for year in years})
    before = f"{int(every[0][:4]) - 1}-{every[0][2:4]}"
    for came, done, board, outcome in product(
        (LONG_AGO, before, *every), (*every, NEVER), BOARDS, OUTCOMES
    ):
        # What met no criteria has no review; what was undecided has none completed in its year.
        reviewed = done != NEVER
        if came > done or (reviewed and outcome == "criteria-not-met"):
            continue
        if came == done and outcome == "undecided":
            continue
        for known, told in product(again(came, released), again(done, released)):
            yield Kind(came, done, board, outcome, known, told)


def again(year: str, released: Sequence[Years]) -> list[int]:
    """Return from which release on something of a year may be known."""
    return [0, *[number for number, years in enumerate(released) if year in years][1:]]


@dataclass(frozen=True)
class Out:
    """A release that went out: what it counted, of which years, and what it shows."""

    counted: Counted
    shows: Protected

    @property
    def years(self) -> Years:
        """Return the years counted."""
        return self.counted.years


def out(
    seen: Sequence[tuple[Years, Sequence[Course]]], chosen: Profile, *, linked: bool = True
) -> list[Out]:
    """Release years one after the other, each with the referrals that were known then.

    Each is held against those before, unless not `linked`.
    """
    found: list[Out] = []
    for years, courses in seen:
        counted = counted_in(years[-1], courses, len(years))
        told = [Told(f"of-{n}", each.counted, each.shows.bounds) for n, each in enumerate(found)]
        wish = Wish(before=told if linked else (), seed=1)
        found.append(Out(counted, protect_release(counted, chosen, wish)))
    return found


class Reader:
    """What whoever has some releases may still think of a count."""

    def __init__(self, releases: Sequence[Out]) -> None:
        self.releases = releases
        self.kinds = list(kinds([each.years for each in releases]))
        rows, lows, highs = [], [], []
        for number, each in enumerate(releases):
            for place, shown in each.shows.cells.items():
                rows.append(self.row(number, place))
                reach = each.shows.reach
                lows.append(0 if shown is None else max(shown - reach, 0))
                highs.append(np.inf if shown is None else shown + reach)
        self.known = LinearConstraint(np.array(rows), lows, highs)

    def row(self, number: int, place: Place) -> np.ndarray[Any, Any]:
        """Tell which kinds a release counts in a cell."""
        years = self.releases[number].years
        return np.array([kind.counted(number, years, place) for kind in self.kinds], dtype=float)

    def narrowest(self) -> float:
        """Return the least width of any count of 1 to 4, and of any such difference of editions."""
        wanted: dict[bytes, np.ndarray[Any, Any]] = {}
        exact = [figures(each.counted.records, each.counted.tables) for each in self.releases]
        for number, counts in enumerate(exact):
            for place, count in counts.items():
                row = self.row(number, place)
                for earlier, before in enumerate(exact[:number]):
                    same = self.releases[earlier].years == self.releases[number].years
                    if same and 1 <= count - before[place] <= 4:
                        more = row - self.row(earlier, place)
                        wanted[more.tobytes()] = more
                if 1 <= count <= 4:
                    wanted[row.tobytes()] = row
        return min((apart(row, self.known) for row in wanted.values()), default=np.inf)
