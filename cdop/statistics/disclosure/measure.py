"""How closely each small count can be worked out: the attacker's last word, for a report."""

from collections.abc import Sequence

import numpy as np

from cdop.statistics.disclosure.attack import Attack
from cdop.statistics.disclosure.attackers import Attacker
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.reading import Reading
from cdop.statistics.disclosure.sensitive import sensitive
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

TINY = 1e-6
FAR = 1_000  # alternative tables may go this many times `SLACK` above the truth


def measure(
    system: LinearSystem,
    hidden: Mask,
    reading: Reading,
    profile: Profile,
    attackers: Sequence[Attacker],
) -> Counts:
    """Return attackers x cells: how far apart whole counts that may stand in each small cell are.

    By real counts rounded inwards, so an attacker may at best do so well; -1 for cells that are
    not small, or that the attacker knew beforehand. No answer of the solver counts as 0.
    """
    found = np.full((len(attackers), len(system.values)), -1, dtype=np.int64)
    for number, who in enumerate(attackers):
        attack = Attack(system, reading, FAR, who)
        if profile.others == Others.EXACT:
            attack.programme.never |= _empty_for_good(system, reading)
        targets = sensitive(system, hidden, profile, who)
        for target, (words, cell) in enumerate(targets.names):
            if not words:
                row = targets.cells[[target]].toarray()[0]
                direction = np.asarray(system.sums.T @ row, dtype=np.float64)
                ends = [attack.programme.maximise(sign * direction) for sign in (1.0, -1.0)]
                width = 0
                if ends[0] is not None and ends[1] is not None:
                    width = int(np.floor(ends[0][0] + TINY) - np.ceil(-ends[1][0] - TINY))
                found[number, cell] = max(width, 0)
    return found


def _empty_for_good(system: LinearSystem, reading: Reading) -> Mask:
    zero = (reading.high == 0).astype(np.int64)
    return np.asarray(np.asarray(system.sums.T @ zero) > 0)
