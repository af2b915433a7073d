"""Programmes in whole numbers whose columns are all known: the choice of a rounding, or of cells.

With `programme`, the only file that knows the solver: limits count nodes, never seconds.
"""

from collections.abc import Sequence

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

from cdop.statistics.disclosure.programme import Reals, has_answer, new_solver
from cdop.statistics.disclosure.system import Counts

NODES = 5_000  # of branch and bound, per solve


class Integers:
    """Whole numbers from 0 to `highs` at least cost; `columns` times them equal `equal`.

    Costs, highs and columns come in blocks that are set side by side.
    """

    def __init__(
        self,
        costs: Sequence[Reals],
        highs: Sequence[Counts],
        columns: Sequence[csr_matrix],
        equal: Counts,
    ) -> None:
        cost = np.concatenate(costs)
        self.size = len(cost)
        high = np.concatenate(highs).astype(np.float64)
        none = np.zeros(0, np.int32)
        self.solver = new_solver(NODES)
        zeros = np.zeros(self.size)
        self.solver.addCols(
            self.size, cost, zeros, high, 0, np.zeros(self.size, np.int32), none, np.zeros(0)
        )
        rows = csr_matrix(hstack(columns), dtype=np.float64)
        bound = equal.astype(np.float64)
        self._add(rows, bound, bound)

    def at_least(self, row: Reals, least: float) -> None:
        """Ask that a weighted sum be `least` or more from now on."""
        used = np.flatnonzero(row).astype(np.int32)
        self.solver.addRow(least, highspy.kHighsInf, len(used), used, row[used])

    def relaxed(self) -> tuple[float, Reals] | None:
        """Return the least cost and its point over real numbers; None when there is no answer."""
        self._kind(highspy.HighsVarType.kContinuous)
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        point = np.array(self.solver.getSolution().col_value)
        return float(self.solver.getInfo().objective_function_value), point

    def best(self, gap: float = 0.0) -> Counts | None:
        """Return the cheapest whole point, to within `gap` (a share); None when there is none.

        `bound` is then what any such point costs at least.
        """
        self._kind(highspy.HighsVarType.kInteger)
        self.solver.setOptionValue("mip_rel_gap", gap)
        self.solver.run()
        self.bound = float(self.solver.getInfo().mip_dual_bound)
        if not has_answer(self.solver):
            return None
        point = np.array(self.solver.getSolution().col_value)
        return np.asarray(np.rint(point), dtype=np.int64) if len(point) == self.size else None

    def _kind(self, kind: highspy.HighsVarType) -> None:
        kinds: npt.NDArray[np.uint8] = np.full(self.size, int(kind), dtype=np.uint8)
        every = np.arange(self.size, dtype=np.int32)
        self.solver.changeColsIntegrality(self.size, every, kinds)

    def _add(self, rows: csr_matrix, low: Reals, high: Reals) -> None:
        starts = rows.indptr[:-1].astype(np.int32)
        inside = rows.indices.astype(np.int32)
        self.solver.addRows(rows.shape[0], low, high, rows.nnz, starts, inside, rows.data)
