"""What a reader may take for certain of each printed cell: a least and a greatest count."""

from dataclasses import dataclass

import numpy as np

from cdop.errors import Unsafe
from cdop.statistics.disclosure.profiles import Others, Profile, Zeros
from cdop.statistics.disclosure.system import Counts, LinearSystem, Mask

OPEN = 2**31 - 1  # stands for "no limit is known"


@dataclass(frozen=True)
class Reading:
    """The cells of a release as read: `low` to `high`, equal where the count itself is printed."""

    low: Counts
    high: Counts


def shown(system: LinearSystem, profile: Profile) -> Reading:
    """Return what each cell would tell if it were printed, exactly or to the nearest multiple."""
    values = system.values
    if profile.others != Others.NEAREST:
        return Reading(values, values)
    printed, reach = nearest(values, profile.base), profile.base // 2
    low = np.where(values == 0, 0, np.maximum(printed - reach, _limits(system, profile) + 1))
    return Reading(low, np.where(values == 0, 0, printed + reach))


def as_hidden(system: LinearSystem, hidden: Mask, profile: Profile) -> Reading:
    """Return what `[c]` tells of each cell, if it is hidden.

    Where counts are rounded, and none but small ones are hidden, `[c]` reads "1 to 7". Raises
    `Unsafe` for a hidden zero where zeros are always printed.
    """
    size, limits = len(system.values), _limits(system, profile)
    if profile.zeros != Zeros.SHOWN or profile.primary_low == 0:
        return Reading(np.zeros(size, np.int64), np.full(size, OPEN))
    ours = hidden if system.earlier is None else hidden & ~system.earlier.only
    if (ours & (system.values == 0)).any():
        raise Unsafe("A zero is hidden, although the profile says that zeros are printed")
    narrow = profile.others == Others.NEAREST
    narrow &= bool((system.values[ours] <= limits[ours]).all())
    high = limits if narrow else np.full(size, OPEN)
    return Reading(np.ones(size, np.int64), high)


def read_hiding(system: LinearSystem, hidden: Mask, profile: Profile) -> Reading:
    """Return what a release with these cells hidden tells."""
    bare, marked = shown(system, profile), as_hidden(system, hidden, profile)
    low = np.where(hidden, marked.low, bare.low)
    return _with_earlier(system, Reading(low, np.where(hidden, marked.high, bare.high)))


def read_rounding(system: LinearSystem, printed: Counts, reach: int) -> Reading:
    """Return what numbers printed within `reach` of the true counts tell."""
    return _with_earlier(system, Reading(np.maximum(printed - reach, 0), printed + reach))


def _with_earlier(system: LinearSystem, reading: Reading) -> Reading:
    """Return what is read by whoever kept the earlier releases as well."""
    told = system.earlier
    if told is None:
        return reading
    low = np.where(told.only, told.low, np.maximum(reading.low, told.low))
    return Reading(low, np.where(told.only, told.high, np.minimum(reading.high, told.high)))


def _limits(system: LinearSystem, profile: Profile) -> Counts:
    """Return the greatest small count of each cell."""
    least = np.full(len(system.values), profile.primary_high)
    return least if system.limits is None else np.maximum(system.limits, least)


def nearest(values: Counts, base: int) -> Counts:
    """Round each value by itself to the nearest multiple of an odd base."""
    return (values + base // 2) // base * base
