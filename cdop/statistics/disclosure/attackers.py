"""Those who read a release, and what each knows besides it.

An attacker's knowledge is data: sums of atoms known exactly (`knows`), and least counts of atoms
(`least`). Whoever knows nothing is `PUBLIC`. A release is proved against each attacker apart.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, eye_array

from cdop.errors import Invalid
from cdop.statistics.disclosure.system import TOTAL, Counts, LinearSystem, Mask, Place, Table


@dataclass(frozen=True)
class Attacker:
    """Somebody who reads the release.

    `knows` are sums of atoms (rows) known to them exactly; `least` are counts of atoms that they
    know to be reached. With `rests`, what is left of a count after taking away what they know is
    protected like a count of its own: a board must not find that its neighbours had 2 between them.
    """

    id: str
    knows: csr_matrix | None = None
    least: Counts | None = None
    rests: bool = False

    @cached_property
    def own(self) -> Mask | None:
        """Return which atoms they know one by one; None when there are none."""
        if self.knows is None:
            return None
        single = np.flatnonzero(np.diff(self.knows.indptr) == 1)
        mask = np.zeros(self.knows.shape[1], dtype=bool)
        mask[self.knows[single].indices] = True
        return mask if mask.any() else None

    def unknown(self, system: LinearSystem) -> Counts:
        """Return the counts of atoms, 0 for those that they know of already."""
        rest = system.atoms.copy()
        if self.own is not None:
            rest[self.own] = 0
        return rest if self.least is None else rest - np.minimum(rest, self.least)

    def left_of(self, system: LinearSystem) -> Counts:
        """Return of each cell the count by which sums of hidden cells are judged to be small.

        That is what is left of it without the records known, except for those who only know that
        some record is there: that they can take it away from a large sum is theirs already.
        """
        known = self if self.rests else replace(self, least=None)
        return np.asarray(system.sums @ known.unknown(system), dtype=np.int64)

    def knows_cells(self, system: LinearSystem) -> Mask:
        """Tell which cells they know exactly, whatever is printed."""
        known = np.zeros(len(system.values), dtype=bool)
        if self.knows is None:
            return known
        if self.own is not None:
            known |= np.asarray(system.sums @ (~self.own).astype(np.int64)) == 0
        rows = {self.knows[[row]].sorted_indices().indices.tobytes() for row in self._sums()}
        if rows:
            every = system.sums.sorted_indices()
            for cell in range(len(known)):
                inside = every.indices[every.indptr[cell] : every.indptr[cell + 1]]
                known[cell] |= inside.tobytes() in rows
        return known

    def _sums(self) -> Counts:
        """Return the rows that they know as a sum of several atoms."""
        assert self.knows is not None
        return np.flatnonzero(np.diff(self.knows.indptr) > 1)


PUBLIC = Attacker("public")


def board(system: LinearSystem, tables: Sequence[Table], dimension: str, code: str) -> Attacker:
    """Return a recipient, `board:<code>`, who knows every record of its own area exactly.

    Its records are the atoms that any table places under `code` of `dimension`. Raises `Invalid`
    if no table is cut by it.
    """
    mine = np.zeros(len(system.atoms), dtype=bool)
    for table in tables:
        if dimension in table.dimensions:
            key = tuple(code if name == dimension else TOTAL for name in table.dimensions)
            mine[_atoms(system, (table.id, key))] = True
    if not mine.any():
        raise Invalid({dimension: "No table is cut by this dimension and code"})
    knows = eye_array(len(mine), dtype=np.int64, format="csr")[mine]
    return Attacker(f"board:{code}", csr_matrix(knows), rests=True)


def known_margins(system: LinearSystem, places: Collection[Place]) -> Attacker:
    """Return a reader who has these counts of the release from elsewhere, printed here or not.

    Such as infant deaths by area from the national statistics, or the national return. Raises
    `Invalid` for a place that no table has.
    """
    return Attacker("known-margins", _rows(system, places))


def ledger(system: LinearSystem, published: Collection[Place], name: str = "ledger") -> Attacker:
    """Return whoever kept earlier releases, of which `published` cells of this system were shown.

    Build the system with the tables of each release, each with its own population column (say,
    `in_first`: counted by the first release). What was printed then is known for good; the records
    added since are what is left of each count, and are protected as counts of their own.
    """
    return Attacker(name, _rows(system, published), rests=True)


def family(system: LinearSystem, atom: int) -> Attacker:
    """Return somebody who knows that one record of this kind exists: a parent, say.

    What they must not learn is how many others there are.
    """
    least = np.zeros(len(system.atoms), dtype=np.int64)
    least[atom] = 1
    return Attacker(f"family:{atom}", least=least, rests=True)


def families(system: LinearSystem) -> Iterator[Attacker]:
    """Return a family for each kind of record that there is."""
    for atom in np.flatnonzero(system.atoms):
        yield family(system, int(atom))


def sooner_and_later(
    attackers: Sequence[Attacker],
) -> tuple[tuple[Attacker, ...], tuple[Attacker, ...]]:
    """Part those who know sums from those who know of single records; each keeps its order."""
    every = tuple(attackers)
    first = tuple(who for who in every if who.least is None)
    return (first, every[len(first) :]) if first == every[: len(first)] else (every, ())


def _rows(system: LinearSystem, places: Collection[Place]) -> csr_matrix:
    try:
        cells = sorted({system.places[place] for place in places})
    except KeyError:
        raise Invalid({"places": "No table of this release has such a cell"}) from None
    return csr_matrix(system.sums[cells])


def _atoms(system: LinearSystem, place: Place) -> Counts:
    if place not in system.places:
        return np.zeros(0, dtype=np.int64)
    return np.asarray(system.sums[[system.places[place]]].indices, dtype=np.int64)
