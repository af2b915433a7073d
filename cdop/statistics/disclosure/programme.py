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
from cdop.statistics.disclosure.reading import OPEN
from cdop.statistics.disclosure.system import Counts

Reals = npt.NDArray[np.float64]

COLUMNS = 200  # atoms added to the programme at a time
ROUNDS = 200  # times columns may be added in one solve
ITERATIONS = 50_000  # of the simplex method, per solve
NODES = 500  # of branch and bound, per solve
TRIES = 12  # ways in which small changes are weighed before whole counts are left to the solver
DIVES = 12  # counts forced to whole numbers in one such try
EPSILON = 1e-7  # below this a dual or a gain is nothing
WHOLE = 1e-6  # as near as this to a whole number is worth checking as one


class Programme:
    """Counts of atoms between `least` and `ceiling` whose sums over `rows` stay within bounds.

    Atoms marked in `never` are 0 for good.
    """

    def __init__(
        self, rows: csr_matrix, low: Counts, high: Counts, truth: Counts, least: Counts, slack: int
    ) -> None:
        self.rows, self.low, self.high = rows, low.copy(), high.copy()
        self.truth, self.least = truth, least
        self.ceiling = (truth + slack).astype(np.float64)
        self.columns = csc_matrix(rows, dtype=np.float64)
        self.transposed = csr_matrix(rows.T, dtype=np.float64)
        signed = np.asarray((rows < 0).sum(axis=1)).ravel() > 0  # such a sum can be 0 of any atoms
        nothing = rows[np.flatnonzero((high == 0) & ~signed)]
        self.zeros = np.asarray(nothing.sum(axis=0), np.int64).ravel()
        self.never = np.zeros(len(truth), dtype=bool)
        self.solver = new_solver()
        none, size = np.zeros(0, np.int32), len(low)
        lows, highs = low.astype(np.float64), np.where(high == OPEN, highspy.kHighsInf, high)
        self.solver.addRows(size, lows, highs, 0, np.zeros(size, np.int32), none, np.zeros(0))
        self.pool = none
        self._add(np.flatnonzero(truth))

    def bound(self, row: int, low: int, high: int) -> None:
        """Let the sum over this row lie between `low` and `high` from now on."""
        inside = self.rows.indices[self.rows.indptr[row] : self.rows.indptr[row + 1]]
        self.zeros[inside] += int(high == 0) - int(self.high[row] == 0)
        self.low[row], self.high[row] = low, high
        top = highspy.kHighsInf if high == OPEN else float(high)
        self.solver.changeRowBounds(row, float(low), top)

    def fits(self, table: Counts) -> bool:
        """Tell, in whole numbers, whether a table agrees with every bound."""
        if (table < self.least).any():
            return False
        sums = self.rows @ table
        return bool((sums >= self.low).all() and (sums <= self.high).all())

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
            gain[self.never] = 0.0
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
        solver = new_solver()
        solver.setOptionValue("mip_rel_gap", gap)
        solver.passModel(self.solver.getLp())
        return self._whole(solver)

    def nearest_whole(
        self, direction: Reals, enough: float, *, to_the_end: bool = True
    ) -> Counts | None:
        """Return whole counts that reach `enough` along `direction`, and change little else.

        A count's way down from the truth is its own column, its way up another, so that a change
        costs either way. Such programmes mostly end in whole counts by themselves; where they do
        not, the solver's long way is gone only `to_the_end`.
        """
        solver = new_solver()
        solver.setOptionValue("mip_max_improving_sols", 1)
        solver.setOptionValue("presolve", "off")  # the truth is nearly an answer: few steps do
        solver.passModel(self.solver.getLp())
        truth = self.truth[self.pool]
        inner = np.flatnonzero(truth)
        down = inner.astype(np.int32)
        least = self.least[self.pool[inner]].astype(np.float64)
        solver.changeColsBounds(len(inner), down, least, truth[inner].astype(np.float64))
        part = self.columns[:, self.pool[inner]]
        solver.addCols(
            len(inner),
            np.zeros(len(inner)),
            np.zeros(len(inner)),
            self.ceiling[self.pool[inner]] - truth[inner],
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            np.asarray(part.data, dtype=np.float64),
        )
        weights = np.concatenate([direction[self.pool], direction[self.pool[inner]]])
        used = np.flatnonzero(weights).astype(np.int32)
        solver.addRow(enough, highspy.kHighsInf, len(used), used, weights[used])
        signs = np.concatenate([np.where(truth > 0, -1.0, 1.0), np.ones(len(inner))])
        columns = np.arange(len(signs), dtype=np.int32)
        lows, highs = (np.array(bound) for bound in _bounds(solver))
        for seed in range(TRIES):
            weights = 1 + np.random.default_rng(seed).integers(0, 64, len(signs)) / 64
            solver.changeColsCost(len(signs), columns, signs * weights)
            end = _dive(solver)
            if end is None:
                return None
            found = self._answer(solver, inner) if end else None
            if found is not None:
                return found
            solver.changeColsBounds(len(signs), columns, lows, highs)
        return self._whole(solver, inner) if to_the_end else None

    def _whole(self, solver: highspy.Highs, inner: Counts | None = None) -> Counts | None:
        columns = len(self.pool) + (0 if inner is None else len(inner))
        kinds = np.full(columns, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(columns, np.arange(columns, dtype=np.int32), kinds)
        solver.setOptionValue("presolve", "choose")
        solver.run()
        return self._answer(solver, inner)

    def _answer(self, solver: highspy.Highs, inner: Counts | None) -> Counts | None:
        """Return the table that the solver ended with, if it is whole; `inner` adds ways up."""
        if not has_answer(solver):
            return None
        point = np.array(solver.getSolution().col_value)
        if inner is not None:
            point[inner] += point[len(self.pool) :]
        return self._table(point[: len(self.pool)])

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
            self.least[atoms].astype(np.float64),
            self.ceiling[atoms],
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            np.asarray(part.data, dtype=np.float64),
        )
        self.pool = np.concatenate([self.pool, atoms.astype(np.int32)])


