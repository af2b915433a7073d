"""One linear system over the records of a release and of the earlier ones that count them too.

A record that two releases count is one record in both: a reader may hold one against the other. Any
reader takes it that records are added later and do not change; one that did change is a record that
went and another that came, and that it did is then protected like any small difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cdop.errors import Unsafe
from cdop.statistics.atoms import links, listed, part, records
from cdop.statistics.disclosure.parts import assembled
from cdop.statistics.disclosure.reading import OPEN
from cdop.statistics.disclosure.system import (
    TOTAL,
    Counts,
    Dimension,
    Earlier,
    LinearSystem,
    Mask,
    Place,
    Table,
)
from cdop.statistics.kinds import Counted


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
    `other_years`: whether there may be releases of other years besides those linked here.
    """

    system: LinearSystem
    ids: tuple[str, ...]
    homes: Counts
    tables: tuple[Table, ...]
    twice: Mask
    other_years: bool = True


def linked(now: Counted, before: Sequence[Told] = ()) -> Linked:
    """Return the system of a release together with earlier ones of some of the same records.

    Raises Refused for records whose years contradict one another, or releases whose codes cannot
    be compared.
    """
    releases = [now, *(told.counted for told in before)]
    for each in releases:
        each.subject.check(each.records)
    of = records(releases)
    every = listed(of)
    names = ["", *(f"@{number}" for number in range(1, len(releases)))]
    parts = [part(each, of, names) for each in every]
    dims = {d.name: d for d in _dimensions(releases, names)}
    tables = _tables(releases, names, before)
    system = assembled(parts, dims, tables, links(every, of))
    starts = np.cumsum([0, *(len(each.kinds) for each in every)])[:-1]
    if before:
        nested = _grown(system, now, before, starts)
        system = replace(system, earlier=_earlier(system, now, before), nested=nested)
    homes = np.column_stack([each.homes for each in every]) + starts
    twice = np.concatenate([of.twice[each.kinds[:, -1]] for each in every])
    return Linked(
        system, of.ids, homes.astype(np.int64), tuple(tables), twice, not of.subject.linked
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
    system: LinearSystem, now: Counted, before: Sequence[Told], starts: Counts
) -> tuple[tuple[int, int], ...]:
    """Return pairs (outer, inner) of one cell in two releases, where one holds all of the other.

    `starts` has the first atom of each bundle: only atoms of one bundle can be compared.
    """
    sets = [set(system.sums[[cell]].indices.tolist()) for cell in range(len(system.values))]
    ours, found = _named(system, "", now), set()
    for told in before:
        theirs = _named(system, f"{told.id}:", told.counted)
        for name in ours.keys() & theirs.keys():
            cell, other = ours[name], theirs[name]
            ends = [min(sets[each]) for each in (cell, other) if sets[each]]
            if len(set(np.searchsorted(starts, ends, side="right"))) > 1:
                raise Unsafe("Two releases count the same in ways that cannot be compared")
            if sets[other] < sets[cell]:
                found.add((cell, other))
            elif sets[cell] < sets[other]:
                found.add((other, cell))
    return tuple(sorted(found))


def _named(
    system: LinearSystem, id: str, of: Counted
) -> dict[tuple[str, frozenset[tuple[str, str]]], int]:
    """Return the cells of a release by whom they count and by which codes, in whatever table."""
    tables = {id + table.code: table for table in of.tables.tables}
    found: dict[tuple[str, frozenset[tuple[str, str]]], int] = {}
    for (name, key), cell in system.places.items():
        if table := tables.get(name):
            codes = frozenset((n, c) for n, c in zip(table.by, key, strict=True) if c != TOTAL)
            found[table.population, codes] = cell
    return found
