"""A panel as large as a country, year after year, as its statistics count it."""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from cdop.reference.derive import financial_year, previous_financial_year
from cdop.statistics.counting import described
from cdop.statistics.definitions import ColumnDefinition, YearTables, year_tables
from cdop.statistics.kinds import Counted

FIRST = 2015
SKEW = 2.0  # the n-th answer of a list is given 1 / n ** SKEW times as often as the first
LATE = 0.05  # of the deaths, how many are notified in the year after
SOON = 0.3  # of the reviews, how many are of deaths of the same year
SPARE = 14  # times as many are drawn as are kept: what no panel could have answered is left out
Texts = npt.NDArray[np.object_]


def years(number: int, reviews: int, seed: int) -> Iterator[Counted]:
    """Return what each of some years counts, with so many reviews, all invented.

    As many die as are reviewed; no record contradicts what any reader takes to be impossible.
    """
    for each in range(number):
        random = np.random.default_rng((seed, each))
        year = financial_year(date(FIRST + each, 4, 1))
        tables = year_tables(year)
        drawn = described(_drawn(year, tables, reviews * SPARE, random), year)
        possible = drawn[~_contradicts(drawn, tables)]
        done = possible[possible.reviewed].head(reviews)
        waiting = possible[~possible.reviewed].head(reviews - int(done.died.sum()))
        yield Counted(pd.concat([done, waiting]), tables, (year,))


def _drawn(year: str, tables: YearTables, size: int, random: np.random.Generator) -> pd.DataFrame:
    reviewed, late = random.random(size) < 0.9, random.random(size) < LATE
    earlier = reviewed & (random.random(size) > SOON)
    before = previous_financial_year(year)
    after = financial_year(date(int(year[:4]) + 1, 4, 1))
    known = {
        "died_year": np.where(earlier, before, year),
        "notified_year": np.where(earlier & ~late, before, np.where(late & ~reviewed, after, year)),
        "reviewed_year": np.where(reviewed, year, None),
    }
    used = {name for table in tables.tables for name in table.by}
    for column in tables.definitions.columns:
        if column.name in used and not column.domains and column.reads not in known:
            known[column.reads] = _answers(column, tables, size, random)
    domains = [c.domains[-1] for c in tables.definitions.columns if c.domains and c.name in used]
    known["factors"] = _factors(domains, size, random)
    return pd.DataFrame(known, dtype=object)


def _answers(
    column: ColumnDefinition, tables: YearTables, size: int, random: np.random.Generator
) -> Texts:
    """Return answers of a list, the later ones of it rare."""
    offered: list[str | None] = [fine for item in column.items for fine in item.of]
    if not offered:
        open_ = column.unanswered.code if column.unanswered else ""
        offered = [None if code == open_ else code for code in tables.codes(column.name)]
    shares = 1.0 / np.arange(1, len(offered) + 1) ** SKEW
    chosen = random.choice(len(offered), size, p=shares / shares.sum())
    return np.array(offered, dtype=object)[chosen]


def _factors(domains: list[str], size: int, random: np.random.Generator) -> Texts:
    """Return in which domains a review found factors, such as "A* D"."""
    marks = random.choice(["", "{} ", "{}* "], (len(domains), size), p=[0.7, 0.2, 0.1])
    parts = [[mark.format(d) for mark in row] for d, row in zip(domains, marks, strict=True)]
    texts = ["".join(one).strip() for one in zip(*parts, strict=True)]
    return np.array(texts, dtype=object)


def _contradicts(records: pd.DataFrame, tables: YearTables) -> npt.NDArray[np.bool_]:
    """Tell which reviews hold what the tables' readers take to be impossible."""
    found = np.zeros(len(records), dtype=bool)
    for rule in tables.definitions.impossible:
        found |= _fits(records, rule)
    return found & records.reviewed.to_numpy(dtype=bool)


def _fits(records: pd.DataFrame, rule: Mapping[str, tuple[str, ...]]) -> npt.NDArray[np.bool_]:
    if not set(rule) <= set(records.columns):
        return np.zeros(len(records), dtype=bool)
    inside = [records[name].isin(codes).to_numpy() for name, codes in rule.items()]
    return np.logical_and.reduce(inside)
