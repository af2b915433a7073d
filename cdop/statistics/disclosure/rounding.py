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
from cdop.statistics.disclosure import progress
from cdop.statistics.disclosure.attack import Attack, Audit, search
from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.certificate import Certificate, check_tables
from cdop.statistics.disclosure.integers import Integers
from cdop.statistics.disclosure.pool import truth_alone
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.reading import read_rounding
from cdop.statistics.disclosure.sensitive import sensitive
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

DRAWS = 100  # seeds tried before it is said that no rounding is safe; to 3, some can be undone
REPEATED = 20  # of them try to print earlier numbers again: where those pin a count, others may not
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
) -> tuple[Numbers, list[Certificate]]:
    """Return a rounding that holds against every attacker, and the proofs.

    Raises `Unsafe` when none is found.
    """
    if profile.others != Others.CONTROLLED:
        raise Refused(f"The profile {profile.id} does not round all counts together")
    reason = Unsafe("No rounding was found in which every total is the sum of its parts")
    for draw in range(DRAWS):
        again = keep if draw < REPEATED else None
        for beyond in (False, True):
            numbers = _drawn(system, profile.base, again, seed + draw, beyond=beyond)
            if numbers is not None:
                break
        else:
            continue
        try:
            return numbers, audit_rounded(system, profile, numbers, attackers)
        except Unsafe as unsafe:
            reason = unsafe
    raise reason


def audit_rounded(
    system: LinearSystem, profile: Profile, numbers: Numbers, attackers: Sequence[Attacker]
) -> list[Certificate]:
    """Try to undo a rounded release. Return the proofs that it holds, or raise `Unsafe`."""
    _check_numbers(system, profile, numbers.printed, numbers.reach)
    reading = read_rounding(system, numbers.printed, numbers.reach)
    nothing = np.zeros(len(system.values), dtype=bool)
    found: list[Certificate] = []
    pool = truth_alone(system)
    for who in attackers:
        trying = progress.against("Trying to undo the rounding", who)
        progress.step(trying, len(found), len(attackers))
        must = sensitive(system, nothing, profile, who)
        proof = pool.proof(must, who)
        if proof is None:
            attack = Attack(system, reading, profile.width, who)
            old = attack.know(pool)
            proof = search(attack, must)
            check_tables(system, reading, proof, must, who)
            pool = pool.joined(attack.found(old))
        found.append(proof)
    checked(system, profile, numbers.printed, numbers.reach, attackers, found)
    return found


def checked(
    system: LinearSystem,
    profile: Profile,
    printed: Counts,
    reach: int,
    attackers: Sequence[Attacker],
    found: Sequence[Certificate],
) -> Rounded:
    """Check a rounding and its certificates by arithmetic alone. Raises `Unsafe`."""
    _check_numbers(system, profile, printed, reach)
    reading = read_rounding(system, printed, reach)
    nothing = np.zeros(len(printed), dtype=bool)
    audits = []
    for who, tables in zip(attackers, found, strict=True):
        must = sensitive(system, nothing, profile, who)
        width = check_tables(system, reading, tables, must, who)
        digest = tables.digest(system, printed)
        audits.append(Audit(profile.id, (who.id,), len(must.names), width, tables, digest))
    return Rounded(Numbers(printed, reach), tuple(audits))


def _check_numbers(system: LinearSystem, profile: Profile, printed: Counts, reach: int) -> None:
    """Raise `Unsafe` unless numbers are near multiples whose totals add up."""
    if printed.shape != system.values.shape or not profile.base <= reach + 1 <= 2 * profile.base:
        raise Unsafe("The disclosure check answered another question, so there is no release")
    ours, lines = own_cells(system), _own_lines(system)
    if (printed[ours] < 0).any() or (printed[ours] % profile.base != 0).any():
        raise Unsafe("A rounded count is not a multiple of the base")
    if (np.abs(printed - system.values)[ours] > reach).any():
        raise Unsafe("A rounded count is too far from the truth")
    if (system.line_parts @ printed != printed[system.line_totals])[lines].any():
        raise Unsafe("A rounded total is not the sum of its parts")


def own_cells(system: LinearSystem) -> Counts:
    """Return the cells that the release itself prints, not only an earlier one."""
    told = system.earlier
    return np.arange(len(system.values)) if told is None else np.flatnonzero(~told.only)


def _own_lines(system: LinearSystem) -> Mask:
    """Tell which lines hold cells of the release alone."""
    others = np.ones(len(system.values), dtype=np.int64)
    others[own_cells(system)] = 0
    return np.asarray((system.line_parts @ others == 0) & (others[system.line_totals] == 0))


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
    ours = own_cells(system)
    values = system.values[ours]
    below, rest = values // base, values % base
    wanted = (np.random.default_rng(seed).random(len(values)) * base < rest).astype(np.int64)
    dear = np.ones(len(values))
    if keep is not None:
        keep = keep[ours]
        step = keep // base - below
        fits = (keep >= 0) & (keep % base == 0) & ((step == 0) | ((step == 1) & (rest > 0)))
        wanted, dear = np.where(fits, step, wanted), np.where(fits, KEPT, 1.0)
    every = csr_matrix(system.line_parts - _selected(system))
    lines = csr_matrix(every[np.flatnonzero(_own_lines(system))][:, ours])
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
    near = base * (below + up)
    reach = base - 1 if (np.abs(near - values) < base).all() else 2 * base - 1
    printed = np.zeros_like(system.values)
    printed[ours] = near
    return Numbers(printed, reach) if (np.abs(near - values) <= reach).all() else None
