"""Two editions of one year held against each other: by another's attacker, in another formulation.

He has one whole number for each kind of death that either edition tells apart, says of each whether
the first edition counted it, and takes it that whoever was counted first is counted still.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import LinearConstraint

from cdop.statistics.counting import figures
from cdop.statistics.disclosure import profile
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Told
from cdop.statistics.protecting import Protected, Wish, protect_release
from tests.unit.statistics.attacking import apart
from tests.unit.statistics.test_two_years import (
    AFTER,
    FIRST,
    NEVER,
    SECOND,
    WAYS,
    Reader,
    counted_in,
    small_tables,
)

Death = tuple[str, ...]
TABLES = small_tables(FIRST)
KINDS = [
    (first, *kind)
    for first, kind in product((True, False), Reader().kinds)
    # Whoever came late was notified after the first edition was made.
    if FIRST in kind[0] and (first or kind[0][1] in (SECOND, AFTER) or kind[0][1] == FIRST)
]


def editions(deaths: Sequence[Death], late: Sequence[Death], chosen: Profile) -> list[Protected]:
    """Protect the year as it was counted first, and again with those who came late."""
    every = [*deaths, *late]
    before = Counted(counted_in(FIRST, deaths), TABLES, (FIRST,))
    first = protect_release(before, chosen, Wish(seed=1))
    keep = {p: n for p, n in first.cells.items() if n is not None and first.reach}
    told = Told("first", before, first.bounds)
    now = Counted(counted_in(FIRST, every), TABLES, (FIRST,))
    return [first, protect_release(now, chosen, Wish(before=[told], keep=keep, seed=1))]


def row(number: int, place: tuple[str, tuple[str, ...]]) -> np.ndarray[Any, Any]:
    """Tell which kinds an edition counts in a cell."""
    inside = np.array(Reader().row(FIRST, place))
    at = {kind: inside[i] for i, kind in enumerate(Reader().kinds)}
    return np.array([at[kind[1:]] and (number == 1 or kind[0]) for kind in KINDS], dtype=float)


def read(protected: Protected, place: tuple[str, tuple[str, ...]]) -> tuple[float, float]:
    """Return between which counts a printed cell lies, by the words of the package."""
    shown, reach = protected.cells[place], protected.reach
    if shown is None:
        return 0, np.inf
    if protected.profile.others == Others.CONTROLLED:
        assert (protected.symbols.get(place) == LOW) == (shown == 0)
    return max(shown - reach, 0), shown + reach


def width(release: list[Protected], target: np.ndarray[Any, Any]) -> float:
    rows, lows, highs = [], [], []
    for number, protected in enumerate(release):
        for place in protected.cells:
            low, high = read(protected, place)
            rows.append(row(number, place))
            lows.append(low)
            highs.append(high)
    known = LinearConstraint(np.array(rows), lows, highs)
    return apart(target, known)


def invented(number: int, seed: int) -> list[Death]:
    """Return deaths that the first edition counts, none of them notified later."""
    random = np.random.default_rng(seed)
    ways = [way for way in WAYS if FIRST in way and AFTER not in way and way[1] != SECOND]
    chosen = random.choice(len(ways), number)
    sexes = random.choice(["male", "female"], number)
    factors = random.choice(["yes", "no"], number, p=[0.35, 0.65])
    return [(*ways[w], s, f) for w, s, f in zip(chosen, sexes, factors, strict=True)]


LATE = [(FIRST, SECOND, NEVER, "female", "no")]


@pytest.mark.parametrize("name", ["partner-1to4", "rounded-3", "rounded-5"])
@pytest.mark.parametrize(("number", "late"), [(12, LATE), (30, LATE * 2)])
def test_nobody_finds_a_small_count_or_who_came_late(
    name: str, number: int, late: Sequence[Death]
) -> None:
    chosen, deaths = profile(name), invented(number, number)
    release = editions(deaths, late, chosen)
    counted = [figures(counted_in(FIRST, d), TABLES) for d in (deaths, [*deaths, *late])]
    for number_, exact in enumerate(counted):
        for place, count in exact.items():
            if 1 <= count <= 4:
                assert width(release, row(number_, place)) >= chosen.width, place
    for place, count in counted[1].items():
        if 1 <= count - counted[0][place] <= 4:
            more = row(1, place) - row(0, place)
            assert width(release, more) >= chosen.width, ("difference", place)


def test_a_second_edition_prints_other_multiples_where_the_earlier_ones_would_pin_a_count() -> None:
    """Numbers printed before are repeated where that is safe; it is no reason for a refusal."""
    deaths = invented(int(np.random.default_rng(76).integers(0, 60)), 76)
    before, now = editions(deaths, LATE * 3, profile("rounded-3"))
    changed = [place for place in now.cells if now.cells[place] != before.cells[place]]
    assert 0 < len(changed) < len(now.cells) // 2


def test_an_edition_that_knew_nothing_of_the_first_would_give_the_late_one_away() -> None:
    """Why the ledger is an attacker: apart both are safe, together a difference of 1 is read."""
    deaths = [(FIRST, FIRST, FIRST, s, f) for s in ("male", "female") for f in ("yes", "no")] * 8
    chosen = profile("partner-1to4")
    apart = [
        protect_release(Counted(counted_in(FIRST, d), TABLES, (FIRST,)), chosen, Wish())
        for d in (deaths, [*deaths, *LATE])
    ]
    place = ("died-by-sex", ("total",))
    assert width(apart, row(1, place) - row(0, place)) == 0
    together = editions(deaths, LATE, chosen)
    assert width(together, row(1, place) - row(0, place)) >= chosen.width
