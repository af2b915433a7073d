"""Rates and percentages with their 95% intervals. Pure functions of protected counts.

Formulas of the Fingertips technical guidance (OHID, "Rates" and "Proportions"); flags for small
numbers after the ONS rule for mortality (FOI/2021/3301).
"""

import math
from dataclasses import dataclass

from scipy.special import gammaincinv, ndtr

from cdop.errors import Invalid

Z = 1.959963984540054
"""The normal deviate of a 95% interval (1.959963985): the published vectors need its digits."""

EXACT_BELOW = 10
BLANK_BELOW, UNRELIABLE_BELOW = 3, 20
HIDDEN, NOT_AVAILABLE, UNRELIABLE = "[c]", "[x]", "[u]"


@dataclass(frozen=True)
class Estimate:
    """A value with the limits of its 95% interval, or nothing and the `symbol` that says why.

    A value may also carry a symbol: it is unreliable.
    """

    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    symbol: str = ""


def count_limits(count: int) -> tuple[float, float]:
    """Return the 95% limits of a count: exact Poisson below 10, Byar's method from 10 on.

    Raises Invalid for a negative count.
    """
    if count < 0:
        raise Invalid({"count": "A count cannot be negative"})
    if count < EXACT_BELOW:
        tail = float(ndtr(-Z))
        lower = float(gammaincinv(count, tail)) if count else 0.0
        return lower, float(gammaincinv(count + 1, 1 - tail))
    return _byar(count, -Z), _byar(count + 1, Z)


def _byar(count: int, deviate: float) -> float:
    return count * (1 - 1 / (9 * count) + deviate / (3 * math.sqrt(count))) ** 3


def crude_rate(count: int, population: float, per: int) -> Estimate:
    """Return the rate for each `per` of a population, with its limits and no flag.

    Raises Invalid for a population that is not above 0.
    """
    if population <= 0:
        raise Invalid({"denominator": "A rate needs a population above 0"})
    lower, upper = count_limits(count)
    scale = per / population
    return Estimate(per * count / population, scale * lower, scale * upper)


def published_rate(count: int | None, population: float | None, per: int) -> Estimate:
    """Return a rate as it may be printed, of a count as it was protected (None: hidden).

    `[c]` for a hidden count; `[x]` without a population, or below 3 deaths; `[u]` below 20.
    """
    if count is None:
        return Estimate(symbol=HIDDEN)
    if population is None or count < BLANK_BELOW:
        return Estimate(symbol=NOT_AVAILABLE)
    found = crude_rate(count, population, per)
    symbol = UNRELIABLE if count < UNRELIABLE_BELOW else ""
    return Estimate(found.value, found.lower, found.upper, symbol)


def proportion(part: int, whole: int) -> Estimate:
    """Return a share between 0 and 1 with its 95% limits by Wilson's method.

    Raises Invalid when the whole is 0 or the part is not within it.
    """
    if whole <= 0:
        raise Invalid({"denominator": "A share needs a whole above 0"})
    if not 0 <= part <= whole:
        raise Invalid({"numerator": "The part must lie between 0 and the whole"})
    root = Z * math.sqrt(Z**2 + 4 * part * (1 - part / whole))
    below = 2 * (whole + Z**2)
    middle = 2 * part + Z**2
    # Where nothing or everything is counted the limit is 0 or 1, whatever the last digit says.
    lower = 0.0 if part == 0 else (middle - root) / below
    upper = 1.0 if part == whole else (middle + root) / below
    return Estimate(part / whole, lower, upper)


def published_share(part: int | None, whole: int | None) -> Estimate:
    """Return a share as it may be printed: `[c]` where a count of it is hidden.

    `[z]` where there is nothing to take a share of.
    """
    if part is None or whole is None:
        return Estimate(symbol=HIDDEN)
    if whole == 0 or part > whole:  # counts that were rounded each by itself need not fit
        return Estimate(symbol="[z]" if whole == 0 else NOT_AVAILABLE)
    return proportion(part, whole)
