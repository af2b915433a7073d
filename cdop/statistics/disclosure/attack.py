"""The attacker: tries to undo a release, and gathers the proof that it cannot be done."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.certificate import Certificate, check_certificate
from cdop.statistics.disclosure.pool import Pool
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.programme import EPSILON, Programme, Reals
from cdop.statistics.disclosure.reading import Reading, read_hiding
from cdop.statistics.disclosure.sensitive import Sensitive, sensitive
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
    """One attacker against one release, with every alternative table found so far."""

    def __init__(
        self, system: LinearSystem, reading: Reading, width: int, attacker: Attacker = PUBLIC
    ) -> None:
        self.system, self.attacker, self.reading = system, attacker, reading
        rows, low, high = [system.sums], [reading.low], [reading.high]
        if attacker.knows is not None:
            rows.append(attacker.knows)
            low.append(np.asarray(attacker.knows @ system.atoms))
            high.append(low[-1])
        if system.links is not None:
            rows.append(system.links)
            low.append(np.zeros(system.links.shape[0], dtype=np.int64))
            high.append(low[-1])
        self.programme = Programme(
            csr_matrix(vstack(rows), dtype=np.int64),
            np.concatenate(low),
            np.concatenate(high),
            system.atoms,
            np.zeros_like(system.atoms) if attacker.least is None else attacker.least,
            SLACK * max(width, 1),
        )
        self.tables = system.atoms[:, None]
        self.cells = system.values[:, None]

    def read(self, reading: Reading) -> None:
        """Print something else; keep the tables that agree with it."""
        changed = (reading.low != self.reading.low) | (reading.high != self.reading.high)
        at = np.flatnonzero(changed)
        for cell in at:
            self.programme.bound(int(cell), int(reading.low[cell]), int(reading.high[cell]))
        fits = (self.cells[at] >= reading.low[at, None]) & (
            self.cells[at] <= reading.high[at, None]
        )
        keep = fits.all(axis=0)
        self.reading, self.tables, self.cells = reading, self.tables[:, keep], self.cells[:, keep]

    def know(self, pool: Pool) -> int:
        """Take over alternative tables found against others, where this attacker allows them.

        Returns how many tables are known then.
        """
        fits = pool.agreeing(self.attacker)
        self.tables = np.column_stack([self.tables, pool.tables[:, fits]])
        self.cells = np.column_stack([self.cells, pool.cells[:, fits]])
        return int(self.tables.shape[1])

    def found(self, since: int = 0) -> Pool:
        """Return the alternative tables known, or those found since there were so many."""
        return Pool(self.tables[:, since:], self.cells[:, since:])

    def aim(self, targets: Sensitive) -> None:
        """Set the counts to be worked out, measured on every alternative table found so far."""
        self.targets = targets
        reached = np.asarray(targets.cells @ self.cells)
        self.low, self.high = reached.min(axis=1), reached.max(axis=1)

    def unproved(self) -> Counts:
        """Return the targets not yet shown to be uncertain enough, the narrowest first."""
        missing = self.high - self.low - self.targets.widths
        order = np.argsort(missing, kind="stable")
        return np.asarray(order[missing[order] < 0], dtype=np.int64)

    def sweep(self) -> None:
        """Look for tables that move many targets at once, in seeded random directions."""
        random = np.random.default_rng(0)
        signs = np.ones(len(self.targets.names))
        idle = 0
        for turn in range(SWEEPS):
            unproved = np.sort(self.unproved())
            if not len(unproved) or idle == PATIENCE:
                return
            signs = random.choice([-1.0, 1.0], len(signs)) if turn % 2 == 0 else -signs
            self.push(self._over_atoms(signs[unproved] @ self.targets.cells[unproved]), gap=0.2)
            idle = 0 if len(self.unproved()) < len(unproved) else idle + 1

    def prove(self, target: int) -> bool:
        """Tell whether the target can be shown to be uncertain, keeping the tables that show it."""
        if self._is_proved(target) or self._reach(target, first=True):
            return True
        ends = self._ends(target)
        reach = 0.0
        for direction in ends:
            solved = self.programme.maximise(direction)
            if solved is None:
                return False
            reach += solved[0]
            if self.accept(solved[1]) and self._is_proved(target):
                return True
        if reach < self.targets.widths[target] - EPSILON:
            return False
        return self._reach(target) or self._go_to_the_ends(target)

    def first_unproved(self) -> int | None:
        """Return a target that cannot be shown to be uncertain; None when all can."""
        while len(unproved := self.unproved()):
            if not self.prove(int(unproved[0])):
                return int(unproved[0])
        return None

    def blocking(self, target: int, may: Mask) -> Counts:
        """Return the cells that hold the target narrow, going by the duals.

        Only those that `may` be hidden; empty when there are none, or the solver gave no answer.
        """
        size = len(self.reading.low)
        for direction in self._ends(target):
            solved = self.programme.maximise(direction, stuck_too=True)
            if solved is not None:
                cells = np.flatnonzero((np.abs(solved[2][:size]) > EPSILON) & may)
                if len(cells):
                    return np.asarray(cells, dtype=np.int64)
        return np.zeros(0, dtype=np.int64)

    def certificate(self) -> Certificate:
        """Return only those tables that are first to reach a target's least or greatest value."""
        keep = self._needed()
        return Certificate(csr_matrix(self.tables[:, keep[keep > 0]].T))

    def forget(self) -> None:
        """Keep only the tables that a proof of what is aimed at needs."""
        keep = np.union1d([0], self._needed())
        self.tables, self.cells = self.tables[:, keep], self.cells[:, keep]

    def accept(self, table: Counts | None) -> bool:
        """Keep an alternative table if it truly is one: whole, not negative, in full agreement."""
        if table is None or not self.programme.fits(table):
            return False
        cells = np.asarray(self.system.sums @ table)
        self.tables = np.column_stack([self.tables, table])
        self.cells = np.column_stack([self.cells, cells])
        reached = np.asarray(self.targets.cells @ cells)
        self.low, self.high = np.minimum(self.low, reached), np.maximum(self.high, reached)
        return True

    def _reach(self, target: int, *, first: bool = False) -> bool:
        """Look for whole tables that go just far enough up and down.

        At `first` only among atoms that the solver has already, and not for long.
        """
        width = int(self.targets.widths[target])
        for direction, sign in zip(self._ends(target), (1, -1), strict=True):
            enough = width + (self.low[target] if sign > 0 else -self.high[target])
            solved = None if first else self.programme.maximise(direction)
            if first or (solved is not None and solved[0] > enough - EPSILON):
                near = self.programme.nearest_whole(direction, enough, to_the_end=not first)
                self.accept(near)
            if self._is_proved(target):
                return True
        return False

    def _go_to_the_ends(self, target: int) -> bool:
        """Look for whole tables that go as far up and down as any."""
        for direction in self._ends(target):
            if self.programme.maximise(direction) is not None:
                self.accept(self.programme.maximise_whole(gap=0.0))
            if self._is_proved(target):
                return True
        return False

    def push(self, direction: Reals, gap: float) -> None:
        """Go as far as possible along `direction` (over atoms) and keep the table found, if any."""
        solved = self.programme.maximise(direction)
        if solved is not None and not self.accept(solved[1]):
            self.accept(self.programme.maximise_whole(gap))

    def _needed(self) -> Counts:
        reached = np.asarray(self.targets.cells @ self.cells)
        if not len(reached):
            return np.zeros(0, dtype=np.int64)
        ends = np.concatenate([reached.argmin(axis=1), reached.argmax(axis=1)])
        return np.asarray(np.unique(ends), dtype=np.int64)

    def _over_atoms(self, cells: Reals) -> Reals:
        return np.asarray(self.system.sums.T @ cells, dtype=np.float64)

    def _ends(self, target: int) -> tuple[Reals, Reals]:
        up = self._over_atoms(self.targets.cells[[target]].toarray()[0].astype(np.float64))
        return up, -up

    def _is_proved(self, target: int) -> bool:
        return bool(self.high[target] - self.low[target] >= self.targets.widths[target])


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
    must = sensitive(system, hidden, profile, attacker)
    attack = Attack(system, read_hiding(system, hidden, profile), profile.width, attacker)
    found = search(attack, must, () if hints is None else hints.tables.toarray())
    width = check_certificate(system, hidden, found, profile, attacker)
    return Audit(
        profile.id, (attacker.id,), len(must.names), width, found, found.digest(system, hidden)
    )


def search(attack: Attack, must: Sensitive, hints: Iterable[Counts] = ()) -> Certificate:
    """Return the certificate found for what must stay uncertain, complete or not."""
    attack.aim(must)
    for table in hints:
        attack.accept(np.asarray(table, dtype=np.int64))
    if attack.tables.shape[1] == 1:
        attack.sweep()
    attack.first_unproved()  # whoever checks the certificate says which and refuses
    return attack.certificate()
