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
    low = np.where(values == 0, 0, np.maximum(printed - reach, profile.primary_high + 1))
    return Reading(low, np.where(values == 0, 0, printed + reach))


def as_hidden(system: LinearSystem, hidden: Mask, profile: Profile) -> tuple[int, int]:
    """Return what `[c]` tells. Raises `Unsafe` for a hidden zero where zeros are always printed.

    Where counts are rounded, and none but small ones are hidden, `[c]` reads "1 to 7".
    """
    if profile.zeros != Zeros.SHOWN or profile.primary_low == 0:
        return 0, OPEN
    if (hidden & (system.values == 0)).any():
        raise Unsafe("A zero is hidden, although the profile says that zeros are printed")
    narrow = profile.others == Others.NEAREST
    narrow &= bool((system.values[hidden] <= profile.primary_high).all())
    return 1, profile.primary_high if narrow else OPEN


def read_hiding(system: LinearSystem, hidden: Mask, profile: Profile) -> Reading:
    """Return what a release with these cells hidden tells."""
    bare, least_most = shown(system, profile), as_hidden(system, hidden, profile)
    low = np.where(hidden, least_most[0], bare.low)
    return Reading(low, np.where(hidden, least_most[1], bare.high))


def read_rounding(printed: Counts, reach: int) -> Reading:
    """Return what numbers printed within `reach` of the true counts tell."""
    return Reading(np.maximum(printed - reach, 0), printed + reach)


def nearest(values: Counts, base: int) -> Counts:
    """Round each value by itself to the nearest multiple of an odd base."""
    return (values + base // 2) // base * base
