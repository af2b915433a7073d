"""Which kinds of death there could be, as far as the tables of some releases tell them apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.statistics.definitions import ColumnDefinition, YearTables
from cdop.statistics.disclosure.system import Counts, Mask

KINDS = 1_000_000  # of death that may be told apart before only those near observed ones are listed
POPULATIONS = ("died", "notified", "reviewed")
# Columns that follow from whether a death was reviewed in the year it happened: code if so, if not.
FOLLOWING = {
    "year_of_death": ("this-year", "earlier"),
    "review_state": ("reviewed", "not-reviewed"),
}
Membership = tuple[int, int, int, int]  # died, notified, reviewed, reviewed in its year of death
NOWHERE: Membership = (0, 0, 0, 0)
UNASKED = -1  # stands for the answer of a record that a column does not ask for


@dataclass(frozen=True)
class Counted:
    """What a release counts: coded rows of deaths by id, and the tables made of them.

    `merged` maps codes of a column to the coarser ones that the tables print.
    """

    records: pd.DataFrame
    tables: YearTables
    years: tuple[str, ...]
    merged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def printed_records(self) -> pd.DataFrame:
        """Return the rows under the codes that the tables print."""
        found = self.records.copy()
        for name, groups in self.merged.items():
            found[name] = found[name].map(groups)
        return found

    def columns(self) -> list[ColumnDefinition]:
        """Return the columns that the tables are cut by."""
        used = {name for table in self.tables.tables for name in table.by}
        return [c for c in self.tables.definitions.columns if c.name in used]


def finest_codes(releases: Sequence[Counted]) -> dict[str, tuple[str, ...]]:
    """Return the finest codes of each column that any of the releases is cut by."""
    found: dict[str, tuple[str, ...]] = {}
    for each in releases:
        for column in each.columns():
            if column.name in FOLLOWING:
                continue
            codes = _raw_codes(each, column.name)
            if found.setdefault(column.name, codes) != codes:
                raise Refused(
                    "An earlier release of these deaths was counted under other code lists: the "
                    "two cannot be held against each other, so neither can be proved safe."
                )
    return found


def _raw_codes(of: Counted, name: str) -> tuple[str, ...]:
    return tuple(of.merged[name]) if name in of.merged else of.tables.codes(name)


def people(
    releases: Sequence[Counted], base: Mapping[str, tuple[str, ...]]
) -> tuple[Counts, list[tuple[Membership, ...]], list[str]]:
    """Return each record once: its answers (positions), its memberships, and its id.

    A record that another release counts under another answer is one record there, another here.
    """
    answers: dict[str, list[tuple[list[int], list[Membership]]]] = {}
    for number, each in enumerate(releases):
        ids = map(str, each.records.index)
        here = zip(ids, _given(each, base), _memberships_in(each.records), strict=True)
        for id, given, member in here:
            rows = answers.setdefault(id, [])
            found = next((row for row in rows if _agree(row[0], given)), None)
            if found is None:
                found = ([UNASKED] * len(base), [NOWHERE] * len(releases))
                rows.append(found)
            found[0][:] = [
                old if new == UNASKED else new for old, new in zip(found[0], given, strict=True)
            ]
            found[1][number] = member
    people = [[max(at, 0) for at in given] for rows in answers.values() for given, _ in rows]
    memberships = [tuple(m) for rows in answers.values() for _, m in rows]
    ids_ = [id if m[0] != NOWHERE else "" for id, rows in answers.items() for _, m in rows]
    return np.array(people, dtype=np.int64).reshape(-1, len(base)), memberships, ids_


def _given(of: Counted, base: Mapping[str, tuple[str, ...]]) -> list[list[int]]:
    """Return the position of each record's answers, `UNASKED` where a column has none of it."""
    only = {c.name: c.only for c in of.columns()}
    found = np.full((len(of.records), len(base)), UNASKED, dtype=np.int64)
    for at, (name, codes) in enumerate(base.items()):
        if name in only:
            inside = np.ones(len(found), dtype=bool)
            if only[name]:
                inside = of.records[only[name]].to_numpy(dtype=bool)
            found[inside, at] = pd.Index(codes).get_indexer(pd.Index(of.records[name][inside]))
            if (found[inside, at] < 0).any():
                raise Refused(f"A case holds an answer that no table has a row for ({name}).")
    rows: list[list[int]] = found.tolist()
    return rows


def _memberships_in(records: pd.DataFrame) -> list[Membership]:
    died, notified, reviewed = (records[p].to_numpy(dtype=bool) for p in POPULATIONS)
    same = died & reviewed & (records.died_year == records.reviewed_year).to_numpy(dtype=bool)
    columns = [part.astype(int).tolist() for part in (died, notified, reviewed, same)]
    return list(zip(*columns, strict=True))


