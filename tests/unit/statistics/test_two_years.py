"""Two years' releases held against each other still hide what each hid: by another's attacker."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import LinearConstraint

from cdop.errors import Refused
from cdop.statistics import protecting
from cdop.statistics.counting import figures
from cdop.statistics.definitions import TableSet
from cdop.statistics.disclosure import PUBLIC, TOTAL, profile
from cdop.statistics.protecting import Protected, protect_year
from cdop.statistics.subjects import DEATHS, SUBJECTS
from cdop.statistics.year_tables import YearTables, table_sets
from tests.unit.statistics.attacking import apart

BEFORE, FIRST, SECOND, AFTER, NEVER = "2012-13", "2013-14", "2014-15", "2015-16", "9999"
ANSWERS = {
    "sex": (("male", "Male"), ("female", "Female")),
    "modifiable": (("yes", "Yes"), ("no", "No")),
    "year_of_death": (("this-year", "This"), ("earlier", "Earlier")),
    "review_state": (("reviewed", "Reviewed"), ("not-reviewed", "Not reviewed")),
}
COLUMNS = [
    *DEATHS.populations,
    *("died_year", "notified_year", "reviewed_year"),
    *("sex", "modifiable", "year_of_death", "review_state"),
]
PARTNER = profile("partner-1to4")
Deaths = Sequence[tuple[str, ...]]
# The first release was built in the second year: whoever it counts was notified by then.
WAYS = [
    (died, notified, reviewed)
    for died, notified in product((BEFORE, FIRST, SECOND), (BEFORE, FIRST, SECOND, AFTER))
    for reviewed in (BEFORE, FIRST, SECOND, NEVER)
    if died <= notified <= reviewed and (notified != AFTER or died == SECOND)
]


def small_tables(year: str) -> YearTables:
    """Return the year's tables that are cut by sex, review and modifiable factors only."""
    whole = table_sets()[-1]
    names = set(ANSWERS)
    content = whole.model_dump()
    content["every"] = [t for t in content["every"] if set(t["by"]) <= names]
    content["every"].append(
        {"code": "notified-by-sex", "title": "t", "population": "notified", "by": ("sex",)}
    )
    content["columns"] = [c for c in content["columns"] if c["name"] in names]
    content["impossible"], content["rates"] = (), ()
    content["measures"] = [m for m in content["measures"] if m["table"] == "reviewed-by-modifiable"]
    return YearTables(year, TableSet.model_validate(content), ANSWERS)


def deaths(number: int, seed: int) -> Deaths:
    """Return invented deaths: years of death, notification and review, sex, modifiable factors."""
    random = np.random.default_rng(seed)
    weights = np.array([6.0 if d == n else 1.0 for d, n, _ in WAYS])
    ways = random.choice(len(WAYS), number, p=weights / weights.sum())
    sexes = random.choice(["male", "female"], number)
    factors = random.choice(["yes", "no"], number, p=[0.35, 0.65])
    return [(*WAYS[w], s, f) for w, s, f in zip(ways, sexes, factors, strict=True)]


