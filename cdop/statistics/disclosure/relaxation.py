"""The attacker's programme over real counts under a choice of cells, and the cut it gives."""

import highspy
import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, vstack

from cdop.statistics.disclosure.attack import SLACK
from cdop.statistics.disclosure.attackers import Attacker
from cdop.statistics.disclosure.profiles import Profile, Zeros
from cdop.statistics.disclosure.programme import EPSILON, Reals, new_solver
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask


class Relaxation:
    """Counts of atoms over which an attacker looks, when cell i is hidden to the share y_i.

    A cell may then lie between v - y (v - low) and v + y U. By duality, the width that a target
    reaches is at most a weighted sum of the shares: that is the cut.
    """

    def __init__(
        self, system: LinearSystem, profile: Profile, attacker: Attacker, shut: Mask
    ) -> None:
        never = np.asarray(system.sums.T @ shut.astype(np.int64)) > 0
        self.atoms = np.flatnonzero(~never)
        self.sums = csr_matrix(system.sums[:, self.atoms])
        known = [m[:, self.atoms] for m in (attacker.knows, system.links) if m is not None]
        rows = csr_matrix(vstack([self.sums, *known]))
        truth = system.atoms[self.atoms]
        least = np.zeros_like(truth) if attacker.least is None else attacker.least[self.atoms]
        self.values = np.asarray(rows @ truth, dtype=np.float64)
        self.size = len(system.values)
        low = 1.0 if profile.zeros == Zeros.SHOWN and profile.primary_low > 0 else 0.0
        self.below = np.maximum(self.values[: self.size] - low, 0.0)
        self.above = float(SLACK * max(profile.width, 1))
        self.down, self.up = (truth - least).astype(np.float64), self.above
        self.cell_of = self._cells_of_single_atoms()
        self._load(rows, truth)

    def choose(self, choice: Reals, above: float | None = None) -> None:
        """Set to what share each cell is hidden, and how far above its count it may then lie.

        A small `above` finds sharper cuts for real choices; the cuts hold for any.
        """
        above = self.above if above is None else above
        low = self.values.copy()
        high = self.values.copy()
        low[: self.size] -= choice * self.below
        high[: self.size] += choice * above
        every = np.arange(len(low), dtype=np.int32)
        self.solver.changeRowsBounds(len(low), every, low, high)  # type: ignore[attr-defined]

    def cut(self, target: Reals, width: float) -> tuple[Reals, float] | None:
        """Return weights and the least weighted sum of shares that gives the target its width.

        None when the target has its width already, or there is no answer.
        """
        direction = np.asarray(self.sums.T @ target, dtype=np.float64)
        weights, given, reached = np.zeros(self.size), 0.0, 0.0
        for sign in (1.0, -1.0):
            solved = self._solve(sign * direction)
            if solved is None:
                return None
            value, duals, reduced = solved
            reached += value
            rows = duals[: self.size]
            weights += np.where(rows > EPSILON, width, 0.0)
            weights += np.maximum(-rows, 0.0) * self.below
            # What an atom may fall by is its cell's share of it, where the cell is that atom.
            fall = np.maximum(-reduced, 0.0) * self.down
            tied = self.cell_of >= 0
            np.add.at(weights, self.cell_of[tied], fall[tied])
            given += fall[~tied].sum() + (np.maximum(reduced, 0.0) * self.up).sum()
        # `reached` is measured from the truth both ways
        if reached >= width - EPSILON:
            return None
        least = width - given
        return np.minimum(weights, max(least, 0.0)), least

    def _solve(self, direction: Reals) -> tuple[float, Reals, Reals] | None:
        """Maximise: how far above the truth, and the duals of cells and atoms (positive: above)."""
        every = np.arange(len(direction), dtype=np.int32)
        self.solver.changeColsCost(len(direction), every, -direction)
        self.solver.run()
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self.solver.clearSolver()
            return None
        solution = self.solver.getSolution()
        value = float(direction @ (np.array(solution.col_value) - self.truth))
        return value, -np.array(solution.row_dual), -np.array(solution.col_dual)

    def _load(self, rows: csr_matrix, truth: Counts) -> None:
        self.truth = truth.astype(np.float64)
        columns = csc_matrix(rows, dtype=np.float64)
        self.solver = new_solver()
        none, number = np.zeros(0, np.int32), rows.shape[0]
        zeros = np.zeros(number, np.int32)
        self.solver.addRows(number, self.values, self.values, 0, zeros, none, np.zeros(0))
        self.solver.addCols(
            len(truth),
            np.zeros(len(truth)),
            self.truth - self.down,
            self.truth + self.up,
            columns.nnz,
            columns.indptr[:-1].astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data,
        )

    def _cells_of_single_atoms(self) -> Counts:
        """Return for each atom the cell that is this atom alone, -1 without one."""
        found = np.full(len(self.atoms), -1, dtype=np.int64)
        single = np.flatnonzero(np.diff(self.sums.indptr) == 1)
        found[self.sums.indices[self.sums.indptr[single]]] = single
        return found
