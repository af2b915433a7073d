"""Two editions of a year on invented registers: an attacker written apart finds no small count.

Arguments: how many registers (60), and the first seed (0). The result goes to results/.
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
from cdop.statistics.counting import figures  # noqa: E402
from cdop.statistics.disclosure import profile  # noqa: E402
from tests.unit.statistics.test_two_editions import (  # noqa: E402
    LATE,
    TABLES,
    editions,
    invented,
    row,
    width,
)
from tests.unit.statistics.test_two_years import FIRST, counted_in  # noqa: E402

WAYS = ("partner-1to4", "rounded-3", "rounded-5")


def main() -> None:
    """Release each register twice, the second time with late notifications, and attack both."""
    attack_each("editions", "registers", 60, _one)


def _one(seed: int, seen: Counter[str]) -> Iterator[str]:
    way = WAYS[seed % 3]
    random = np.random.default_rng(seed)
    deaths = invented(int(random.integers(0, 60)), seed)
    late = LATE * int(random.integers(1, 4))
    chosen = profile(way)
    try:
        release = editions(deaths, late, chosen)
    except Unsafe:
        seen[f"{way}: no second edition"] += 1
        return
    seen[f"{way}: two editions"] += 1
    counted = [figures(counted_in(FIRST, d), TABLES) for d in (deaths, [*deaths, *late])]
    for number, exact in enumerate(counted):
        for place, count in exact.items():
            if 1 <= count <= 4 and width(release, row(number, place)) < chosen.width:
                yield f"{way}: edition {number + 1}, {place}"
    for place, count in counted[1].items():
        if 1 <= count - counted[0][place] <= 4:
            seen[f"{way}: small differences"] += 1
            if width(release, row(1, place) - row(0, place)) < chosen.width:
                yield f"{way}: difference, {place}"


if __name__ == "__main__":
    main()
