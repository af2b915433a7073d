"""Complementary suppression against exact linear recovery, in exact arithmetic.

The idea is Langsrud's (GaussSuppression): walk the cells from most to least wanted and publish
each unless a protected one would become a linear combination of the published. This stops nothing
but exact recovery; `protect` and `attack` see to the rest.
"""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from cdop.statistics.disclosure.system import Counts, Mask

PRIME = 2**31 - 1  # products of two residues fit in 64 bits, so nothing is ever rounded


def eliminate(
    sums: csr_matrix, primary: Mask, order: npt.ArrayLike, links: csr_matrix | None = None
) -> Mask:
    """Return which cells to hide: the `primary` ones and the complements they need.

    `order` lists every other cell, most wanted first. `links` are sums that everybody knows to be
    0; each has its last atom from the others before it.
    """
    hidden = primary.copy()
    left = _residues(sums if links is None else _without(sums, links))
    alive = np.ones(len(primary), dtype=bool)  # rows not yet published nor skipped
    for cell in np.asarray(order, dtype=np.int64):
        if primary[cell]:
            continue
        alive[cell] = False
        across = np.flatnonzero(left[cell])
        if not len(across):
            continue  # it follows from what is published: nothing is lost by printing it
        pivot = across[0]
        unit = left[cell, across] * pow(int(left[cell, pivot]), -1, PRIME) % PRIME
        touched = np.flatnonzero(alive & (left[:, pivot] != 0))
        reduced = left[np.ix_(touched, across)] - left[touched, pivot][:, None] * unit
        reduced %= PRIME
        at_risk = primary[touched] & ~reduced.any(axis=1)
        if at_risk.any():
            outside = np.delete(left[touched[at_risk]], across, axis=1)
            if not outside.any(axis=1).all():
                hidden[cell] = True
                continue
        left[np.ix_(touched, across)] = reduced
    return hidden


def by_cost(costs: npt.NDArray[np.float64], sums: csr_matrix) -> Counts:
    """Return the cells, dearest first; of equals, the one that sums up the most atoms first."""
    sizes = np.asarray(sums.sum(axis=1)).ravel()
    return np.lexsort((np.arange(len(costs)), -sizes, -costs)).astype(np.int64)


def _residues(sums: csr_matrix) -> Counts:
    """Return the rows as residues; a wide system is first projected onto as many columns as rows.

    A seeded random projection keeps every linear relation and adds a false one with a chance of
    about rows / PRIME; a false one costs at most a needless repair, since the audit comes after.
    """
    rows, columns = sums.shape
    if columns <= 2 * rows:
        return np.asarray(sums.toarray(), dtype=np.int64) % PRIME
    random = np.random.default_rng(0)
    result = np.zeros((rows, rows), dtype=np.int64)
    for column in range(rows):
        result[:, column] = (sums @ random.integers(0, PRIME, columns, dtype=np.int64)) % PRIME
    return result


def _without(sums: csr_matrix, links: csr_matrix) -> csr_matrix:
    """Return sums that are equal to these wherever the links are 0, without their last atoms.

    What a sum of the cells then is by itself, it is only thanks to cells.
    """
    rows = [dict(zip(*_entries(sums, row), strict=True)) for row in range(sums.shape[0])]
    where: dict[int, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        for atom in row:
            where[atom].add(number)
    for link in reversed(range(links.shape[0])):
        atoms, signs = _entries(links, link)
        last = int(np.argmax(atoms))
        for number in tuple(where[atoms[last]]):
            times = rows[number][atoms[last]] * signs[last]
            for atom, sign in zip(atoms, signs, strict=True):
                rows[number][atom] = rows[number].get(atom, 0) - times * sign
                where[atom].add(number)
                if not rows[number][atom]:
                    del rows[number][atom]
                    where[atom].discard(number)
    sizes = np.cumsum([0, *map(len, rows)])
    columns = np.array([atom for row in rows for atom in row], dtype=np.int64)
    values = np.array([value for row in rows for value in row.values()], dtype=np.int64)
    return csr_matrix((values, columns, sizes), shape=sums.shape)


def _entries(matrix: csr_matrix, row: int) -> tuple[list[int], list[int]]:
    inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[inside].tolist(), matrix.data[inside].tolist()