def _agree(one: Sequence[int], other: Sequence[int]) -> bool:
    return all(a == b or UNASKED in (a, b) for a, b in zip(one, other, strict=True))


def memberships(releases: Sequence[Counted]) -> Iterable[tuple[Membership, ...]]:
    """Return in which populations of which release an unchanged record may be."""
    choices = [_of_one(each) for each in releases]
    for first in choices[0]:
        rest = [
            [m for m in of_one if _fits(releases[0], first, earlier, m)]
            for earlier, of_one in zip(releases[1:], choices[1:], strict=True)
        ]
        for others in product(*rest):
            if any(m != NOWHERE for m in (first, *others)):
                yield (first, *others)


def _of_one(release: Counted) -> list[Membership]:
    """Return in which populations of a release a record may be, none included."""
    found = [NOWHERE]
    for died, notified, reviewed, same in product((0, 1), repeat=4):
        both = died and reviewed
        if not (died or notified or reviewed) or same > both or (both and not notified):
            continue
        if same == both or len(release.years) > 1:
            found.append((died, notified, reviewed, same))
    return found


def _fits(now: Counted, here: Membership, then: Counted, there: Membership) -> bool:
    """Tell whether a record that did not change may be in these populations of two releases."""
    ours, theirs = set(now.years), set(then.years)
    if there == NOWHERE:
        return True  # it came later, or is of other years
    if here == NOWHERE:
        return not theirs <= ours
    down = theirs <= ours and any(a < b for a, b in zip(here, there, strict=True))
    up = ours <= theirs and any(b < a for a, b in zip(here, there, strict=True))
    return not down and not up


def near_kinds(observed: Counts, sizes: Sequence[int]) -> Counts:
    """List kinds of record: all there could be, or those close to an observed one."""
    if int(np.prod(sizes, dtype=object)) <= KINDS:
        return np.indices(sizes, dtype=np.int64).reshape(len(sizes), -1).T
    distinct = np.unique(observed, axis=0)
    once = sum(sizes)
    steps = 2 if len(distinct) * once * once // 2 <= KINDS else 1
    found = distinct
    for _ in range(steps):
        found = np.unique(np.concatenate([found, *_changed(found, sizes)]), axis=0)
    return found


def _changed(rows: Counts, sizes: Sequence[int]) -> Iterable[Counts]:
    for column, size in enumerate(sizes):
        for code in range(size):
            changed = rows.copy()
            changed[:, column] = code
            yield changed


def may_be(
    kinds: Counts,
    observed: Counts,
    base: Mapping[str, tuple[str, ...]],
    memberships: Counts,
    releases: Sequence[Counted],
) -> Mask:
    """Tell which kinds any reader must allow for; observed ones come in apart from this.

    The last column of kinds says which of the `memberships` (each releases x 4) they have.
    """
    member = memberships[kinds[:, -1]]
    anywhere = np.asarray(member.any(axis=1))
    inside = {name: anywhere[:, number] for number, name in enumerate(POPULATIONS)}
    may = _of_one_year(member)
    names = list(base)
    for column in (c for each in releases for c in each.columns()):
        if column.only and column.name in base:
            may &= inside[column.only] | (kinds[:, names.index(column.name)] == 0)
    there = memberships[observed[:, -1]]
    for rule in releases[0].tables.definitions.impossible:
        if not applies(rule, base):
            continue
        # An odd record stays: who holds it to be impossible would only be misled.
        if not (_ruled_out(observed, rule, base, there) & there[:, :, 2].any(axis=1)).any():
            may &= ~(_ruled_out(kinds, rule, base, member) & inside["reviewed"])
    return np.asarray(may, dtype=bool)


def applies(rule: Mapping[str, tuple[str, ...]], base: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell whether all that a rule of what is impossible speaks of is told apart here."""
    told = {name: codes for name, codes in rule.items() if name not in FOLLOWING}
    return all(name in base and set(codes) & set(base[name]) for name, codes in told.items())


def _of_one_year(member: Counts) -> Mask:
    """Tell who died and was notified in the same release, or in neither.

    All others are known to whoever reads two years: they are as observed, and there are no more.
    """
    return np.asarray((member[:, :, 0] == member[:, :, 1]).all(axis=1))


def _ruled_out(
    kinds: Counts,
    rule: Mapping[str, tuple[str, ...]],
    base: Mapping[str, tuple[str, ...]],
    member: Counts,
) -> Mask:
    fits = np.ones(len(kinds), dtype=bool)
    for name, codes in rule.items():
        if name in FOLLOWING:
            yes, no = (code in codes for code in FOLLOWING[name])
            fits &= np.where(member[:, :, 3].any(axis=1), yes, no)
            continue
        wanted = [base[name].index(code) for code in codes if code in base[name]]
        fits &= np.isin(kinds[:, list(base).index(name)], wanted)
    return fits
