"""Choosing what to hide: small counts, complements against exact recovery, then repairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cdop.errors import Refused, Unsafe
from cdop.statistics.disclosure import progress
from cdop.statistics.disclosure.attack import Attack
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.certificate import Certificate
from cdop.statistics.disclosure.eliminate import by_cost, eliminate
from cdop.statistics.disclosure.pool import Pool
from cdop.statistics.disclosure.profiles import Others, Profile, Zeros
from cdop.statistics.disclosure.reading import OPEN, as_hidden, read_hiding
from cdop.statistics.disclosure.sensitive import Sensitive, sensitive, small_cells, small_lines
from cdop.statistics.disclosure.system import Counts, Earlier, LinearSystem, Mask

KEPT = 400  # alternative tables kept of each attacker while complements are tried
FOREVER = 1e15  # costs of a cell that may not be hidden


@dataclass(frozen=True)
class Protection:
    """What to hide: `primary` because it is small, the rest of `hidden` so that it stays hidden.

    `pool` holds alternative tables, of use against further attackers.
    """

    primary: Mask
    hidden: Mask
    certificates: tuple[Certificate, ...]
    pool: Pool | None = None

    @property
    def certificate(self) -> Certificate:
        """Return the certificate against the first attacker."""
        return self.certificates[0]


def protect(
    system: LinearSystem,
    profile: Profile,
    attackers: Attacker | Sequence[Attacker] = PUBLIC,
    start: Mask | None = None,
) -> Protection:
    """Choose the cells of a release to hide so that no attacker can work a small count out.

    `start` are cells hidden in any case. The result is a proposal: `audit` decides. Raises
    `Unsafe` when hiding does not help, as with an attacker who knows too much; `Refused` for a
    profile that hides nothing.
    """
    if profile.others == Others.CONTROLLED:
        raise Refused(f"The profile {profile.id} rounds: it has no cells to hide")
    primary = small_cells(system, profile)
    choice = Choice(system, profile, _several(attackers), first_choice(system, profile, start))
    while choice.repair():
        pass
    choice.show_again(primary if start is None else primary | start)
    certificates = tuple(attack.certificate() for attack in choice.attacks)
    return Protection(primary, choice.hidden, certificates, choice.found())


def first_choice(system: LinearSystem, profile: Profile, start: Mask | None = None) -> Mask:
    """Return the small cells and the complements that stop exact linear recovery, no more."""
    primary = small_cells(system, profile)
    if start is not None:
        primary = primary | start
    if profile.others == Others.NEAREST:
        return primary  # nothing can be recovered exactly from rounded numbers
    shown = must_show(system, profile)
    costs = np.where(shown, FOREVER, system.costs)
    wanted = by_cost(costs, system.sums)
    hidden = eliminate(system.sums, primary, wanted, system.links) & ~shown
    return hidden if system.earlier is None else hidden | _hidden_before(system.earlier)


def _several(attackers: Attacker | Sequence[Attacker]) -> tuple[Attacker, ...]:
    return (attackers,) if isinstance(attackers, Attacker) else tuple(attackers)


def must_show(system: LinearSystem, profile: Profile) -> Mask:
    """Tell which cells can never be hidden: those that readers have already.

    That are zeros, where all know that they are printed, and what earlier releases told exactly.
    """
    zeros_shown = profile.zeros == Zeros.SHOWN and profile.primary_low > 0
    zeros = np.asarray((system.values == 0) & zeros_shown)
    if system.earlier is None:
        return zeros
    return (zeros & ~system.earlier.only) | system.earlier.exact


def _hidden_before(earlier: Earlier) -> Mask:
    """Tell which cells stay hidden whatever is chosen: no table of the new release prints them."""
    return earlier.only & ~earlier.exact


class Choice:
    """A set of hidden cells, held against several attackers at once."""

    def __init__(
        self, system: LinearSystem, profile: Profile, who: tuple[Attacker, ...], hidden: Mask
    ) -> None:
        self.system, self.profile, self.hidden = system, profile, hidden.copy()
        self.fixed = must_show(system, profile)
        self.costs = np.where(self.fixed, FOREVER, system.costs)
        reading = read_hiding(system, hidden, profile)
        self.attacks = [Attack(system, reading, profile.width, attacker) for attacker in who]
        nothing = self.fixed & (system.values == 0)
        never = np.asarray(system.sums.T @ nothing.astype(np.int64)) > 0
        for attack in self.attacks:
            attack.programme.never |= never

    def repair(self) -> bool:
        """Hide what one round of attacks shows to be needed; tell whether that was anything."""
        before = int(self.hidden.sum())
        for number, attack in enumerate(self.attacks):
            looking = progress.against("Looking for what must be hidden", attack.attacker)
            progress.step(looking, number, len(self.attacks))
            self._hide_small_residuals()
            attack.aim(self._targets(attack))
            attack.sweep()
            for target in attack.unproved():
                while not attack.prove(int(target)):
                    self.hide(self._cure(attack, int(target)))
        return int(self.hidden.sum()) > before

    def found(self) -> Pool:
        """Return every alternative table found."""
        first, *others = [attack.found() for attack in self.attacks]
        return first.joined(*others)

    def hide(self, cell: int) -> None:
        """Take a printed cell away from everybody. Every table found remains possible."""
        self._set(cell, hidden=True)

    def show_again(self, kept: Mask) -> None:
        """Print, dearest first, each complement that turns out not to be needed."""
        for attack in self.attacks:
            attack.aim(self._targets(attack))
        told = self.system.earlier
        kept = kept if told is None else kept | told.only
        spare = np.flatnonzero(self.hidden & ~kept)
        for number, cell in enumerate(spare[np.argsort(-self.costs[spare], kind="stable")]):
            progress.step("Showing again what need not be hidden", number, len(spare))
            for attack in self.attacks:
                if attack.tables.shape[1] > KEPT:
                    attack.forget()
            before = [(attack.tables, attack.cells) for attack in self.attacks]
            self._set(int(cell), hidden=False)
            if any(attack.first_unproved() is not None for attack in self._aimed()):
                self._set(int(cell), hidden=True)
                for attack, (tables, cells) in zip(self.attacks, before, strict=True):
                    more = attack.tables.shape[1] - _agreeing(cells, int(cell))
                    new = slice(attack.tables.shape[1] - more, None)
                    attack.tables = np.column_stack([tables, attack.tables[:, new]])
                    attack.cells = np.column_stack([cells, attack.cells[:, new]])
        for attack in self._aimed():
            attack.first_unproved()

    def _aimed(self) -> Iterator[Attack]:
        for attack in self.attacks:
            attack.aim(self._targets(attack))
            yield attack

    def _targets(self, attack: Attack) -> Sensitive:
        return sensitive(self.system, self.hidden, self.profile, attack.attacker)

    def _cure(self, attack: Attack, target: int) -> int:
        may = ~self.hidden & (self.costs < FOREVER)
        blocking = attack.blocking(target, may)
        marked = as_hidden(self.system, self.hidden, self.profile)
        if not len(blocking) and (marked.high < OPEN).any():
            blocking = np.flatnonzero(may)  # a larger one, so that [c] no longer says "at most"
        if not len(blocking):
            raise Unsafe(
                "No choice of hidden cells was found that protects"
                f" {attack.targets.label(target, self.system)} (attacker: {attack.attacker.id})"
            )
        return int(blocking[np.argmin(self.costs[blocking])])

    def _set(self, cell: int, *, hidden: bool) -> None:
        self.hidden[cell] = hidden
        reading = read_hiding(self.system, self.hidden, self.profile)
        for attack in self.attacks:
            attack.read(reading)

    def _hide_small_residuals(self) -> None:
        """Hide more where the hidden cells under a shown total have a known, small sum."""
        if self.profile.others != Others.EXACT:
            return
        system = self.system
        for who in [attack.attacker for attack in self.attacks]:
            rest = who.left_of(system)
            unknown = ~who.knows_cells(system)
            changed = True
            while changed:
                changed = False
                for line in small_lines(system, self.hidden & unknown, self.profile, rest):
                    total, parts = system.lines[line]
                    inside = np.array(parts)
                    if self.hidden[total]:
                        continue
                    left = rest[inside[self.hidden[inside] & unknown[inside]]].sum()
                    cures = [
                        c
                        for c in [*inside[~self.hidden[inside] & unknown[inside]], total]
                        if (c == total or not self.profile.is_small(left + rest[c]))
                        and not self.fixed[c]
                    ]
                    if not cures:
                        continue  # whoever audits says so
                    self.hide(int(min(cures, key=lambda c: (self.costs[c], c))))
                    changed = True
                    break


def _agreeing(cells: Counts, cell: int) -> int:
    """Return how many tables give the cell its true value, that of the first."""
    return int((cells[cell] == cells[cell, 0]).sum())
