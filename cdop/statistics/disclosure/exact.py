"""Hiding as little as possible: a master programme chooses, attackers answer with cuts.

The method of Fischetti and Salazar. The master chooses cells at least cost under the cuts known so
far; each attacker who still finds a count too closely answers with one more: "of these cells, hide
enough". The master's cost is then a bound that no choice can undercut. For small systems.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from cdop.errors import Refused, Unsafe
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.integers import Integers
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.programme import EPSILON, Reals
from cdop.statistics.disclosure.protect import Choice, Protection, must_show, protect
from cdop.statistics.disclosure.relaxation import Relaxation
from cdop.statistics.disclosure.sensitive import Sensitive, sensitive, small_cells, small_lines
from cdop.statistics.disclosure.system import LinearSystem, Mask

REAL_ROUNDS, WHOLE_ROUNDS = 40, 150  # of the master, over real choices and over whole ones
ENOUGH = 1e-4  # how far a real choice must violate a cut for the cut to be worth having


@dataclass(frozen=True)
class Exact:
    """The best choice found, what it costs, and what any choice costs at least.

    The bound leaves out the attackers' whole numbers and their finding small sums, so it may be a
    little low; it is never too high among releases whose alternatives stay within `attack.SLACK`.
    """

    protection: Protection
    cost: float
    bound: float


def protect_exactly(
    system: LinearSystem,
    profile: Profile,
    attackers: Sequence[Attacker] = (PUBLIC,),
    *,
    rounds: tuple[int, int] = (REAL_ROUNDS, WHOLE_ROUNDS),
) -> Exact:
    """Choose the cells to hide at least cost, going by `system.costs`.

    Ends after a set number of rounds with the best found so far and the bound. Raises as `protect`.
    """
    if profile.others != Others.EXACT:
        raise Refused("The exact method is for profiles that hide counts and print the rest")
    best = protect(system, profile, tuple(attackers))
    master = _Master(system, profile, tuple(attackers), best.primary)
    master.tighten(rounds[0])
    for _ in range(rounds[1]):
        chosen = master.choose()
        if chosen is None or master.bound >= _cost(system, best.hidden) - EPSILON:
            break
        if master.cut(chosen.astype(np.float64)):
            continue
        found = _completed(system, profile, tuple(attackers), chosen)
        if _cost(system, found.hidden) < _cost(system, best.hidden):
            best = found
        if not master.cut_small_sums(chosen):
            break
    cost = _cost(system, best.hidden)
    return Exact(best, cost, min(master.bound, cost))


def _cost(system: LinearSystem, hidden: Mask) -> float:
    return float(system.costs[hidden].sum())


def _completed(
    system: LinearSystem, profile: Profile, attackers: tuple[Attacker, ...], hidden: Mask
) -> Protection:
    """Return a choice with what whole numbers and small sums ask for beyond it."""
    primary = small_cells(system, profile)
    choice = Choice(system, profile, attackers, hidden)
    while choice.repair():
        pass
    choice.show_again(primary)
    certificates = tuple(attack.certificate() for attack in choice.attacks)
    return Protection(primary, choice.hidden, certificates)


class _Master:
    """The choice of cells under the cuts found so far."""

    def __init__(
        self,
        system: LinearSystem,
        profile: Profile,
        attackers: tuple[Attacker, ...],
        primary: Mask,
    ) -> None:
        self.system, self.profile, self.primary = system, profile, primary
        self.bound = _cost(system, primary)
        shut = must_show(system, profile)
        size = len(system.values)
        self.programme = Integers(
            [np.where(primary, 0.0, system.costs)],
            [(~shut & ~primary) * 1],
            [csr_matrix((0, size))],
            np.zeros(0, np.int64),
        )
        self.fixed = self.bound
        self.targets = [sensitive(system, primary, profile, who) for who in attackers]
        self.relaxations = [Relaxation(system, profile, who, shut) for who in attackers]
        self.cuts: set[bytes] = set()

    def tighten(self, rounds: int) -> None:
        """Add cuts over real choices while they raise the bound."""
        for _ in range(rounds):
            solved = self.programme.relaxed()
            if solved is None:
                return
            self.bound = max(self.bound, self.fixed + solved[0])
            if not self.cut(solved[1], float(self.profile.width)) and not self.cut(solved[1]):
                return

    def choose(self) -> Mask | None:
        """Return the cheapest choice under the cuts; None when the solver has no answer."""
        chosen = self.programme.best()
        if np.isfinite(self.programme.bound):
            self.bound = max(self.bound, self.fixed + self.programme.bound)
        return None if chosen is None else (chosen > 0) | self.primary

    def cut(self, choice: Reals, above: float | None = None) -> bool:
        """Ask every attacker for cuts that this choice violates; tell whether there were any."""
        choice = np.where(self.primary, 1.0, choice)
        new = 0
        for relaxation, targets in zip(self.relaxations, self.targets, strict=True):
            relaxation.choose(choice, above)
            for target in range(len(targets.names)):
                new += self._cut_for(relaxation, targets, target, choice)
        return new > 0

    def cut_small_sums(self, hidden: Mask) -> bool:
        """Ask for more where the hidden cells of a line with a shown total have a small sum."""
        new = 0
        for line in small_lines(self.system, hidden, self.profile, self.system.values):
            total, parts = self.system.lines[line]
            if hidden[total]:
                continue
            row = np.zeros(len(hidden))
            inside = np.array(parts)
            row[inside[~hidden[inside] & (self.system.values[inside] > 0)]] = 1.0
            row[total] = 1.0
            given_up = inside[hidden[inside] & ~self.primary[inside]]
            row[given_up] = -1.0
            new += self._add(row, 1.0 - len(given_up))
        return new > 0

    def _cut_for(
        self, relaxation: Relaxation, targets: Sensitive, target: int, choice: Reals
    ) -> bool:
        row = targets.cells[[target]].toarray()[0].astype(np.float64)
        width = float(targets.widths[target])
        found = relaxation.cut(row, width)
        if found is None:
            return False
        weights, least = found
        if least <= EPSILON:
            raise Unsafe("The exact method met a cut that says nothing")
        if weights @ choice > least - ENOUGH:
            return False
        given = float(weights[self.primary].sum())
        return self._add(np.where(self.primary, 0.0, weights), least - given)

    def _add(self, row: Reals, least: float) -> bool:
        key = np.round(row, 6).tobytes() + np.float64(round(least, 6)).tobytes()
        if key in self.cuts:
            return False
        self.cuts.add(key)
        self.programme.at_least(row, least)
        return True
