"""Thousands of invented registers: an attacker written apart finds no small count, by any method.

Arguments: how many registers (2000), and the first seed (0). The result goes to results/.
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
from cdop.statistics.disclosure import (  # noqa: E402
    PUBLIC,
    LinearSystem,
    Profile,
    audit,
    build_system,
    profile,
    protect,
)
from cdop.statistics.disclosure.exact import protect_exactly  # noqa: E402
from cdop.statistics.disclosure.rounding import Numbers, audit_rounded, round_counts  # noqa: E402
from cdop.statistics.disclosure.system import Mask  # noqa: E402
from tests.unit.statistics.disclosure.independent import (  # noqa: E402
    DIMENSIONS,
    TABLES,
    Range,
    Reader,
    register,
)

INFINITE = float("inf")
WAYS = ("hide", "strict", "exact", "round-3", "round-5", "nhs")
Places = dict[tuple[str, tuple[str, ...]], Range]


def main() -> None:
    """Protect each register in its turn by one of the ways, attack it, and plant a leak."""
    attack_each("disclosure", "registers", 2000, _one)


def _one(seed: int, seen: Counter[str]) -> Iterator[str]:
    deaths = int(np.random.default_rng(seed).integers(0, 120))
    system = build_system(register(deaths, seed), DIMENSIONS, TABLES)
    way = WAYS[seed % 6]
    for said in _protected(way, system, seen):
        yield f"{way}: {said}"
    seen[f"registers {way}"] += 1


def _protected(way: str, system: LinearSystem, seen: Counter[str]) -> Iterator[str]:
    chosen = profile(
        {"strict": "strict-1to9", "nhs": "nhs-1to7-round5", "round-3": "rounded-3"}.get(
            way, "rounded-5" if way == "round-5" else "partner-1to4"
        )
    )
    try:
        if way.startswith("round"):
            numbers = round_counts(system, chosen)[0]
            printed = _rounded(system, numbers)
            yield from _leaks_of_rounding(system, chosen, numbers, seen)
        else:
            exact = way == "exact"
            hidden = (
                protect_exactly(system, chosen).protection if exact else protect(system, chosen)
            ).hidden
            audit(system, hidden, chosen)
            printed = _hidden(system, chosen, hidden)
            yield from _leaks(system, chosen, hidden, seen)
    except Unsafe:
        seen[f"no release {way}"] += 1
        return
    reader = Reader(printed)
    for place, cell in system.places.items():
        if chosen.primary_low <= system.values[cell] <= chosen.primary_high:
            seen["small counts attacked"] += 1
            width = reader.width(*place)
            if width < chosen.width:
                yield f"{place} can be told to {width}"


def _hidden(system: LinearSystem, chosen: Profile, hidden: Mask) -> Places:
    values, found = system.values, {}
    nhs = chosen.base == 5
    most = 7 if nhs and (values[hidden] <= 7).all() else INFINITE
    for place, cell in system.places.items():
        value = float(values[cell])
        if hidden[cell]:
            found[place] = (1.0 if nhs else 0.0, most)
        elif nhs and value:
            near = (value + 2) // 5 * 5
            found[place] = (max(near - 2, 8.0), near + 2)
        else:
            found[place] = (value, value)
    return found


def _rounded(system: LinearSystem, numbers: Numbers) -> Places:
    return {
        place: (
            float(max(numbers.printed[cell] - numbers.reach, 0)),
            float(numbers.printed[cell] + numbers.reach),
        )
        for place, cell in system.places.items()
    }


def _leaks(
    system: LinearSystem, chosen: Profile, hidden: Mask, seen: Counter[str]
) -> Iterator[str]:
    """Print one hidden cell: a small one always, a complement of the fast method too."""
    for cell in np.flatnonzero(hidden)[:3]:
        leaky = hidden.copy()
        leaky[cell] = False
        seen["leaks planted"] += 1
        try:
            audit(system, leaky, chosen)
        except Unsafe:
            seen["leaks blocked"] += 1
            continue
        printed = _hidden(system, chosen, leaky)
        reader = Reader(printed)
        widths = [
            reader.width(*place)
            for place, at in system.places.items()
            if chosen.primary_low <= system.values[at] <= chosen.primary_high
        ]
        if min(widths, default=INFINITE) < chosen.width:
            yield f"the leak of {system.label(int(cell))} was let through"
        seen["leaks that were none"] += 1


def _leaks_of_rounding(
    system: LinearSystem, chosen: Profile, numbers: Numbers, seen: Counter[str]
) -> Iterator[str]:
    """Print one number that is no multiple, or that breaks a total."""
    for change in (1, chosen.base):
        printed = numbers.printed.copy()
        printed[0] += change
        seen["leaks planted"] += 1
        try:
            audit_rounded(system, chosen, Numbers(printed, numbers.reach), (PUBLIC,))
        except Unsafe:
            seen["leaks blocked"] += 1
            continue
        yield "a changed number was let through"


if __name__ == "__main__":
    main()
