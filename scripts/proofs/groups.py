"""Releases of invented groups, years and editions: an attacker written apart finds no small count.

Arguments: how many groups (60), and the first seed (0). The result goes to results/.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from attacking import attack_each

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from cdop.errors import Unsafe  # noqa: E402
from cdop.statistics.disclosure import profile  # noqa: E402
from tests.unit.statistics.group_attacker import Reader, Years, out  # noqa: E402
from tests.unit.statistics.group_years import (  # noqa: E402
    AFTER,
    BEFORE,
    NEVER,
    YEAR,
    Course,
    invented,
)

PROFILES = ("partner-1to4", "strict-1to9", "rounded-3", "rounded-5")
ORDERS: tuple[tuple[Years, ...], ...] = (
    ((BEFORE,), (YEAR,)),
    ((BEFORE,), (YEAR,), (AFTER,)),
    ((YEAR,), (BEFORE,)),
    ((YEAR,), (YEAR,)),
    ((BEFORE,), (YEAR,), (YEAR,)),
    ((YEAR,), (BEFORE, YEAR)),
    ((BEFORE,), (YEAR,), (BEFORE, YEAR)),
)


def main() -> None:
    """Release each group's years in some order, the last time with late ones, and attack them."""
    attack_each("groups", "groups", 60, _one)


def _one(seed: int, seen: Counter[str]) -> Iterator[str]:
    way, years = PROFILES[seed % 4], ORDERS[seed % 7]
    random = np.random.default_rng(seed)
    courses = invented(int(random.integers(0, 60)), seed)
    late = _late(courses, int(random.integers(1, 4)))
    again = len(set(years)) < len(years)
    counted: list[tuple[Years, list[Course]]] = [(each, courses) for each in years[:-1]]
    counted.append((years[-1], [*courses, *late] if again else courses))
    chosen = profile(way)
    try:
        releases = out(counted, chosen)
    except Unsafe:
        seen[f"{way}: no release"] += 1
        return
    seen[f"{way}: {len(years)} releases{', two of one year' if again else ''}"] += 1
    width = Reader(releases).narrowest()
    seen["with a small count or difference"] += width < np.inf
    if width < chosen.width:
        yield f"{way}, {years}: told to {width}"


def _late(courses: list[Course], number: int) -> list[Course]:
    """Return some more referrals, none of them reviewed yet."""
    return [(YEAR, NEVER, each[2], each[3]) for each in courses[:number]]


if __name__ == "__main__":
    main()
