"""One linear system over the deaths of a release and of the earlier releases that count them too.

A death that two releases count is one record in both: a reader may hold one against the other. Any
reader takes it that records are added later and do not change; one that did change is a record that
went and another that came, and that it did is then protected like any small difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.statistics.disclosure.build import system_of_kinds
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
    """The system, and the atom of each row that the new release counts."""

    system: LinearSystem
    atom_of: Mapping[str, int]
    tables: tuple[Table, ...]
    twice: Mask


def linked(now: Counted, before: Sequence[Told] = ()) -> Linked:
    """Return the system of a release together with earlier ones of some of the same deaths.

    `twice` marks the atoms that stand in the tables of two years by necessity. Raises Refused for
    records whose years contradict one another, or releases whose codes cannot be compared.
    """
    releases = [now, *(told.counted for told in before)]
    for each in releases:
        _check_years(each.records)
    base = finest_codes(releases)
    who, members, ids = people(releases, base)
    patterns = sorted({*members, *memberships(releases)})
    which = np.array([patterns.index(m) for m in members], dtype=np.int64)
    observed = np.column_stack([who, which]) if len(who) else who
    observed = observed.reshape(-1, len(base) + 1).astype(np.int64)
    kinds = near_kinds(observed, [*map(len, base.values()), len(patterns)])
    kinds = kinds[may_be(kinds, observed, base, patterns, releases)]
    names = ["", *(f"@{number}" for number in range(1, len(releases)))]
    dims, tables = _dimensions(releases, names), _tables(releases, names, before)
    flags = [f"{p}{name}" for name in names for p in POPULATIONS]
    rows = [_positions(k, base, patterns, releases) for k in (kinds, observed)]
    counts = np.ones(len(observed), dtype=np.int64)
    system, homes = system_of_kinds(rows[0], (rows[1], counts), dims, flags, tables)
    if before:
        nested = _grown(system, now, before)
        system = replace(system, earlier=_earlier(system, now, before), nested=nested)
    atom_of = {id: int(home) for id, home in zip(ids, homes, strict=True) if home >= 0}
    return Linked(system, atom_of, tuple(tables), _twice(system, now, before))


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


def _positions(
    kinds: Counts,
    base: Mapping[str, tuple[str, ...]],
    patterns: Sequence[tuple[Membership, ...]],
    releases: Sequence[Counted],
) -> Counts:
    """Return kinds as positions in every release's own dimensions, then their populations."""
    table = np.array(patterns, dtype=np.int64).reshape(len(patterns), len(releases), 4)
    member = table[kinds[:, -1]]
    columns = []
    for number, each in enumerate(releases):
        for column in each.columns():
            codes = each.tables.codes(column.name)
            if column.name in FOLLOWING:
                yes, no = (codes.index(code) for code in FOLLOWING[column.name])
                columns.append(np.where(member[:, number, 3] == 1, yes, no))
                continue
            groups = each.merged.get(column.name, {})
            own = np.array([codes.index(groups.get(c, c)) for c in base[column.name]])
            columns.append(own[kinds[:, list(base).index(column.name)]])
    flags = member[:, :, :3].reshape(len(kinds), 3 * len(releases))
    return np.column_stack([*columns, flags]).astype(np.int64)


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


def _twice(system: LinearSystem, now: Counted, before: Sequence[Told]) -> Mask:
    """Tell which atoms are of deaths that died in one year and were notified in another."""
    found = np.zeros(len(system.atoms), dtype=bool)
    for id, each in [("", now), *((f"{told.id}:", told.counted) for told in before)]:
        died, notified = (
            system.sums[[system.places[id + t.code, ("total",) * len(t.by)]]].toarray()[0] > 0
            for t in (each.tables.of("died")[0], each.tables.of("notified")[0])
        )
        found |= died != notified
    return found
