"""What asks for more care than the profile: categories with a limit of their own, whole groups.

A group is disclosed when all records under a printed total share one answer: whoever knows that
somebody is counted there knows the answer too, however large the count.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cdop.statistics.disclosure.profiles import DATA, Profile, read_file
from cdop.statistics.disclosure.system import TOTAL, LinearSystem, Place, Table


@dataclass(frozen=True)
class Threshold:
    """Counts up to `high` of these codes of a dimension are small, whatever the profile says."""

    dimension: str
    codes: tuple[str, ...]
    high: int


@dataclass(frozen=True)
class Care:
    """Thresholds, and the dimensions in which a whole group must not be found out."""

    thresholds: tuple[Threshold, ...] = ()
    groups: tuple[str, ...] = ()


def care(path: Path = DATA) -> Care:
    """Return what the register's own releases take care of. Source: the file's `source`."""
    found = read_file(path)["care"]
    thresholds = tuple(
        Threshold(row["dimension"], tuple(row["codes"]), row["primary_high"])
        for row in found["threshold"]
    )
    return Care(thresholds, tuple(found["groups"]))


def with_care(
    system: LinearSystem, tables: Sequence[Table], profile: Profile, taken: Care
) -> LinearSystem:
    """Return the system with limits and groups set, as `protect` and `audit` will keep them."""
    limits = system.values * 0 + profile.primary_high
    for (table, key), cell in system.places.items():
        names = next(t.dimensions for t in tables if t.id == table)
        for threshold in taken.thresholds:
            for name, code in zip(names, key, strict=True):
                if name == threshold.dimension and code in threshold.codes:
                    limits[cell] = max(limits[cell], threshold.high)
    limited = replace(system, limits=limits) if taken.thresholds else system
    small = profile.is_small(system.values, limited.limits)
    pairs = {
        (system.places[total], system.places[part])
        for total, part in whole_groups(system, tables, taken.groups)
        if not small[system.places[part]]  # a small count is hidden as it is
    }
    return replace(limited, groups=tuple(sorted(pairs)))


def whole_groups(
    system: LinearSystem, tables: Sequence[Table], dimensions: Collection[str]
) -> Iterator[tuple[Place, Place]]:
    """Find each total, and the part of it along one of these dimensions that holds all of it."""
    values, distinct = system.values, system.places
    for table in tables:
        for axis, name in enumerate(table.dimensions):
            if name not in dimensions:
                continue
            for (id, key), part in distinct.items():
                if id != table.id or key[axis] == TOTAL:
                    continue
                total = (id, (*key[:axis], TOTAL, *key[axis + 1 :]))
                if distinct[total] != part and values[distinct[total]] == values[part] > 0:
                    yield total, (id, key)
