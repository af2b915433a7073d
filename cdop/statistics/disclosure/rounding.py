"""Controlled rounding: every number shown, every total the sum of its parts, the same everywhere.

Each count goes to one of the two multiples of the base beside it; where no such choice adds up, to
one of the next. Which way is drawn at random from a seed, so that the errors are fair on average.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from cdop.errors import Refused, Unsafe
from cdop.statistics.disclosure.attack import Attack, Audit, search
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.certificate import Certificate, check_tables
from cdop.statistics.disclosure.integers import Integers
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.reading import read_rounding
from cdop.statistics.disclosure.sensitive import sensitive
from cdop.statistics.disclosure.system import Counts, LinearSystem

DRAWS = 6  # seeds tried before it is said that no rounding is safe
LOW = "[low]"  # what is printed where a count rounds to 0
KEPT, FURTHER = 20.0, 8.0  # how dear it is to change an earlier number, or to go beyond the base


@dataclass(frozen=True)
class Numbers:
    """What is printed of each cell, no further than `reach` from the truth."""

    printed: Counts
    reach: int


@dataclass(frozen=True)
class Rounded:
    """A rounded release, proved against each attacker."""

    numbers: Numbers
    audits: tuple[Audit, ...]

    def frame(self, system: LinearSystem, table: str) -> pd.DataFrame:
        """Return one table as printed: `key`, `count`, `count_symbol` ([low] for 0)."""
        rows = [
            {"key": key, "count": int(number), "count_symbol": LOW if number == 0 else ""}
            for (name, key), cell in system.places.items()
            if name == table
            for number in [self.numbers.printed[cell]]
        ]
        return pd.DataFrame(rows).astype({"count": "Int64", "count_symbol": "str"})


def round_counts(
    system: LinearSystem,
    profile: Profile,
    keep: Counts | None = None,
    seed: int = 0,
    attackers: Sequence[Attacker] = (PUBLIC,),
) -> Numbers:
    """Return a rounding that holds against every attacker. Raises `Unsafe` when none is found."""
    if profile.others != Others.CONTROLLED:
        raise Refused(f"The profile {profile.id} does not round all counts together")
    reason = Unsafe("No rounding was found in which every total is the sum of its parts")
    for draw in range(DRAWS):
        for beyond in (False, True):
            numbers = _drawn(system, profile.base, keep, seed + draw, beyond=beyond)
            if numbers is not None:
                break
        else:
            continue
        try:
            audit_rounded(system, profile, numbers, attackers)
        except Unsafe as unsafe:
            reason = unsafe
        else:
            return numbers
    raise reason


def audit_rounded(
    system: LinearSystem, profile: Profile, numbers: Numbers, attackers: Sequence[Attacker]
) -> tuple[Audit, ...]:
    """Try to undo a rounded release. Return the proofs that it holds, or raise `Unsafe`."""
    reading = read_rounding(numbers.printed, numbers.reach)
    nothing = np.zeros(len(system.values), dtype=bool)
    found = []
    for who in attackers:
        attack = Attack(system, reading, profile.width, who)
        found.append(search(attack, sensitive(system, nothing, profile, who)))
    return checked(system, profile, numbers.printed, numbers.reach, attackers, found).audits


def checked(
    system: LinearSystem,
    profile: Profile,
    printed: Counts,
    reach: int,
    attackers: Sequence[Attacker],
    found: Sequence[Certificate],
) -> Rounded:
    """Check a rounding and its certificates by arithmetic alone. Raises `Unsafe`."""
    if printed.shape != system.values.shape or not profile.base <= reach + 1 <= 2 * profile.base:
        raise Unsafe("The disclosure check answered another question, so there is no release")
    if (printed < 0).any() or (printed % profile.base != 0).any():
        raise Unsafe("A rounded count is not a multiple of the base")
    if (np.abs(printed - system.values) > reach).any():
        raise Unsafe("A rounded count is too far from the truth")
    if (system.line_parts @ printed != printed[system.line_totals]).any():
        raise Unsafe("A rounded total is not the sum of its parts")
    reading = read_rounding(printed, reach)
    nothing = np.zeros(len(printed), dtype=bool)
    audits = []
    for who, tables in zip(attackers, found, strict=True):
        must = sensitive(system, nothing, profile, who)
        width = check_tables(system, reading, tables, must, who)
        digest = tables.digest(system, printed)
        audits.append(Audit(profile.id, (who.id,), len(must.names), width, tables, digest))
    return Rounded(Numbers(printed, reach), tuple(audits))


def _selected(system: LinearSystem) -> csr_matrix:
    """Return lines x cells: 1 where the cell is the line's total."""
    number = len(system.lines)
    ones, starts = np.ones(number, dtype=np.int64), np.arange(number + 1)
    shape = (number, len(system.values))
    return csr_matrix((ones, system.line_totals, starts), shape=shape)


def _drawn(
    system: LinearSystem, base: int, keep: Counts | None, seed: int, *, beyond: bool
) -> Numbers | None:
    """Draw which way each count goes, and come as near to it as totals that add up allow.

    Columns are steps up from the multiple below: one for each cell, and with `beyond` one further
    down and one further up, each dear.
    """
    values = system.values
    below, rest = values // base, values % base
    wanted = (np.random.default_rng(seed).random(len(values)) * base < rest).astype(np.int64)
    dear = np.ones(len(values))
    if keep is not None:
        step = keep // base - below
        fits = (keep >= 0) & (keep % base == 0) & ((step == 0) | ((step == 1) & (rest > 0)))
        wanted, dear = np.where(fits, step, wanted), np.where(fits, KEPT, 1.0)
    lines = csr_matrix(system.line_parts - _selected(system))
    costs, highs, columns = [np.where(wanted == 1, -dear, dear)], [(rest > 0) * 1], [lines]
    if beyond:
        costs += [np.full(len(values), FURTHER)] * 2
        highs += [(below > 0) * 1, np.ones(len(values), dtype=np.int64)]
        columns += [-lines, lines]
    missing = -np.asarray(lines @ below)
    steps = Integers(costs, highs, columns, missing).best(gap=0.05)
    if steps is None:
        return None
    moves = steps.reshape(-1, len(values))
    up = moves[0] if not beyond else moves[0] - moves[1] + moves[2]
    printed = base * (below + up)
    reach = base - 1 if (np.abs(printed - values) < base).all() else 2 * base - 1
    return Numbers(printed, reach) if (np.abs(printed - values) <= reach).all() else None
