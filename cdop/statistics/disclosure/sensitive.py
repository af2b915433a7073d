"""What must stay uncertain in a release: small counts, and small sums that a reader could form."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from cdop.statistics.disclosure.attackers import PUBLIC, Attacker
from cdop.statistics.disclosure.profiles import Others, Profile
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask


@dataclass(frozen=True)
class Sensitive:
    """Sums of cells (rows) that must stay uncertain by `widths`; `names` says what each is."""

    cells: csr_matrix
    widths: Counts
    names: tuple[tuple[str, int], ...]

    def label(self, target: int, system: LinearSystem) -> str:
        """Return words that point to a target, never its value."""
        words, cell = self.names[target]
        return f"{words}{system.label(cell)}"


def small_cells(system: LinearSystem, profile: Profile) -> Mask:
    """Tell which cells are small and not known to everybody from an earlier release."""
    small = profile.is_small(system.values, system.limits)
    return small if system.earlier is None else small & ~system.earlier.exact


def sensitive(
    system: LinearSystem, hidden: Mask, profile: Profile, attacker: Attacker = PUBLIC
) -> Sensitive:
    """Return every small cell, every small sum of the hidden cells of a line, every whole group.

    What the attacker knows beforehand is not among them; what is left of a sum after taking it
    away is. Hidden zeros and hidden large counts are not: the profile lets them be printed, so
    finding one out tells nothing that the release could not have said.
    """
    size = len(system.values)
    known = attacker.knows_cells(system)
    rest = np.asarray(system.sums @ attacker.unknown(system), dtype=np.int64)
    small = small_cells(system, profile) & ~known
    if attacker.rests:
        small |= profile.is_small(rest, system.limits) & (rest < system.values)
        small |= _above_known_sums(system, profile, attacker) & ~known
    widths = np.full(size, profile.width)
    if profile.others != Others.EXACT:
        # A printed multiple tells how far a count goes: who knows records of it knows how few
        # more there can be. That there are none is no secret, and otherwise one more is asked for.
        mine = system.values - rest
        small &= (rest > 0) | (mine == 0)
        widths = np.maximum(profile.width - mine, 1)
    cells = np.flatnonzero(small)
    rows = [_unit(cells, size)]
    names = [("", int(cell)) for cell in cells]
    if profile.others == Others.EXACT:
        left = attacker.left_of(system)
        lines = small_lines(system, hidden & ~known, profile, left)
        if (left != system.values).any():
            lines = np.union1d(lines, small_lines(system, hidden, profile, system.values))
            kept = (system.line_parts[lines] @ (hidden & ~known).astype(np.int64)) > 0
            lines = lines[np.asarray(kept, dtype=bool)]
        parts = csr_matrix(system.line_parts[lines].multiply(hidden.astype(np.int64)))
        first = _first_of_each(parts)
        rows.append(csr_matrix(parts[first]))
        totals = system.line_totals[lines[first]]
        names += [("the hidden cells that add up to ", int(total)) for total in totals]
    nested = _small_differences(system, profile, attacker)
    rows.append(csr_matrix(_unit(nested[:, 0], size) - _unit(nested[:, 1], size)))
    names += [("what is left without another table's of ", int(outer)) for outer in nested[:, 0]]
    mine = system.values - rest
    known_of = mine[nested[:, 0]] - mine[nested[:, 1]]
    less = profile.width if profile.others == Others.EXACT else profile.width - known_of
    asked = [*widths[cells], *[profile.width] * (len(names) - len(cells) - len(nested))]
    asked += list(np.maximum(np.broadcast_to(less, len(nested)), 1))
    asked += [1] * len(system.groups)
    totals_, parts_ = np.array(system.groups, dtype=np.int64).reshape(-1, 2).T
    rows.append(csr_matrix(_unit(totals_, size) - _unit(parts_, size)))
    names += [("that all belong to ", part) for _, part in system.groups]
    return Sensitive(
        csr_matrix(vstack(rows), dtype=np.int64), np.array(asked, dtype=np.int64), tuple(names)
    )


class EachSensitive:
    """What must stay uncertain for each of several attackers, of one release.

    Most who know a single record are owed the same as whoever knows none: that is worked out once.
    """

    def __init__(self, system: LinearSystem, hidden: Mask, profile: Profile) -> None:
        self.system, self.hidden, self.profile = system, hidden, profile
        self._found: list[tuple[csr_matrix | None, Sensitive]] = []

    def of(self, attacker: Attacker) -> Sensitive:
        """Return the same as `sensitive`."""
        exact = self.profile.others == Others.EXACT
        if attacker.rests or not exact or self.system.nested:
            return sensitive(self.system, self.hidden, self.profile, attacker)
        for knows, found in self._found:
            if knows is attacker.knows:
                return found
        found = sensitive(self.system, self.hidden, self.profile, attacker)
        self._found.append((attacker.knows, found))
        return found


def small_lines(system: LinearSystem, hidden: Mask, profile: Profile, values: Counts) -> Counts:
    """Return the lines whose hidden cells, two or more, have a small sum."""
    if not system.lines:
        return np.zeros(0, dtype=np.int64)
    number = np.asarray(system.line_parts @ hidden.astype(np.int64))
    sums = np.asarray(system.line_parts @ (hidden * values))
    limits = None if system.limits is None else system.limits[system.line_totals]
    small = (number >= 2) & profile.is_small(sums, limits)
    if system.earlier is not None:  # nobody can take back what an earlier release told exactly
        open_ = ~system.earlier.exact
        told = np.asarray(system.line_parts @ (open_ & ~hidden).astype(np.int64)) == 0
        small &= ~(told & ~open_[system.line_totals])
    return np.flatnonzero(small)


def _small_differences(system: LinearSystem, profile: Profile, attacker: Attacker) -> Counts:
    """Return the nested pairs whose difference is small, and not known to the attacker."""
    pairs = np.array(system.nested, dtype=np.int64).reshape(-1, 2)
    less = system.values[pairs[:, 0]] - system.values[pairs[:, 1]]
    rest = np.asarray(system.sums @ attacker.unknown(system))
    pairs = pairs[profile.is_small(less) & (rest[pairs[:, 0]] > rest[pairs[:, 1]])]
    if attacker.own is not None:
        unknown = np.asarray(system.sums @ (~attacker.own).astype(np.int64))
        pairs = pairs[unknown[pairs[:, 0]] > unknown[pairs[:, 1]]]
    return pairs


def _above_known_sums(system: LinearSystem, profile: Profile, attacker: Attacker) -> Mask:
    """Tell which cells exceed a sum known to the attacker, which they contain, by little."""
    found = np.zeros(len(system.values), dtype=bool)
    if attacker.knows is None:
        return found
    sizes = np.diff(attacker.knows.indptr)
    many = csr_matrix(attacker.knows[np.flatnonzero(sizes > 1)])
    inside = csr_matrix(many @ system.sums.T).tocoo()
    nested = inside.data == np.diff(many.indptr)[inside.row]
    row, cell = inside.row[nested], inside.col[nested]
    more = system.values[cell] - np.asarray(many @ system.atoms)[row]
    limits = None if system.limits is None else system.limits[cell]
    larger = np.diff(system.sums.indptr)[cell] > np.diff(many.indptr)[row]
    found[cell[larger & (more > 0) & profile.is_small(more, limits)]] = True
    return found


def _unit(cells: Counts, size: int) -> csr_matrix:
    ones = np.ones(len(cells), dtype=np.int64)
    return csr_matrix((ones, cells, np.arange(len(cells) + 1)), shape=(len(cells), size))


def _first_of_each(rows: csr_matrix) -> list[int]:
    """Return the positions of distinct rows."""
    return list(dict(_distinct(rows)).values())


def _distinct(rows: csr_matrix) -> Iterator[tuple[bytes, int]]:
    rows.sort_indices()
    rows.eliminate_zeros()
    seen: set[bytes] = set()
    for row in range(rows.shape[0]):
        inside = rows.indices[rows.indptr[row] : rows.indptr[row + 1]].tobytes()
        if inside not in seen:
            seen.add(inside)
            yield inside, row
