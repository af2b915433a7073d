"""Which columns a release tells apart together, and how those bundles of columns hang together.

Two tables that share nothing but a margin need no common atoms. Say that events and ages are
tabled apart: whatever the counts by event and whatever those by age, if both add up to the same
total, there are records of that many whose events and ages are just these. So the counts of one
bundle go with any of another that agree on the columns they share, and the system of the bundles,
linked by what they share, allows a reader exactly what the system of all columns crossed would.
That holds where the bundles form a tree in which a shared column stays connected (a junction tree;
Lauritzen, Graphical Models, 1996, chapter 2). It is no approximation either way.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations


@dataclass(frozen=True)
class Bundle:
    """Columns told apart together. `shared` are those that it has from `parent`, an earlier one."""

    columns: tuple[str, ...]
    parent: int | None = None
    shared: tuple[str, ...] = ()


def bundles(columns: Sequence[str], crossed: Iterable[Collection[str]]) -> list[Bundle]:
    """Return bundles such that each of the `crossed` sets of columns lies in one of them.

    Every column is in one or more; they are joined in a tree, each after its parent.
    """
    left = [frozenset(clique) for clique in _cliques(columns, crossed)] or [frozenset()]
    found = [left.pop(0)]
    joined = [Bundle(_ordered(found[0], columns))]
    while left:
        pairs = [(clique, at) for clique in left for at in range(len(found))]
        clique, at = max(pairs, key=lambda pair: len(pair[0] & found[pair[1]]))
        left.remove(clique)
        shared = _ordered(clique & found[at], columns)
        found.append(clique)
        joined.append(Bundle(_ordered(clique, columns), at, shared))
    return joined


def _cliques(columns: Sequence[str], crossed: Iterable[Collection[str]]) -> list[set[str]]:
    """Return the largest sets of columns that are crossed, once rings of crossings are filled in.

    Columns are taken away one by one, that with the fewest neighbours first; its neighbours become
    one another's.
    """
    near: dict[str, set[str]] = {name: set() for name in columns}
    for names in crossed:
        for one, other in permutations(names, 2):
            near[one].add(other)
    found: list[set[str]] = []
    left = list(columns)
    while left:
        name = min(left, key=lambda each: len(near[each]))
        left.remove(name)
        around = near[name]
        if not any(around | {name} <= clique for clique in found):
            found.append(around | {name})
        for other in around:
            near[other] = (near[other] | around) - {name, other}
    return found


def _ordered(names: Collection[str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in columns if name in names)