def counted_in(year: str, every: Deaths) -> pd.DataFrame:
    """Return what the register would count in a year."""
    rows: list[dict[str, Any]] = []
    for died, notified, reviewed, sex, modifiable in every:
        here = {"died": died == year, "notified": notified == year, "reviewed": reviewed == year}
        if any(here.values()):
            done = here["reviewed"]
            rows.append(
                here
                | {
                    "died_year": died,
                    "notified_year": notified,
                    "reviewed_year": None if reviewed == NEVER else reviewed,
                    "sex": sex,
                    "modifiable": modifiable if done else None,
                    "year_of_death": _if(done, "this-year" if died == year else "earlier"),
                    "review_state": _if(here["died"], "reviewed" if done else "not-reviewed"),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(DEATHS.populations, bool))


def _if(condition: bool, code: str) -> str | None:
    return code if condition else None


class Reader:
    """Somebody with both years' tables: one whole number for each kind of death there can be."""

    def __init__(self, *releases: tuple[str, Protected]) -> None:
        self.kinds = list(product(WAYS, ("male", "female"), ("yes", "no")))
        rows, numbers = [], []
        for year, release in releases:
            for place, shown in release.cells.items():
                if shown is not None:
                    rows.append(self.row(year, place))
                    numbers.append(shown)
        self.known = LinearConstraint(np.array(rows), numbers, numbers) if rows else ()

    def row(self, year: str, place: tuple[str, tuple[str, ...]]) -> list[bool]:
        table, key = place
        population, _, _ = table.partition("-by-")
        column = (
            small_tables(year)
            .tables[[t.code for t in small_tables(year).tables].index(table)]
            .by[0]
        )
        return [
            value(year, *kind, population) == "yes"
            and key[0] in (TOTAL, value(year, *kind, column))
            for kind in self.kinds
        ]

    def width(self, year: str, place: tuple[str, tuple[str, ...]]) -> float:
        return apart(self.row(year, place), self.known)


def value(year: str, way: tuple[str, str, str], sex: str, modifiable: str, column: str) -> str:
    died, notified, reviewed = way
    match column:
        case "died" | "notified" | "reviewed":
            return (
                "yes"
                if {"died": died, "notified": notified, "reviewed": reviewed}[column] == year
                else "no"
            )
        case "sex":
            return sex
        case "modifiable":
            return modifiable
        case "year_of_death":
            return "this-year" if died == year else "earlier"
        case _:
            return "reviewed" if reviewed == year else "not-reviewed"


def narrowest(every: Deaths, *releases: tuple[str, Protected]) -> float:
    """Return the least width of any small count of two releases, read together."""
    reader = Reader(*releases)
    widths = [np.inf]
    for year, release in releases:
        exact = figures(counted_in(year, every), small_tables(year))
        widths += [
            reader.width(year, place)
            for place in release.cells
            if PARTNER.is_small(np.array(exact[place]))
        ]
    return min(widths)


LATE = [
    *[(FIRST, FIRST, NEVER, "male", "no")] * 5,
    *[(FIRST, SECOND, NEVER, "male", "no")] * 3,
    *[(FIRST, FIRST, NEVER, "female", "no")] * 6,
    *[(SECOND, SECOND, NEVER, "female", "no")] * 2,
]
"""8 boys died in the first year, 5 were notified in it: 3 of the second year's 5 must be boys."""


@pytest.mark.parametrize("every", [LATE, deaths(14, 1), deaths(30, 9), deaths(50, 29)])
def test_two_years_together_hide_what_each_hides(every: Deaths) -> None:
    releases = [
        (year, protect_year(counted_in(year, every), small_tables(year), PARTNER))
        for year in (FIRST, SECOND)
    ]
    assert narrowest(every, *releases) >= PARTNER.width


def test_years_that_are_safe_apart_need_not_be_so_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Why the attacker of other years is there: against the public alone a count is too narrow."""
    nobody = replace(DEATHS, twice=lambda member: np.zeros(len(member), dtype=bool))
    monkeypatch.setitem(SUBJECTS, "deaths", nobody)
    monkeypatch.setattr(protecting, "readers", lambda *_: (PUBLIC,))
    monkeypatch.setattr(protecting, "families", lambda _: ())
    releases = [
        (year, protect_year(counted_in(year, LATE), small_tables(year), PARTNER))
        for year in (FIRST, SECOND)
    ]
    for release in releases:
        assert narrowest(LATE, release) >= PARTNER.width
    assert narrowest(LATE, *releases) < PARTNER.width


def test_years_out_of_order_are_refused() -> None:
    records = counted_in(FIRST, deaths(30, 2))
    records.loc[0, "notified_year"] = "2001-02"
    with pytest.raises(Refused):
        protect_year(records, small_tables(FIRST), PARTNER)
