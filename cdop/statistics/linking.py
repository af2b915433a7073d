"""One linear system over the deaths of a release and of the earlier releases that count them too.

A death that two releases count is one record in both: a reader may hold one against the other. Any
reader takes it that records are added later and do not change; one that did change is a record that
went and another that came, and that it did is then protected like any small difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.statistics.bundles import Bundle, bundles, links
from cdop.statistics.disclosure.parts import Part, assembled
from cdop.statistics.disclosure.reading import OPEN
from cdop.statistics.disclosure.system import (
    Counts,
    Dimension,
    Earlier,
    LinearSystem,
    Mask,
    Place,
    Table,
)
from cdop.statistics.kinds import (
    FOLLOWING,
    POPULATIONS,
    Counted,
    Membership,
    finest_codes,
    may_be,
    memberships,
    near_kinds,
    people,
)


@dataclass(frozen=True)
class Told:
    """An earlier release, and between which counts each cell of it lies for its readers."""

    id: str
    counted: Counted
    bounds: Mapping[Place, tuple[int, int | None]]


@dataclass(frozen=True)
class Linked:
    """The system, and of each record its atom in every bundle.

    `homes` is records x bundles, in the order of `ids` (empty for those that only an earlier
    release counts). `twice` marks the atoms that stand in the tables of two years by necessity.
    """

    system: LinearSystem
    ids: tuple[str, ...]
    homes: Counts
    tables: tuple[Table, ...]
    twice: Mask


def linked(now: Counted, before: Sequence[Told] = ()) -> Linked:
    """Return the system of a release together with earlier ones of some of the same deaths.

    Raises Refused for records whose years contradict one another, or releases whose codes cannot
    be compared.
    """
    releases = [now, *(told.counted for told in before)]
    for each in releases:
        _check_years(each.records)
    base = finest_codes(releases)
    who, members, ids = people(releases, base)
    patterns = sorted({*members, *memberships(releases)})
    which = np.array([patterns.index(m) for m in members], dtype=np.int64)
    observed = np.column_stack([who, which]).reshape(-1, len(base) + 1).astype(np.int64)
    tree = bundles(list(base), _crossed(releases, base))
    listed = [_atoms(bundle, observed, base, patterns, releases) for bundle in tree]
    member = np.array(patterns, dtype=np.int64).reshape(len(patterns), len(releases), 4)
    names = ["", *(f"@{number}" for number in range(1, len(releases)))]
    parts = [
        _part(kinds, homes, bundle, member, base, releases, names)
        for bundle, (kinds, homes) in zip(tree, listed, strict=True)
    ]
    dims = {d.name: d for d in _dimensions(releases, names)}
    tables = _tables(releases, names, before)
    kinds = [found for found, _ in listed]
    system = assembled(parts, dims, tables, links(tree, kinds))
    if before:
        nested = _grown(system, now, before)
        system = replace(system, earlier=_earlier(system, now, before), nested=nested)
    starts = np.cumsum([0, *(len(found) for found in kinds)])[:-1]
    homes = np.column_stack([found for _, found in listed]) + starts
    twice = (member[:, :, 0] != member[:, :, 1]).any(axis=1)
    return Linked(
        system,
        tuple(ids),
        homes.astype(np.int64),
        tuple(tables),
        np.concatenate([twice[found[:, -1]] for found in kinds]),
    )


def _crossed(
    releases: Sequence[Counted], base: Mapping[str, tuple[str, ...]]
) -> Iterator[frozenset[str]]:
    """Return the columns that some table crosses, or some rule of what is impossible names."""
    for each in releases:
        for names in (*(t.by for t in each.tables.tables), *each.tables.definitions.impossible):
            if len(held := frozenset(names) & set(base)) > 1:
                yield held


def _atoms(
    bundle: Bundle,
    observed: Counts,
    base: Mapping[str, tuple[str, ...]],
    patterns: Sequence[tuple[Membership, ...]],
    releases: Sequence[Counted],
) -> tuple[Counts, Counts]:
    """Return the kinds of record that a bundle tells apart, and which each record is of."""
    places = [list(base).index(name) for name in bundle.columns]
    mine = observed[:, [*places, len(base)]]
    here = {name: base[name] for name in bundle.columns}
    kinds = near_kinds(mine, [*map(len, here.values()), len(patterns)])
    kinds = kinds[may_be(kinds, mine, here, patterns, releases)]
    found, homes = np.unique(np.concatenate([kinds, mine]), axis=0, return_inverse=True)
    return found, homes.ravel()[len(kinds) :]


def _part(
    kinds: Counts,
    homes: Counts,
    bundle: Bundle,
    member: Counts,
    base: Mapping[str, tuple[str, ...]],
    releases: Sequence[Counted],
    names: Sequence[str],
) -> Part:
    """Return a bundle's atoms as every release's own dimensions and populations see them."""
    positions: dict[str, Counts] = {}
    inside: dict[str, Mask] = {}
    for number, (each, name) in enumerate(zip(releases, names, strict=True)):
        being = member[kinds[:, -1], number]
        inside |= {f"{p}{name}": being[:, place] == 1 for place, p in enumerate(POPULATIONS)}
        for column in each.columns():
            codes = each.tables.codes(column.name)
            if column.name in FOLLOWING:
                yes, no = (codes.index(code) for code in FOLLOWING[column.name])
                positions[column.name + name] = np.where(being[:, 3] == 1, yes, no)
            elif column.name in bundle.columns:
                groups = each.merged.get(column.name, {})
                own = np.array([codes.index(groups.get(c, c)) for c in base[column.name]])
                positions[column.name + name] = own[kinds[:, bundle.columns.index(column.name)]]
    return Part(positions, inside, np.bincount(homes, minlength=len(kinds)).astype(np.int64))


def _check_years(records: pd.DataFrame) -> None:
    reviewed = records.reviewed_year.fillna("9999")
    in_order = (records.died_year <= records.notified_year) & (records.notified_year <= reviewed)
    if not in_order.all():
        raise Refused(
            "A death of this year is recorded as notified before it happened, or reviewed before "
            "it was notified. Correct the case, then build the release."
        )


def _dimensions(releases: Sequence[Counted], names: Sequence[str]) -> list[Dimension]:
    return [
        Dimension(column.name + name, each.tables.codes(column.name))
        for each, name in zip(releases, names, strict=True)
        for column in each.columns()
    ]


def _tables(
    releases: Sequence[Counted], names: Sequence[str], before: Sequence[Told]
) -> list[Table]:
    ids = ["", *(f"{told.id}:" for told in before)]
    return [
        Table(f"{id}{t.code}", tuple(c + name for c in t.by), t.population + name)
        for each, name, id in zip(releases, names, ids, strict=True)
        for t in each.tables.tables
    ]


def _earlier(system: LinearSystem, now: Counted, before: Sequence[Told]) -> Earlier:
    """Return what the earlier releases told of each cell."""
    size = len(system.values)
    low, high = np.zeros(size, dtype=np.int64), np.full(size, OPEN, dtype=np.int64)
    for told in before:
        for (table, key), (least, most) in told.bounds.items():
            cell = system.places[f"{told.id}:{table}", key]
            low[cell] = max(low[cell], least)
            high[cell] = min(high[cell], OPEN if most is None else most)
    ours = {t.code for t in now.tables.tables}
    only = np.ones(size, dtype=bool)
    only[[cell for (table, _), cell in system.places.items() if table in ours]] = False
    return Earlier(low, high, only)


def _grown(
    system: LinearSystem, now: Counted, before: Sequence[Told]
) -> tuple[tuple[int, int], ...]:
    """Return pairs (outer, inner) of one cell in two releases, where one holds all of the other."""
    sets = [set(system.sums[[cell]].indices.tolist()) for cell in range(len(system.values))]
    found = set()
    ours = {t.code for t in now.tables.tables}
    for (table, key), cell in system.places.items():
        for told in before if table in ours else ():
            other = system.places.get((f"{told.id}:{table}", key), cell)
            if sets[other] < sets[cell]:
                found.add((cell, other))
            elif sets[cell] < sets[other]:
                found.add((other, cell))
    return tuple(sorted(found))
