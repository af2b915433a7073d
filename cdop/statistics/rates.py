"""Rates and percentages with their 95% intervals. Pure functions of protected counts.

Formulas of the Fingertips technical guidance (OHID, "Rates" and "Proportions"); flags for small
numbers after the ONS rule for mortality (FOI/2021/3301).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.special import gammaincinv, ndtr

from cdop.errors import Invalid

Z = 1.959963984540054
"""The normal deviate of a 95% interval (1.959963985): the published vectors need its digits."""

EXACT_BELOW = 10
BLANK_BELOW, UNRELIABLE_BELOW = 3, 20
STANDARDISED_BELOW = 10  # deaths, below which ONS and OHID print no standardised rate
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


@dataclass(frozen=True)
class Stratum:
    """Deaths and people of one age, and the people of that age in the standard population."""

    count: int
    population: float
    weight: float


def standardised_rate(strata: Sequence[Stratum], per: int) -> Estimate:
    """Return the directly standardised rate for each `per`, with its limits and no flag.

    That is the rate of a standard population whose ages died as these did. Limits: Dobson's method
    on Byar's limits of all deaths (OHID, "DSRs"). Raises Invalid for a population not above 0, or
    no death.
    """
    if any(each.population <= 0 for each in strata):
        raise Invalid({"denominator": "A rate needs a population above 0"})
    count, weights = sum(each.count for each in strata), sum(each.weight for each in strata)
    if count <= 0:
        raise Invalid({"count": "A standardised rate needs deaths"})
    value = sum(s.weight * s.count / s.population for s in strata) / weights
    variance = sum(s.weight**2 * s.count / s.population**2 for s in strata) / weights**2
    scale = math.sqrt(variance / count)
    lower, upper = (value + scale * (limit - count) for limit in count_limits(count))
    return Estimate(per * value, per * max(lower, 0.0), per * upper)


def published_standardised(
    parts: Sequence[tuple[int | None, float | None, float]], per: int
) -> Estimate:
    """Return a standardised rate as it may be printed, of counts, populations and weights.

    `[c]` where a count is hidden; `[x]` without a population of each age, or below 10 deaths; `[u]`
    below 20.
    """
    if any(count is None for count, _, _ in parts):
        return Estimate(symbol=HIDDEN)
    strata = [Stratum(c, p, w) for c, p, w in parts if c is not None and p is not None]
    count = sum(each.count for each in strata)
    if len(strata) < len(parts) or count < STANDARDISED_BELOW:
        return Estimate(symbol=NOT_AVAILABLE)
    found = standardised_rate(strata, per)
    return replace(found, symbol=UNRELIABLE if count < UNRELIABLE_BELOW else "")


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
