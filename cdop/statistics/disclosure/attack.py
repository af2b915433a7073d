"""The attacker: tries to undo a release by linear programming, and gathers the proof that it fails.

Only kinds of record that help some alternative table are ever given to the solver: the programme
starts with the observed ones and further columns are added while they improve it, so that tens of
thousands of atoms cost little. All limits count iterations and nodes, so that two runs agree.
"""

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix, csr_matrix, vstack

from cdop.errors import Unsafe
from cdop.statistics.disclosure.certificate import (
    PUBLIC,
    Attacker,
    Certificate,
    Sensitive,
    check_certificate,
    sensitive,
)
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

Reals = npt.NDArray[np.float64]

SWEEPS = 24  # joint tries before the counts are taken one by one
COLUMNS = 200  # atoms added to the programme at a time
ROUNDS = 200  # times columns may be added in one solve
ITERATIONS = 50_000  # of the simplex method, per solve
NODES = 500  # of branch and bound, per solve
EPSILON = 1e-7


@dataclass(frozen=True)
class Audit:
    """A release that could not be undone. The certificate stays inside; the digest may leave."""

    profile: str
    attackers: tuple[str, ...]
    protected: int
    smallest_width: int | None
    certificate: Certificate
    digest: str


class Attack:
    """One attacker against one release; cells may be hidden on the way, never shown again."""

    def __init__(
        self, system: LinearSystem, hidden: Mask, width: int, attacker: Attacker = PUBLIC
    ) -> None:
        self.system, self.hidden, self.width, self.attacker = system, hidden.copy(), width, attacker
        rows = [system.sums] if attacker.knows is None else [system.sums, attacker.knows]
        self.rows = csr_matrix(vstack(rows), dtype=np.int64)
        self.known = np.asarray(self.rows @ system.atoms, dtype=np.int64)
        self.columns = csc_matrix(self.rows, dtype=np.float64)
        self.transposed = csr_matrix(self.rows.T, dtype=np.float64)
        # Higher counts would prove nothing more.
        self.ceiling: Reals = (system.atoms + 10 * width).astype(np.float64)
        self.tables = [system.atoms]
        self.solver = _solver()
        bounds = self.known.astype(np.float64)
        none = np.zeros(0, np.int32)
        self.solver.addRows(
            len(bounds), bounds, bounds, 0, np.zeros(len(bounds), np.int32), none, np.zeros(0)
        )
        for cell in np.flatnonzero(hidden):
            self.hide(int(cell))
        self.pool = none
        self._add(np.flatnonzero(system.atoms))

    def hide(self, cell: int) -> None:
        """Take a printed cell away from the attacker."""
        self.hidden[cell] = True
        self.solver.changeRowBounds(cell, -highspy.kHighsInf, highspy.kHighsInf)

    def aim(self, targets: Sensitive) -> None:
        """Set the counts to be worked out, measured on every alternative table found so far."""
        self.targets = targets
        reached = np.asarray(targets.sums @ np.stack(self.tables, axis=1))
        self.low, self.high = reached.min(axis=1), reached.max(axis=1)

    def unproved(self) -> Counts:
        """Return the targets not yet shown to be uncertain enough."""
        return np.flatnonzero(self.high - self.low < self.width)

    def sweep(self) -> None:
        """Look for tables that move many targets at once, in seeded random directions."""
        random = np.random.default_rng(0)
        idle = 0
        for turn in range(SWEEPS):
            unproved = self.unproved()
            if not len(unproved) or idle == 4:
                return
            if turn % 2 == 0:
                signs = random.choice([-1.0, 1.0], len(self.targets.labels))
            else:
                signs = -signs
            self._try(signs[unproved] @ self.targets.sums[unproved], gap=0.2)
            idle = 0 if len(self.unproved()) < len(unproved) else idle + 1

    def prove(self, target: int) -> Counts | None:
        """Return None once the target is shown to be uncertain, else what keeps it certain.

        That is the printed cells whose hiding would widen it; empty when the solver gave no answer.
        """
        aim = np.asarray(self.targets.sums[[target]].toarray(), dtype=np.float64)[0]
        blocking = np.zeros(0, dtype=np.int64)
        reach = 0.0
        for direction in (aim, -aim):
            solved = self._relaxed(direction)
            if solved is None:
                return blocking
            point, duals = solved
            reach += float(direction[self.pool] @ point)
            self._keep(point)
            if self._is_proved(target):
                return None
            if not len(blocking):
                cells = np.flatnonzero(np.abs(duals[: len(self.hidden)]) > EPSILON)
                blocking = cells[~self.hidden[cells]]
        for direction in (aim, -aim):
            if reach > self.width - EPSILON:
                self._try(direction, gap=0.0)
            if self._is_proved(target):
                return None
        return blocking

    def certificate(self) -> Certificate:
        """Return only those tables that are first to reach a target's least or greatest value."""
        stack = np.stack(self.tables, axis=1)
        reached = np.asarray(self.targets.sums @ stack)
        keep = np.unique(np.concatenate([reached.argmin(axis=1), reached.argmax(axis=1)]))
        return Certificate(csr_matrix(stack[:, keep[keep > 0]].T))

    def accept(self, table: Counts) -> bool:
        """Keep an alternative table if it truly is one: whole, not negative, in full agreement."""
        shown = np.append(~self.hidden, np.ones(len(self.known) - len(self.hidden), dtype=bool))
        if (table < 0).any() or ((self.rows @ table)[shown] != self.known[shown]).any():
            return False
        self.tables.append(table)
        reached = np.asarray(self.targets.sums @ table)
        self.low, self.high = np.minimum(self.low, reached), np.maximum(self.high, reached)
        return True

    def _is_proved(self, target: int) -> bool:
        return bool(self.high[target] - self.low[target] >= self.width)

    def _try(self, direction: Reals, gap: float) -> None:
        """Push along `direction` and keep the table found, if any."""
        solved = self._relaxed(direction)
        if solved is not None and not self._keep(solved[0]):
            whole = self._whole(gap)
            if whole is not None:
                self._keep(whole)

    def _keep(self, point: Reals) -> bool:
        nearest = np.rint(point)
        if np.abs(point - nearest).max(initial=0.0) > 1e-6:
            return False
        table = np.zeros(len(self.system.atoms), dtype=np.int64)
        table[self.pool] = nearest.astype(np.int64)
        return self.accept(table)

    def _relaxed(self, direction: Reals) -> tuple[Reals, Reals] | None:
        """Maximise over real counts, adding columns until none improves."""
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
            better = np.flatnonzero(gain > EPSILON)
            if not len(better):
                return np.array(solution.col_value), duals
            self._add(better[np.argsort(-gain[better], kind="stable")[:COLUMNS]])
        return None

    def _whole(self, gap: float) -> Reals | None:
        """Maximise the last direction over whole counts of the atoms in the programme."""
        solver = _solver()
        solver.setOptionValue("mip_rel_gap", gap)
        solver.passModel(self.solver.getLp())
        size = len(self.pool)
        solver.changeColsIntegrality(
            size, np.arange(size, dtype=np.int32), np.ones(size, dtype=np.uint8)
        )
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(solver.getSolution().col_value)

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


def audit(
    system: LinearSystem,
    hidden: Mask,
    profile: Profile,
    attacker: Attacker = PUBLIC,
    hints: Certificate | None = None,
) -> Audit:
    """Try to undo a release. Return the proof that it cannot be done, or raise `Unsafe`.

    Nothing is taken on trust from whoever protected it: `hints` are tables that may shorten the
    search, and count only where they agree with everything printed.
    """
    must = sensitive(system, hidden, profile)
    attack = Attack(system, hidden, profile.width, attacker)
    attack.aim(must)
    if hints is not None:
        for table in hints.tables.toarray():
            attack.accept(np.asarray(table, dtype=np.int64))
    if hints is None:
        attack.sweep()
    while len(unproved := attack.unproved()):
        target = unproved[np.argmin((attack.high - attack.low)[unproved])]
        if attack.prove(int(target)) is not None:
            break  # the check below says which and refuses
    found = attack.certificate()
    width = check_certificate(system, hidden, found, profile, attacker)
    return Audit(
        profile.id, (attacker.id,), len(must.labels), width, found, found.digest(system, hidden)
    )


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
