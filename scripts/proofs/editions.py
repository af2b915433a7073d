"""Two editions of a year on invented registers: an attacker written apart finds no small count.

Arguments: how many registers (60), and the first seed (0). The result goes to results/.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

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

RESULTS = Path(__file__).parent / "results" / "editions.json"
WAYS = ("partner-1to4", "rounded-3", "rounded-5")


def main() -> None:
    """Release each register twice, the second time with late notifications, and attack both."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    began, seen = time.perf_counter(), Counter[str]()
    failures: list[str] = []
    git = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    for seed in range(first, first + number):
        for said in _one(seed, WAYS[seed % 3], seen):
            failures.append(f"seed {seed}: {said}")
            print(failures[-1], file=sys.stderr, flush=True)
    result = {
        "commit": commit,
        "registers": number,
        "first_seed": first,
        "failures": failures,
        "seconds": round(time.perf_counter() - began),
        "counted": dict(sorted(seen.items())),
    }
    text = json.dumps(result, indent=2)
    RESULTS.write_text(text + "\n")
    print(text)
    sys.exit(bool(failures))


def _one(seed: int, way: str, seen: Counter[str]) -> Iterator[str]:
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
