"""Alternative tables found against some attackers, which may do against others too.

Whoever knows a record more than another is mostly kept off by the same tables: those in which that
record is not missing.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from cdop.statistics.disclosure.attackers import Attacker
from cdop.statistics.disclosure.certificate import Certificate
from cdop.statistics.disclosure.sensitive import Sensitive
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask


@dataclass(frozen=True)
class Pool:
    """Tables that agree with all that is printed, one a column: counts of atoms, and of cells.

    The first is the true one.
    """

    tables: Counts
    cells: Counts

    def joined(self, *others: "Pool") -> "Pool":
        """Return these tables and others."""
        every = (self, *others)
        return Pool(
            np.column_stack([each.tables for each in every]),
            np.column_stack([each.cells for each in every]),
        )

    def agreeing(self, attacker: Attacker) -> Mask:
        """Tell which of the tables agree with what an attacker knows besides."""
        fits = np.ones(self.tables.shape[1], dtype=bool)
        if attacker.least is not None:
            known = np.flatnonzero(attacker.least)
            fits &= (self.tables[known] >= attacker.least[known, None]).all(axis=0)
        if attacker.knows is not None:
            sums = attacker.knows @ self.tables
            fits &= (sums == sums[:, [0]]).all(axis=0)
        return fits

    def proof(self, must: Sensitive, attacker: Attacker) -> Certificate | None:
        """Return a certificate made of these tables; None where they do not prove enough."""
        fits = np.flatnonzero(self.agreeing(attacker))
        reached = np.asarray(must.cells @ self.cells[:, fits])
        if not len(reached):
            return Certificate(csr_matrix(self.tables[:, :0].T))
        if (reached.max(axis=1) - reached.min(axis=1) < must.widths).any():
            return None
        ends = fits[np.union1d(reached.argmin(axis=1), reached.argmax(axis=1))]
        return Certificate(csr_matrix(self.tables[:, ends[ends > 0]].T))


def truth_alone(system: LinearSystem) -> Pool:
    """Return the pool that holds the true table and nothing else."""
    return Pool(system.atoms[:, None], system.values[:, None])
