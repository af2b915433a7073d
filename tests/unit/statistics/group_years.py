"""Invented years of a joint case review group as statistics count them, without a register."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from cdop.reference.derive import previous_financial_year
from cdop.statistics.kinds import Counted
from cdop.statistics.records.referrals import COLUMNS, described
from cdop.statistics.year_tables import YearTables, year_tables, years_to

BEFORE, YEAR, AFTER = "2012-13", "2013-14", "2014-15"
NEVER, LONG_AGO = "9999", "2009-10"
BOARDS = ("children", "adults", "community-safety")
Course = tuple[str, str, str, str | None]
"""When a case was referred and its review completed (or never), for whom, and its outcome."""

# The table "Outcome of Referral to JCR" 2013/14; when reviews ended, and the rest, is invented.
HEREFORDSHIRE: Sequence[Course] = [
    *[(YEAR, NEVER, "children", "criteria-not-met")] * 3,
    (YEAR, AFTER, "children", "scr"),
    *[(YEAR, AFTER, "children", "independent-multi-agency")] * 2,
    (YEAR, YEAR, "children", "single-agency"),
    *[(YEAR, AFTER, "adults", "independent-multi-agency")] * 2,
    (YEAR, NEVER, "adults", "criteria-not-met"),
    (YEAR, NEVER, "community-safety", "criteria-not-met"),
    (BEFORE, YEAR, "children", "independent-multi-agency"),
    *[(BEFORE, NEVER, "children", "criteria-not-met")] * 3,
    (BEFORE, BEFORE, "adults", "single-agency"),
    (BEFORE, NEVER, "adults", None),
    (BEFORE, NEVER, "community-safety", "criteria-not-met"),
]


@cache
def tables(year: str) -> YearTables:
    """Return the tables of a group's year."""
    return year_tables(year, counts="referrals")


def counted_in(year: str, courses: Sequence[Course], pooled: int = 1) -> Counted:
    """Return what the register would count of some referrals, each by its number, in a year or in
    several pooled ones that end with it.
    """
    years = years_to(year, pooled)
    rows = {
        str(number): (
            came,
            done if done in years else None,
            board,
            kind,
            _following(came, done) if done in years else None,
        )
        for number, (came, done, board, kind) in enumerate(courses)
        if came in years or done in years
    }
    found = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS), dtype=object)
    return Counted(described(found.rename_axis("id"), year, pooled), tables(year), years)


def _following(came: str, done: str) -> str:
    if came == done:
        return "this-year"
    return "year-before" if previous_financial_year(done) == came else "earlier"


def invented(number: int, seed: int, years: Sequence[str] = (BEFORE, YEAR, AFTER)) -> list[Course]:
    """Return invented referrals of some years and of long before, most of them of children."""
    random = np.random.default_rng(seed)
    found: list[Course] = []
    for _ in range(number):
        came = str(random.choice([*years, LONG_AGO]))
        later = [year for year in years if year >= came]
        done = str(random.choice([*later, NEVER]))
        board = str(random.choice(BOARDS, p=[0.6, 0.3, 0.1]))
        kinds = ["scr", "independent-multi-agency", "single-agency", "", "criteria-not-met"]
        kind = str(random.choice(kinds[: 3 if done == came else 5 if done == NEVER else 4]))
        found.append((came, done, board, kind or None))
    return found
