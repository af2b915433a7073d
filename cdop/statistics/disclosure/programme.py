"""The attacker's linear programme, and the only file that knows the solver.

Only atoms that help some alternative table are ever given to the solver: it starts with the
observed ones, and further columns are added while they improve the answer, so that tens of
thousands of atoms cost little. All limits count iterations and nodes, never seconds, so that two
runs agree. Any status other than optimal is no answer.
"""

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix

from cdop.errors import Unsafe
from cdop.statistics.disclosure.system import Counts

Reals = npt.NDArray[np.float64]

COLUMNS = 200  # atoms added to the programme at a time
ROUNDS = 200  # times columns may be added in one solve
ITERATIONS = 50_000  # of the simplex method, per solve
NODES = 500  # of branch and bound, per solve
EPSILON = 1e-7  # below this a dual or a gain is nothing
WHOLE = 1e-6  # as near as this to a whole number is worth checking as one


class Programme:
    """Counts of atoms between 0 and `ceiling` whose sums over `rows` are as in `truth`."""

    def __init__(self, rows: csr_matrix, truth: Counts, ceiling: Reals) -> None:
        self.rows, self.ceiling = rows, ceiling
        self.known = np.asarray(rows @ truth, dtype=np.int64)
        self.bound = np.ones(len(self.known), dtype=bool)
        self.columns = csc_matrix(rows, dtype=np.float64)
        self.transposed = csr_matrix(rows.T, dtype=np.float64)
        zero = np.flatnonzero(self.known == 0)
        self.zeros = np.asarray(rows[zero].sum(axis=0), dtype=np.int64).ravel()
        self.solver = _solver()
        sums, size = self.known.astype(np.float64), len(self.known)
        none = np.zeros(0, np.int32)
        self.solver.addRows(size, sums, sums, 0, np.zeros(size, np.int32), none, np.zeros(0))
        self.pool = none
        self._add(np.flatnonzero(truth))

    def free(self, row: int) -> None:
        """Let the sum over this row be anything from now on."""
        if self.bound[row] and self.known[row] == 0:
            self.zeros[self.rows.indices[self.rows.indptr[row] : self.rows.indptr[row + 1]]] -= 1
        self.bound[row] = False
        self.solver.changeRowBounds(row, -highspy.kHighsInf, highspy.kHighsInf)

    def fits(self, table: Counts) -> bool:
        """Tell, in whole numbers, whether a table agrees with every row that is not free."""
        return bool((table >= 0).all() and (self.rows @ table == self.known)[self.bound].all())

    def maximise(
        self, direction: Reals, *, stuck_too: bool = False
    ) -> tuple[float, Counts | None, Reals] | None:
        """Maximise over real counts: greatest value, the table if it is whole, duals of the rows.

        Atoms of a row whose sum is 0 are stuck at 0: they change the duals, but no value, and are
        left out unless `stuck_too`. None stands for no answer.
        """
        for _ in range(ROUNDS):
            every = np.arange(len(self.pool), dtype=np.int32)
            self.solver.changeColsCost(len(every), every, -direction[self.pool])
            self.solver.run()
            if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                self.solver.clearSolver()
                return None
            solution = self.solver.getSolution()
            duals = np.array(solution.row_dual)
            gain = direction + self.transposed @ duals
            gain[self.pool] = 0.0
            if not stuck_too:
                gain[self.zeros > 0] = 0.0
            better = np.flatnonzero(gain > EPSILON)
            if not len(better):
                point = np.array(solution.col_value)
                return float(direction[self.pool] @ point), self._table(point), duals
            self._add(better[np.argsort(-gain[better], kind="stable")[:COLUMNS]])
        return None

    def maximise_whole(self, gap: float) -> Counts | None:
        """Go on from the last `maximise` to whole counts, to within `gap` (a share) of the best."""
        solver = _solver()
        solver.setOptionValue("mip_rel_gap", gap)
        solver.passModel(self.solver.getLp())
        size = len(self.pool)
        kinds = np.full(size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(size, np.arange(size, dtype=np.int32), kinds)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return self._table(np.array(solver.getSolution().col_value))

    def _table(self, point: Reals) -> Counts | None:
        nearest = np.rint(point)
        if np.abs(point - nearest).max(initial=0.0) > WHOLE:
            return None
        table = np.zeros(self.rows.shape[1], dtype=np.int64)
        table[self.pool] = nearest.astype(np.int64)
        return table

    def _add(self, atoms: Counts) -> None:
        part = self.columns[:, atoms]
        self.solver.addCols(
            len(atoms),
            np.zeros(len(atoms)),
            np.zeros(len(atoms)),
            self.ceiling[atoms],
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            np.asarray(part.data, dtype=np.float64),
        )
        self.pool = np.concatenate([self.pool, atoms.astype(np.int32)])


def _solver() -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "simplex_iteration_limit": ITERATIONS,
        "mip_max_nodes": NODES,
        "mip_max_stall_nodes": NODES,
    }.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise Unsafe("The solver does not take its limits, so its answers cannot be repeated")
    return solver