def _bounds(solver: highspy.Highs) -> tuple[list[float], list[float]]:
    programme = solver.getLp()
    return programme.col_lower_, programme.col_upper_


def _dive(solver: highspy.Highs) -> bool | None:
    """Force counts to whole numbers one by one, the nearest to one first; tell if all are.

    None when there is no answer in real numbers either, so that no other way down has one.
    """
    for turn in range(DIVES):
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False if turn else None
        point = np.array(solver.getSolution().col_value)
        away = np.abs(point - np.rint(point))
        if away.max() <= WHOLE:
            return True
        away[away <= WHOLE] = 1.0
        first = int(away.argmin())
        whole = float(np.rint(point[first]))
        solver.changeColBounds(first, whole, whole)
    return False


def has_answer(solver: highspy.Highs) -> bool:
    """Tell whether the solver ended with whole numbers that fit, the best or the best so far."""
    ended = solver.getModelStatus() in (
        highspy.HighsModelStatus.kOptimal,
        highspy.HighsModelStatus.kSolutionLimit,
    )
    fits = int(highspy.SolutionStatus.kSolutionStatusFeasible)
    return ended and int(solver.getInfo().primal_solution_status) == fits


def new_solver(nodes: int = NODES) -> highspy.Highs:
    """Return a solver with limits that count work, not time."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "simplex_iteration_limit": ITERATIONS,
        "mip_max_nodes": nodes,
        "mip_max_stall_nodes": nodes,
        "mip_pool_soft_limit": 10,  # cuts: more than a few cost more than they save here
    }.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise Unsafe("The solver does not take its limits, so its answers cannot be repeated")
    return solver
