"""Values derived from exact dates and postcodes: the only form in which statistics see them.

Pure functions. Keep `RULE_EDITION` with every value derived here, so that a later rule never
silently changes an old table. Dates are days in England; the rules are project inferences from the
national return's bands unless a docstring names a source.
"""

from collections.abc import Mapping
from datetime import date

RULE_EDITION = "2026-1"
"""Names the rules of this module as they stand; change it when an answer of theirs changes."""

AGE_BANDS = (
    "0-27-days",
    "28-364-days",
    "1-4-years",
    "5-9-years",
    "10-14-years",
    "15-17-years",
)
NOT_KNOWN = "not-known"


def birthday(birth: date, years: int) -> date:
    """Return the day a person turns `years`; born on 29 February, 1 March in a common year."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 3, 1)


def age_in_days(birth: date, death: date) -> int:
    """Return the completed days from birth to death. Raises `ValueError` if death comes first."""
    if death < birth:
        raise ValueError("Death is before birth.")
    return (death - birth).days


def age_in_years(birth: date, day: date) -> int:
    """Return the birthdays reached by `day`. Raises `ValueError` if `day` is before birth."""
    age_in_days(birth, day)
    years = day.year - birth.year
    return years if birthday(birth, years) <= day else years - 1


def is_in_scope(birth: date, death: date) -> bool:
    """Say whether a live-born child died before the eighteenth birthday (17 years 364 days)."""
    return birth <= death < birthday(birth, 18)


def age_band(birth: date, death: date) -> str:
    """Return one of `AGE_BANDS`. Raises `ValueError` for a death out of scope.

    Under 28 completed days is the first band; after that birthdays decide, not multiples of 365, so
    a child of 365 days who was born before a leap day is still under one.
    """
    if not is_in_scope(birth, death):
        raise ValueError("The death is before birth, or on or after the eighteenth birthday.")
    if age_in_days(birth, death) < 28:
        return AGE_BANDS[0]
    years = age_in_years(birth, death)
    return AGE_BANDS[sum(years >= first for first in (1, 5, 10, 15)) + 1]


def infant_stage(birth: date, death: date) -> str:
    """Return "early-neonatal" (0-6 days), "late-neonatal" (7-27), "post-neonatal", or "child"."""
    days = age_in_days(birth, death)
    if days < 7:
        return "early-neonatal"
    if days < 28:
        return "late-neonatal"
    return "post-neonatal" if age_in_years(birth, death) < 1 else "child"


def is_neonatal(birth: date, death: date) -> bool:
    """Say whether the child died within the first 28 days (0-27 completed days)."""
    return age_in_days(birth, death) < 28


def is_infant(birth: date, death: date) -> bool:
    """Say whether the child died before the first birthday."""
    return age_in_years(birth, death) < 1


def gestation_band(weeks: int | None) -> str:
    """Return the reporting band of a gestation in completed weeks, "not-known" for None."""
    if weeks is None:
        return NOT_KNOWN
    if not 10 <= weeks <= 46:
        raise ValueError("Gestation lies between 10 and 46 weeks.")
    bands = ("under-22", "22-23", "24-27", "28-31", "32-36", "37-and-over")
    return bands[sum(weeks >= first for first in (22, 24, 28, 32, 37))]


def review_duration_band(death: date, completed: date) -> str:
    """Return the national return's band of completed months from death to the review's end."""
    if completed < death:
        raise ValueError("The review ends before the death.")
    months = (completed.year - death.year) * 12 + completed.month - death.month
    months -= completed.day < death.day
    bands = ("under-6", "6-7", "8-9", "10-11", "12", "over-12")
    return bands[sum(months >= first for first in (6, 8, 10, 12, 13))]


def reviewed_within_year(death: date, completed: date) -> bool:
    """Say whether a review ended within twelve months of the death (the national measure)."""
    return completed <= birthday(death, 1)


def financial_year(day: date) -> str:
    """Return the year from 1 April to 31 March that holds `day`, such as "2013-14"."""
    first = day.year if day >= date(day.year, 4, 1) else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def financial_year_days(year: str) -> tuple[date, date]:
    """Return the first and last day of "2013-14". Raises `ValueError` unless so written."""
    head, dash, tail = year.partition("-")
    if not (head.isascii() and head.isdecimal() and len(head) == 4 and dash):
        raise ValueError("Write a financial year as 2013-14.")
    first = date(int(head), 4, 1)
    if financial_year(first) != f"{head}-{tail}":
        raise ValueError("Write a financial year as 2013-14.")
    return first, date(first.year + 1, 3, 31)


def previous_financial_year(year: str) -> str:
    """Return the financial year before. Raises `ValueError`."""
    first, _ = financial_year_days(year)
    return financial_year(date(first.year - 1, 4, 1))


def long_financial_year(year: str) -> str:
    """Return "2012-2013" for "2012-13". Raises `ValueError`."""
    first, last = financial_year_days(year)
    return f"{first.year}-{last.year}"


def deprivation_quintile(postcode: str, lookup: Mapping[str, str]) -> str:
    """Return "1" (most deprived fifth of areas) to "5", or "not-known".

    `lookup` maps postcode sectors ("ZZ1 1") to quintiles; see `reference.deprivation`.
    """
    compact = "".join(postcode.split()).upper()
    return lookup.get(f"{compact[:-3]} {compact[-3:-2]}", NOT_KNOWN)
