"""Building the linear system of a release from records, or from counted kinds of record."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pandas as pd

from cdop.errors import Invalid
from cdop.statistics.disclosure.parts import Part, assembled
from cdop.statistics.disclosure.system import TOTAL, Counts, Dimension, LinearSystem, Table

ATOM_LIMIT = 100_000  # above this, only kinds close to those observed are listed


def build_system(
    records: pd.DataFrame,
    dimensions: Sequence[Dimension],
    tables: Sequence[Table],
    *,
    count: str | None = None,
    possible: Callable[[pd.DataFrame], Any] | None = None,
    atom_limit: int = ATOM_LIMIT,
    differences: bool = False,
) -> LinearSystem:
    """Build the system of a release from one row per record (or per kind, with a `count` column).

    `possible` is given a frame of kinds (dimension and population columns) and returns a boolean
    for each: False where everybody knows that no such record can exist. When there are more than
    `atom_limit` kinds, only those differing from an observed one in at most two columns are
    listed; the attacker is then thought to know more than he does, so this errs on the safe side.

    With `differences`, cells of the same codes whose populations lie one in the other are paired,
    so that a small difference (say, those not yet reviewed) is protected like a printed count.

    Raises `Invalid` for an unknown or missing code and for a count that is not a whole number.
    """
    used = {name for table in tables for name in table.dimensions}
    dims = [dimension for dimension in dimensions if dimension.name in used]
    flags = sorted({table.population for table in tables if table.population})
    observed, counts = _observed(records, dims, flags, count)
    kinds = _kinds([len(d.codes) for d in dims] + [2] * len(flags), observed, atom_limit)
    if possible is not None:
        frame = pd.DataFrame({d.name: np.array(d.codes)[kinds[:, i]] for i, d in enumerate(dims)})
        for i, flag in enumerate(flags, start=len(dims)):
            frame[flag] = kinds[:, i].astype(bool)
        allowed = np.asarray(possible(frame), dtype=bool)
        kinds = kinds[allowed]
        rows = {tuple(kind) for kind in kinds.tolist()}
        if any(tuple(kind) not in rows for kind in observed.tolist()):
            raise Invalid({"records": "A record is of a kind that was said to be impossible"})
    system = _system(kinds, (observed, counts), dims, flags, tables)
    return replace(system, nested=_nested(system, tables)) if differences else system


def _system(
    kinds: Counts,
    observed: tuple[Counts, Counts],
    dims: Sequence[Dimension],
    flags: Sequence[str],
    tables: Sequence[Table],
) -> LinearSystem:
    """Build the system from the kinds of record there could be, those `observed` and their counts.

    A kind is a row of positions: of its code in each of `dims`, then 1 or 0 for each of `flags`.
    """
    rows, counts = observed
    # Which inner cell of each table does a kind fall in? Kinds that agree everywhere are one atom.
    every = np.concatenate([kinds, rows])
    patterns, belongs, first = _distinct(_inner_cells(every, dims, flags, tables))
    atoms = np.zeros(len(patterns), dtype=np.int64)
    np.add.at(atoms, belongs[len(kinds) :], counts)
    keep = (patterns >= 0).any(axis=1)
    one = every[first[keep]]
    positions = {dimension.name: one[:, place] for place, dimension in enumerate(dims)}
    inside = {flag: one[:, len(dims) + place] == 1 for place, flag in enumerate(flags)}
    part = Part(positions, inside, atoms[keep])
    return assembled([part], {d.name: d for d in dims}, tables)


def _distinct(rows: Counts) -> tuple[Counts, Counts, Counts]:
    """Return the distinct rows in order, which of them each row is, and where each is first.

    Sorting rows is slow, so they are told apart by a number each, and that is checked.
    """
    factors = np.random.default_rng(0).integers(1, 2**63, rows.shape[1], dtype=np.uint64)
    numbers = (rows.astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    _, first, belongs = np.unique(numbers, return_index=True, return_inverse=True)
    if (rows[first][belongs.ravel()] != rows).any():
        found, first, belongs = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        return found, belongs.ravel(), first
    found, at, order = np.unique(rows[first], axis=0, return_index=True, return_inverse=True)
    return found, order.ravel()[belongs.ravel()], first[at]


def _nested(system: LinearSystem, tables: Sequence[Table]) -> tuple[tuple[int, int], ...]:
    """Return pairs (outer, inner) of cells with the same codes, one wholly in the other."""
    alike: dict[frozenset[tuple[str, str]], set[int]] = {}
    by_id = {table.id: table for table in tables}
    for (id, key), cell in system.places.items():
        named = zip(by_id[id].dimensions, key, strict=True)
        alike.setdefault(frozenset((n, c) for n, c in named if c != TOTAL), set()).add(cell)
    pairs = set()
    for cells in alike.values():
        for outer, inner in permutations(sorted(cells), 2):
            a, b = (set(system.sums[[cell]].indices.tolist()) for cell in (outer, inner))
            if b < a:
                pairs.add((outer, inner))
    return tuple(sorted(pairs))


def _observed(
    records: pd.DataFrame, dims: Sequence[Dimension], flags: Sequence[str], count: str | None
) -> tuple[Counts, Counts]:
    """Return the records as code positions, and how many there are of each."""
    columns = []
    for dimension in dims:
        position = pd.Index(dimension.codes).get_indexer(
            pd.Index(records[dimension.name].astype("str"))
        )
        if (position < 0).any() or records[dimension.name].isna().any():
            raise Invalid({dimension.name: "A record holds a code that the list does not have"})
        columns.append(position.astype(np.int64))
    for flag in flags:
        if records[flag].isna().any():
            raise Invalid({flag: "A record does not say whether it belongs to this population"})
        columns.append(records[flag].to_numpy(dtype=bool).astype(np.int64))
    counts = np.ones(len(records), dtype=np.int64)
    if count is not None:
        numbers = pd.to_numeric(records[count], errors="coerce").to_numpy(dtype=float)
        if not np.isfinite(numbers).all() or (numbers < 0).any() or (numbers % 1 != 0).any():
            raise Invalid({count: "Counts must be whole numbers, 0 or more, none missing"})
        counts = numbers.astype(np.int64)
    shape = (len(records), len(columns))
    return (np.stack(columns, axis=1) if columns else np.zeros(shape, np.int64)), counts


def _kinds(sizes: Sequence[int], observed: Counts, limit: int) -> Counts:
    """List the kinds of record there could be, as code positions."""
    if not sizes:
        return np.zeros((1, 0), dtype=np.int64)
    if int(np.prod(sizes, dtype=object)) <= limit:
        return np.indices(sizes, dtype=np.int64).reshape(len(sizes), -1).T
    near = {tuple(kind) for kind in observed.tolist()}
    for kind in sorted(near):
        for a, b in combinations(range(len(sizes)), 2):
            for code_a, code_b in product(range(sizes[a]), range(sizes[b])):
                other = list(kind)
                other[a], other[b] = code_a, code_b
                near.add(tuple(other))
    return np.array(sorted(near), dtype=np.int64)


def _inner_cells(
    kinds: Counts, dims: Sequence[Dimension], flags: Sequence[str], tables: Sequence[Table]
) -> Counts:
    """Return kinds x tables: the number of the inner cell each kind falls in, -1 for none."""
    column = {d.name: i for i, d in enumerate(dims)}
    result = np.zeros((len(kinds), len(tables)), dtype=np.int64)
    for t, table in enumerate(tables):
        for name in table.dimensions:
            result[:, t] *= len(dims[column[name]].codes)
            result[:, t] += kinds[:, column[name]]
        if table.population:
            inside = kinds[:, len(dims) + list(flags).index(table.population)] == 1
            result[~inside, t] = -1
    return result
