"""The attacker: tries to undo a release, and gathers the proof that it cannot be done."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from cdop.statistics.disclosure.certificate import (
    PUBLIC,
    Attacker,
    Certificate,
    Sensitive,
    check_certificate,
    sensitive,
)
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.programme import EPSILON, Programme, Reals
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

SWEEPS = 24  # joint tries before the counts are taken one by one
PATIENCE = 4  # joint tries in a row that may prove nothing new
SLACK = 10  # how many widths above the truth a count of an alternative table may go


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
        self.hidden, self.width = hidden.copy(), width
        rows = [system.sums] if attacker.knows is None else [system.sums, attacker.knows]
        self.programme = Programme(
            csr_matrix(vstack(rows), dtype=np.int64),
            system.atoms,
            (system.atoms + SLACK * width).astype(np.float64),
        )
        for cell in np.flatnonzero(hidden):
            self.programme.free(int(cell))
        self.tables = [system.atoms]

    def hide(self, cell: int) -> None:
        """Take a printed cell away from the attacker. Every table found remains possible."""
        self.hidden[cell] = True
        self.programme.free(cell)

    def aim(self, targets: Sensitive) -> None:
        """Set the counts to be worked out, measured on every alternative table found so far."""
        self.targets = targets
        reached = np.asarray(targets.sums @ np.stack(self.tables, axis=1))
        self.low, self.high = reached.min(axis=1), reached.max(axis=1)

    def unproved(self) -> Counts:
        """Return the targets not yet shown to be uncertain enough, the narrowest first."""
        widths = self.high - self.low
        order = np.argsort(widths, kind="stable")
        return np.asarray(order[widths[order] < self.width], dtype=np.int64)

    def sweep(self) -> None:
        """Look for tables that move many targets at once, in seeded random directions."""
        random = np.random.default_rng(0)
        signs = np.ones(len(self.targets.labels))
        idle = 0
        for turn in range(SWEEPS):
            unproved = np.sort(self.unproved())
            if not len(unproved) or idle == PATIENCE:
                return
            signs = random.choice([-1.0, 1.0], len(signs)) if turn % 2 == 0 else -signs
            self._push(signs[unproved] @ self.targets.sums[unproved], gap=0.2)
            idle = 0 if len(self.unproved()) < len(unproved) else idle + 1

    def prove(self, target: int) -> bool:
        """Tell whether the target can be shown to be uncertain, keeping the tables that show it."""
        ends = self._ends(target)
        reach = 0.0
        for direction in ends:
            solved = self.programme.maximise(direction)
            if solved is None:
                return False
            reach += solved[0]
            if self.accept(solved[1]) and self._is_proved(target):
                return True
        for direction in ends if reach > self.width - EPSILON else ():
            self._push(direction, gap=0.0)
            if self._is_proved(target):
                return True
        return False

    def blocking(self, target: int) -> Counts:
        """Return the printed cells whose hiding would widen the target, going by the duals.

        Empty when there are none, or the solver gave no answer.
        """
        for direction in self._ends(target):
            solved = self.programme.maximise(direction, stuck_too=True)
            if solved is not None:
                cells = np.flatnonzero(np.abs(solved[2][: len(self.hidden)]) > EPSILON)
                cells = cells[~self.hidden[cells]]
                if len(cells):
                    return cells
        return np.zeros(0, dtype=np.int64)

    def certificate(self) -> Certificate:
        """Return only those tables that are first to reach a target's least or greatest value."""
        stack = np.stack(self.tables, axis=1)
        reached = np.asarray(self.targets.sums @ stack)
        keep = np.unique(np.concatenate([reached.argmin(axis=1), reached.argmax(axis=1)]))
        return Certificate(csr_matrix(stack[:, keep[keep > 0]].T))

    def accept(self, table: Counts | None) -> bool:
        """Keep an alternative table if it truly is one: whole, not negative, in full agreement."""
        if table is None or not self.programme.fits(table):
            return False
        self.tables.append(table)
        reached = np.asarray(self.targets.sums @ table)
        self.low, self.high = np.minimum(self.low, reached), np.maximum(self.high, reached)
        return True

    def _ends(self, target: int) -> tuple[Reals, Reals]:
        up = np.asarray(self.targets.sums[[target]].toarray(), dtype=np.float64)[0]
        return up, -up

    def _is_proved(self, target: int) -> bool:
        return bool(self.high[target] - self.low[target] >= self.width)

    def _push(self, direction: Reals, gap: float) -> None:
        """Go as far as possible along `direction` and keep the table found, if any."""
        solved = self.programme.maximise(direction)
        if solved is not None and not self.accept(solved[1]):
            self.accept(self.programme.maximise_whole(gap))


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
    if hints is None:
        attack.sweep()
    else:
        for table in hints.tables.toarray():
            attack.accept(np.asarray(table, dtype=np.int64))
    while len(unproved := attack.unproved()):
        if not attack.prove(int(unproved[0])):
            break  # the check below says which and refuses
    found = attack.certificate()
    width = check_certificate(system, hidden, found, profile, attacker)
    return Audit(
        profile.id, (attacker.id,), len(must.labels), width, found, found.digest(system, hidden)
    )
