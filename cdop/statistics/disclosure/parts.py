"""Summing atoms into the cells of every table, where the atoms come in one part or in several.

Parts tell apart other columns of the same records. Links are what all of them agree on: sums of
atoms, taken with signs, that everybody knows to be 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, product

import numpy as np
from scipy.sparse import csr_matrix

from cdop.statistics.disclosure.system import (
    TOTAL,
    Counts,
    Dimension,
    LinearSystem,
    Mask,
    Place,
    Table,
)

Cut = dict[str, frozenset[int]]


@dataclass(frozen=True)
class Part:
    """Atoms that some dimensions tell apart, and their counts.

    `positions` has for each of these dimensions the code of each atom, `inside` for each population
    whether the atom belongs to it.
    """

    positions: Mapping[str, Counts]
    inside: Mapping[str, Mask]
    counts: Counts


def assembled(
    parts: Sequence[Part],
    dims: Mapping[str, Dimension],
    tables: Sequence[Table],
    links: csr_matrix | None = None,
) -> LinearSystem:
    """Return the system of all cells. Cells with the same atoms become one.

    A cell is summed from the part that tells its columns and most populations apart, so that a
    margin is the same cell in every table. The columns of each table, and its population, must be
    together in one part.
    """
    ends = list(accumulate((len(part.counts) for part in parts), initial=0))
    places: dict[Place, int] = {}
    members: list[Counts] = []
    known: dict[bytes, int] = {}
    lines: set[tuple[int, tuple[int, ...]]] = set()
    for table in tables:
        cuts = [dims[name].partitions() for name in table.dimensions]
        named = [{k: v for cut in cut_list for k, v in cut.items()} for cut_list in cuts]
        chosen = [
            {k: np.isin(np.arange(len(dims[name].codes)), list(v)) for k, v in names.items()}
            for name, names in zip(table.dimensions, named, strict=True)
        ]
        for key in product(*named):
            cut = {
                name: choice[code]
                for name, code, choice in zip(table.dimensions, key, chosen, strict=True)
                if code != TOTAL
            }
            homes = [n for n, part in enumerate(parts) if _tells(part, cut, table.population)]
            home = max(homes, key=lambda n: len(parts[n].inside))
            atoms_in = np.flatnonzero(_inside(parts[home], cut, table.population)) + ends[home]
            index = known.setdefault(atoms_in.tobytes(), len(members))
            if index == len(members):
                members.append(atoms_in)
            places[table.id, key] = index
        lines |= _lines(table.id, cuts, named, places)
    atoms = np.concatenate([part.counts for part in parts])
    sums = _sums(members, len(atoms))
    costs = 1.0 + np.asarray(sums @ atoms, dtype=np.float64)
    return LinearSystem(sums, atoms, costs, tuple(sorted(lines)), places, links=links)


def _tells(part: Part, cut: Mapping[str, Mask], population: str | None) -> bool:
    """Tell whether a part tells the records of a cell apart."""
    return set(cut) <= set(part.positions) and population in (None, *part.inside)


def _inside(part: Part, cut: Mapping[str, Mask], population: str | None) -> Mask:
    """Tell which atoms of a part a cell counts."""
    mask = np.ones(len(part.counts), dtype=bool)
    if population is not None:
        mask &= part.inside[population]
    for name, codes in cut.items():
        mask &= codes[part.positions[name]]
    return mask


def _sums(members: Sequence[Counts], atoms: int) -> csr_matrix:
    row = np.repeat(np.arange(len(members)), [len(m) for m in members])
    col = np.concatenate(members) if members else np.zeros(0, np.int64)
    ones = np.ones(len(col), np.int64)
    return csr_matrix((ones, (row, col)), shape=(len(members), atoms), dtype=np.int64)


def _lines(
    table: str,
    cuts: Sequence[Sequence[Cut]],
    named: Sequence[Cut],
    places: Mapping[Place, int],
) -> set[tuple[int, tuple[int, ...]]]:
    """Return each total of the table with each set of cells that adds up to it."""
    found = set()
    for axis, cut_list in enumerate(cuts):
        for coarse, fine in combinations(cut_list, 2):
            for group, whole in coarse.items():
                parts = [name for name, part in fine.items() if part <= whole]
                if frozenset[int]().union(*(fine[name] for name in parts)) != whole:
                    continue  # a grouping that cuts across this one
                others = [list(n) if i != axis else [group] for i, n in enumerate(named)]
                for key in product(*others):
                    cells = {places[table, (*key[:axis], name, *key[axis + 1 :])] for name in parts}
                    if places[table, key] not in cells:
                        found.add((places[table, key], tuple(sorted(cells))))
    return found
