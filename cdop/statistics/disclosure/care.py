"""What asks for more care than the profile: categories with a limit of their own, whole groups.

A group is disclosed when all records under a total share one answer: whoever knows that somebody is
counted there knows the answer too, however large the count, and however small. That the counts are
hidden is no help where every other answer is printed as 0.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cdop.statistics.disclosure.profiles import DATA, Profile, Zeros, read_file
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
        if not (small[system.places[part]] and _is_given_up(profile, total))
        and not _was_told(system, total, part)
    }
    return replace(limited, groups=tuple(sorted(pairs)))


def _is_given_up(profile: Profile, total: Place) -> bool:
    """Tell whether a small group is left as it is.

    Where zeros are always printed, most rows of few records are such groups and nothing could be
    released: only a whole table is kept from being one.
    """
    return profile.zeros == Zeros.SHOWN and any(code != TOTAL for code in total[1])


def _was_told(system: LinearSystem, total: Place, part: Place) -> bool:
    """Tell whether earlier releases printed 0 for every other answer: nobody can take that back."""
    if system.earlier is None:
        return False
    axis = next(n for n, code in enumerate(part[1]) if code != total[1][n])
    row = [
        cell
        for (table, key), cell in system.places.items()
        if table == part[0] and _without(key, axis) == _without(part[1], axis)
    ]
    others = [cell for cell in row if system.values[cell] == 0]
    return bool((system.earlier.high[others] == 0).all())


def _without(key: tuple[str, ...], axis: int) -> tuple[str, ...]:
    return (*key[:axis], *key[axis + 1 :])


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
