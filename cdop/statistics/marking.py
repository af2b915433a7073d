"""What is said of a count besides its number: provisional, revised, or a break in its series.

A mark follows from dates, definitions and printed numbers alone: it tells nothing of a hidden one.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from cdop.errors import Invalid
from cdop.reference.derive import previous_financial_year
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.year_tables import YearTables, year_days, year_tables

PROVISIONAL, REVISED, BREAK = "[p]", "[r]", "[b]"
MARKS = {
    PROVISIONAL: "Provisional: deaths of the year may still be notified",
    REVISED: "Revised: another number than in the edition before",
    BREAK: "Break in series: asked otherwise than in the year before, so not to be compared",
}

Cells = Mapping[tuple[str, tuple[str, ...]], int | None]


def marks(
    tables: YearTables, years: tuple[str, ...], drafted_on: date, cells: Cells, before: Cells
) -> dict[tuple[str, tuple[str, ...]], str]:
    """Return the marks of each cell that has any, such as "[p] [b]".

    `years` are those counted, in order; `before` is what the edition before printed.
    """
    whole = {
        table.code: [
            *([PROVISIONAL] if _is_provisional(tables, table, drafted_on) else []),
            *([BREAK] if _is_broken(tables, table, years[0]) else []),
        ]
        for table in tables.tables
    }
    found = {}
    for place, number in cells.items():
        earlier = before.get(place)
        revised = number is not None and earlier is not None and number != earlier
        if of := [*whole[place[0]], *([REVISED] if revised else [])]:
            found[place] = " ".join(of)
    return found


def _is_provisional(tables: YearTables, table: TableDefinition, drafted_on: date) -> bool:
    _, last = year_days(tables.year)
    days = next(
        p.provisional_days for p in tables.definitions.populations if p.code == table.population
    )
    return drafted_on <= last + timedelta(days=days)


def _is_broken(tables: YearTables, table: TableDefinition, first: str) -> bool:
    """Tell whether the year before the first one asked otherwise, or in other words."""
    try:
        before = year_tables(previous_financial_year(first), counts=tables.definitions.counts)
    except Invalid:
        return False  # no year is before the first
    same = next((each for each in before.every if each.code == table.code), None)
    if same is None:
        return False
    now = year_tables(first, tables.definitions.edition)
    return same.by != table.by or any(before.answers[n] != now.answers[n] for n in table.by)
