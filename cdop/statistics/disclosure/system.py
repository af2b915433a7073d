"""A release as one linear system: every printed number is a 0/1 sum of the same atoms.

An atom is a kind of record that the tables of the release can tell apart (say: died in the year,
not reviewed in it, male, aged 1-4). Atoms whose count is 0 but which could have existed are kept:
the attacker does not know that they are empty. Nothing here decides what may be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_matrix

from cdop.errors import Invalid

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Place = tuple[str, tuple[str, ...]]

TOTAL = "total"  # the code of a margin in the key of a cell


@dataclass(frozen=True)
class Dimension:
    """A column of the records and every code it may hold, in the order of the code list.

    `groupings` names coarser versions, nested or not: each maps every code to its group. A group
    must not bear the name of a code, of another grouping's group, or `TOTAL`: `Invalid` if so.
    """

    name: str
    codes: tuple[str, ...]
    groupings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(not set(self.codes) <= set(grouping) for grouping in self.groupings.values()):
            raise Invalid({self.name: "A grouping leaves a code out"})
        names = [name for cut in self.partitions() for name in cut]
        if len(names) != len(set(names)) or len(set(self.codes)) < len(self.codes):
            raise Invalid({self.name: "Two codes or groups bear the same name"})

    def partitions(self) -> list[dict[str, frozenset[int]]]:
        """Return the ways the codes are cut up, from the whole to single codes."""
        cuts: list[dict[str, frozenset[int]]] = [{TOTAL: frozenset(range(len(self.codes)))}]
        for grouping in self.groupings.values():
            cut: dict[str, set[int]] = {}
            for position, code in enumerate(self.codes):
                cut.setdefault(grouping[code], set()).add(position)
            cuts.append({name: frozenset(members) for name, members in cut.items()})
        cuts.append({code: frozenset([position]) for position, code in enumerate(self.codes)})
        return cuts


@dataclass(frozen=True)
class Table:
    """A table of the release: dimensions crossed, every margin printed.

    `population` names a boolean column of the records; only records that have it are counted.
    """

    id: str
    dimensions: tuple[str, ...]
    population: str | None = None


@dataclass(frozen=True)
class Earlier:
    """What earlier releases have told of each cell, for good: at least `low`, at most `high`.

    `only` marks cells that no table of the new release prints. Nothing was told of a cell from 0
    to 2**31 - 1.
    """

    low: Counts
    high: Counts
    only: Mask

    @property
    def exact(self) -> Mask:
        """Tell which counts are known exactly: no release can take them back."""
        return np.asarray(self.low == self.high)


@dataclass(frozen=True)
class LinearSystem:
    """Distinct cells of a release over its atoms.

    `sums` is cells x atoms, 0/1. `lines` pairs a total with the cells that add up to it. `places`
    says where each cell is printed: a number printed twice is one cell. `costs` is what hiding a
    cell loses, in no unit but the same one. `limits` are the greatest small counts of cells for
    which they are above the profile's; `groups` pairs a total with a part that holds all of it,
    which must not be found out. Both come from `care.with_care`. `nested` pairs a cell with another
    inside it that has the same codes in a smaller population: their difference is a count too.
    `earlier` is there when the system also holds the cells of releases made before. `links` (rows
    over atoms, with signs) are 0 in every table that there could be: parts whose atoms tell other
    columns of the same records apart agree on what they share.
    """

    sums: csr_matrix
    atoms: Counts
    costs: npt.NDArray[np.float64]
    lines: tuple[tuple[int, tuple[int, ...]], ...]
    places: Mapping[Place, int]
    limits: Counts | None = None
    groups: tuple[tuple[int, int], ...] = ()
    nested: tuple[tuple[int, int], ...] = ()
    earlier: Earlier | None = None
    links: csr_matrix | None = None

    @cached_property
    def line_parts(self) -> csr_matrix:
        """Return lines x cells: 1 where the cell is a part of the line's total."""
        sizes = [len(parts) for _, parts in self.lines]
        return csr_matrix(
            (
                np.ones(sum(sizes), dtype=np.int64),
                np.fromiter((c for _, parts in self.lines for c in parts), np.int64, sum(sizes)),
                np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
            ),
            shape=(len(sizes), len(self.values)),
        )

    @cached_property
    def line_totals(self) -> Counts:
        """Return the total of each line."""
        return np.array([total for total, _ in self.lines], dtype=np.int64)

    @cached_property
    def copies(self) -> Counts:
        """Return in how many places each cell is printed."""
        return np.bincount(list(self.places.values()), minlength=self.sums.shape[0])

    @cached_property
    def values(self) -> Counts:
        """Return the true value of each cell."""
        return np.asarray(self.sums @ self.atoms, dtype=np.int64)

    @cached_property
    def canonical(self) -> bytes:
        """Return sums and links as bytes, the same for the same system."""
        return canonical(self.sums) + (b"" if self.links is None else canonical(self.links))

    def label(self, cell: int) -> str:
        """Return words that point to the cell (the first place it is printed), never its value."""
        table, key = self._first_places[cell]
        return f"table {table}, {' / '.join(key) or TOTAL}"

    @cached_property
    def _first_places(self) -> dict[int, Place]:
        return {cell: place for place, cell in reversed(list(self.places.items()))}

    def frame(self, table: str, hidden: Mask) -> pd.DataFrame:
        """Return one table as printed: `key`, `count` (missing where hidden), `count_symbol`."""
        values = self.values
        rows: list[dict[str, Any]] = [
            {
                "key": key,
                "count": None if hidden[cell] else int(values[cell]),
                "count_symbol": "[c]" if hidden[cell] else "",
            }
            for (name, key), cell in self.places.items()
            if name == table
        ]
        return pd.DataFrame(rows).astype({"count": "Int64", "count_symbol": "str"})


def canonical(matrix: csr_matrix) -> bytes:
    """Return a sparse matrix as bytes, the same for the same numbers."""
    ordered = csr_matrix(matrix, dtype=np.int64, copy=True)
    ordered.sum_duplicates()
    ordered.eliminate_zeros()
    parts = (np.array(ordered.shape), ordered.indptr, ordered.indices, ordered.data)
    return b"".join(part.astype("<i8").tobytes() for part in parts)
