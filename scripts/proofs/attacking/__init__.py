"""What the proofs share that attack one invented register after another: seeds, and the result."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

PROOFS = Path(__file__).parents[1]


def attack_each(
    name: str, what: str, number: int, attack: Callable[[int, Counter[str]], Iterable[str]]
) -> None:
    """Let `attack` say of each seed what it found; keep that in results/NAME.json, and exit.

    It also counts what was tried. Arguments of the command: how many of `what` (`number`, if none
    is given), and the first seed (0). The exit code is 1 when something was found.
    """
    many, first = [*map(int, sys.argv[1:3]), *(number, 0)[len(sys.argv) - 1 :]]
    began, seen, failures = time.perf_counter(), Counter[str](), list[str]()
    git = ["git", "-C", str(PROOFS), "rev-parse", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    for seed in range(first, first + many):
        for said in attack(seed, seen):
            failures.append(f"seed {seed}: {said}")
            print(failures[-1], file=sys.stderr, flush=True)
    result = {
        "commit": commit,
        what: many,
        "first_seed": first,
        "failures": failures,
        "seconds": round(time.perf_counter() - began),
        "counted": dict(sorted(seen.items())),
    }
    text = json.dumps(result, indent=2)
    (PROOFS / "results" / f"{name}.json").write_text(text + "\n")
    print(text)
    sys.exit(bool(failures))
