"""Choosing what to hide: small counts, complements against exact recovery, then repairs."""

from dataclasses import dataclass

import numpy as np

from cdop.errors import Unsafe
from cdop.statistics.disclosure.attack import Attack, audit
from cdop.statistics.disclosure.certificate import (
    PUBLIC,
    Attacker,
    Certificate,
    sensitive,
)
from cdop.statistics.disclosure.eliminate import by_cost, eliminate
from cdop.statistics.disclosure.profiles import Profile
from cdop.statistics.disclosure.system import LinearSystem, Mask


@dataclass(frozen=True)
class Protection:
    """What to hide: `primary` because it is small, the rest of `hidden` so that it stays hidden."""

    primary: Mask
    hidden: Mask
    certificate: Certificate


def protect(system: LinearSystem, profile: Profile, attacker: Attacker = PUBLIC) -> Protection:
    """Choose the cells of a release to hide so that `attacker` cannot work a small count out.

    The result is a proposal: `audit` decides. Raises `Unsafe` when hiding does not help, as with
    an attacker who knows too much.
    """
    primary = profile.is_small(system.values)
    hidden = eliminate(system.sums, primary, by_cost(system.costs, system.sums))
    attack = Attack(system, hidden, profile.width, attacker)
    while True:
        _hide_small_residuals(system, profile, attack)
        attack.aim(sensitive(system, attack.hidden, profile))
        before = int(attack.hidden.sum())
        attack.sweep()
        for target in attack.unproved():
            while not attack.prove(int(target)):
                blocking = attack.blocking(int(target))
                if not len(blocking):
                    raise Unsafe(
                        "No choice of hidden cells was found that protects"
                        f" {attack.targets.labels[target]} (attacker: {attacker.id})"
                    )
                attack.hide(int(blocking[np.argmin(system.costs[blocking])]))
        if int(attack.hidden.sum()) == before:
            proposal = Protection(primary, attack.hidden, attack.certificate())
            return _show_again(system, profile, attacker, proposal)


def _show_again(
    system: LinearSystem, profile: Profile, attacker: Attacker, proposal: Protection
) -> Protection:
    """Print, dearest first, each complement that turns out not to be needed."""
    spare = np.flatnonzero(proposal.hidden & ~proposal.primary)
    for cell in spare[np.argsort(-system.costs[spare], kind="stable")]:
        fewer = proposal.hidden.copy()
        fewer[cell] = False
        try:
            found = audit(system, fewer, profile, attacker, hints=proposal.certificate)
        except Unsafe:
            continue
        proposal = Protection(proposal.primary, fewer, found.certificate)
    return proposal


def _hide_small_residuals(system: LinearSystem, profile: Profile, attack: Attack) -> None:
    """Hide more where the hidden cells under a shown total have a known, small sum."""
    values = system.values
    changed = True
    while changed:
        changed = False
        for total, parts in system.lines:
            inside = list(parts)
            hid = attack.hidden[inside]
            rest = values[inside][hid].sum()
            if attack.hidden[total] or not profile.is_small(rest):
                continue
            cures = [
                c
                for c in [*np.array(inside)[~hid], total]
                if c == total or not profile.is_small(rest + values[c])
            ]
            attack.hide(int(min(cures, key=lambda c: (system.costs[c], c))))
            changed = True
