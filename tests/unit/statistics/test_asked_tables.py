"""A table asked for by itself goes through the same gate: held against what went out before.

The attacker is that of `test_two_years`: one whole number for each kind of death there can be.
"""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import LinearConstraint

from cdop.errors import Invalid
from cdop.statistics.asked import Asked, asked_table, with_asked
from cdop.statistics.counting import figures
from cdop.statistics.disclosure import TOTAL, profile
from cdop.statistics.kinds import Counted
from cdop.statistics.linking import Told
from cdop.statistics.protecting import Protected, Wish, protect_release
from cdop.statistics.year_tables import YearTables, table_sets, year_tables
from tests.unit.statistics.attacking import apart
from tests.unit.statistics.test_two_years import (
    FIRST,
    LATE,
    NEVER,
    SECOND,
    Deaths,
    Reader,
    counted_in,
    deaths,
    small_tables,
    value,
)

CODE = "died-by-sex-review-state"
CROSSED = Asked("reviewed", ("sex", "modifiable"))
PARTNER = profile("partner-1to4")
Out = tuple[str, YearTables, Protected]
Place = tuple[str, tuple[str, ...]]


def counted(year: str, every: Deaths, *asked: Asked) -> Counted:
    return Counted(counted_in(year, every), with_asked(small_tables(year), asked), (year,))


def row(year: str, tables: YearTables, place: Place) -> list[bool]:
    table = next(each for each in tables.every if each.code == place[0])
    return [
        value(year, *kind, table.population) == "yes"
        and all(
            code in (TOTAL, value(year, *kind, name))
            for name, code in zip(table.by, place[1], strict=True)
        )
        for kind in Reader().kinds
    ]


def width(out: Sequence[Out], year: str, tables: YearTables, place: Place) -> float:
    """Return how far apart a count may still lie for whoever has all that went out."""
    told = [
        (row(of, theirs, each), shown)
        for of, theirs, release in out
        for each, shown in release.cells.items()
        if shown is not None
    ]
    numbers = [shown for _, shown in told]
    known = LinearConstraint(np.array([line for line, _ in told]), numbers, numbers)
    return apart(row(year, tables, place), known)


def narrowest(out: Sequence[Out], year: str, of: Counted) -> float:
    exact = figures(of.records, of.tables)
    small = [place for place, count in exact.items() if 1 <= count <= 4]
    return min((width(out, year, of.tables, place) for place in small), default=np.inf)


def test_with_the_years_tables_beside_it_no_small_count_of_it_is_found() -> None:
    every = deaths(60, 3)
    annual, asked = counted(FIRST, every), counted(FIRST, every, CROSSED)
    before = protect_release(annual, PARTNER, Wish())
    told = Told("annual", annual, before.bounds)
    after = protect_release(asked, PARTNER, Wish(before=[told]))
    assert set(after.cells) == set(figures(asked.records, asked.tables))
    assert "ledger" in after.attackers
    out = [(FIRST, annual.tables, before), (FIRST, asked.tables, after)]
    assert narrowest(out, FIRST, asked) >= PARTNER.width
    assert narrowest(out, FIRST, annual) >= PARTNER.width


def test_one_who_came_late_is_not_given_away_by_another_table() -> None:
    """Known to nothing before it, a table with another total than the year's tells of the one."""
    every: Deaths = [
        (FIRST, FIRST, FIRST, sex, f) for sex in ("male", "female") for f in ("yes", "no")
    ] * 8
    annual = counted(FIRST, every)
    after_all = [*every, (FIRST, SECOND, NEVER, "female", "no")]
    asked = counted(FIRST, after_all, Asked("died", ("sex", "review_state")))
    before = protect_release(annual, PARTNER, Wish())
    differ = []
    for known in ([], [Told("annual", annual, before.bounds)]):
        after = protect_release(asked, PARTNER, Wish(before=known))
        printed = {
            sex: (before.cells["died-by-sex", (sex,)], after.cells[CODE, (sex, TOTAL)])
            for sex in ("female", TOTAL)
        }
        differ.append([sex for sex, both in printed.items() if None not in both])
    assert differ == [["female", TOTAL], []]


def test_it_needs_no_table_of_another_population_to_be_safe_beside_another_year() -> None:
    """Who died in one year and was notified in another is known from the other year's release."""
    every: Deaths = LATE
    asked = counted(FIRST, every, Asked("died", ("review_state", "sex")))
    release = protect_release(asked, PARTNER, Wish())
    assert {place[0] for place in release.cells} == {"died-by-review-state-sex"}
    other = counted(SECOND, every)
    beside = protect_release(other, PARTNER, Wish())
    out = [(FIRST, asked.tables, release), (SECOND, other.tables, beside)]
    assert narrowest(out, FIRST, asked) >= PARTNER.width
    assert narrowest(out, SECOND, other) >= PARTNER.width


def test_the_years_own_definition_is_taken_where_there_is_one() -> None:
    definitions = year_tables("2013-14").definitions
    own = asked_table(definitions, Asked("reviewed", ("place",)))
    assert (own.code, own.internal) == ("reviewed-by-place", False)
    tables = with_asked(year_tables("2013-14"), [Asked("reviewed", ("place", "sex"))])
    assert [table.code for table in tables.tables] == ["reviewed-by-place-sex"]
    assert [p.code for p in tables.populations] == ["reviewed"]


@pytest.mark.parametrize(
    ("population", "by", "field"),
    [
        ("everyone", ("sex",), "population"),
        ("died", ("names",), "by"),
        ("died", ("category",), "by"),
        ("died", (), "by"),
        ("died", ("sex", "sex"), "by"),
        ("died", ("sex", "place", "age_band"), "by"),
    ],
)
def test_a_table_that_cannot_be_names_the_fault(
    population: str, by: tuple[str, ...], field: str
) -> None:
    with pytest.raises(Invalid) as raised:
        asked_table(table_sets()[-1], Asked(population, by))
    assert list(raised.value.fields) == [field]


def test_a_table_is_asked_for_once() -> None:
    with pytest.raises(Invalid, match="twice"):
        with_asked(year_tables("2013-14"), [CROSSED, CROSSED])
