"""How a year's tables read on a page, whether exact or protected: bars, grids and percentages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdop.statistics.contents import percent
from cdop.statistics.counting import measured
from cdop.statistics.definitions import TableDefinition, YearTables
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.rates import HIDDEN, UNRELIABLE, UNRELIABLE_BELOW

Cells = Mapping[tuple[str, tuple[str, ...]], int | None]
_DRAWN = "One bar for each row of the table beside it, as long as its count."
_UNDRAWN = f"{_DRAWN} A count marked {HIDDEN} is confidential and has no bar."


@dataclass(frozen=True)
class Bars:
    """A one-way table and its drawing. Rows: label, count or None, and what is shown."""

    id: str
    title: str
    description: str
    head: tuple[str, str]
    rows: Sequence[tuple[str, float | None, str]]


@dataclass(frozen=True)
class Grid:
    """A two-way table."""

    title: str
    head: list[object]
    rows: list[list[str]]


@dataclass(frozen=True)
class Section:
    """One population: never added to another, nor shown in one table with it."""

    code: str
    title: str
    description: str
    total: str
    bars: list[Bars]
    grids: list[Grid]
    measures: list[str]


def sections(tables: YearTables, cells: Cells, zero: str = "0") -> list[Section]:
    """Return the populations that the tables count, each with its own tables.

    `zero` is what stands for a 0: where counts are rounded it means no more than that they are few.
    """
    found = []
    for population in tables.definitions.populations:
        mine = [t for t in tables.every if t.population == population.code]
        own = [t for t in mine if (t.code, (TOTAL,) * len(t.by)) in cells]
        if not own:
            continue
        codes = {table.code for table in own}
        found.append(
            Section(
                code=population.code,
                title=population.title,
                description=population.description,
                total=shown(cells[own[0].code, (TOTAL,) * len(own[0].by)], zero),
                bars=[bars(tables, t, cells, zero) for t in own if len(t.by) == 1],
                grids=[grid(tables, t, cells, zero) for t in own if len(t.by) == 2],
                measures=[
                    _sentence(m.title, m.of, *measured(cells, m), zero)
                    for m in tables.definitions.measures
                    if m.table in codes
                ],
            )
        )
    return found


def shown(count: int | None, zero: str = "0") -> str:
    """Return what stands in a cell: the count, or the one mark of all that is hidden."""
    return HIDDEN if count is None else str(count) if count else zero


def bars(tables: YearTables, table: TableDefinition, cells: Cells, zero: str = "0") -> Bars:
    """Return a one-way table as it is drawn."""
    (name,) = table.by
    counts = [(label, cells[table.code, (code,)]) for code, label in tables.answers[name]]
    rows = [(label, count, shown(count, zero)) for label, count in counts]
    described = _UNDRAWN if any(row[1] is None for row in rows) else _DRAWN
    return Bars(table.code, table.title, described, (tables.title(name), "Deaths"), rows)


def grid(tables: YearTables, table: TableDefinition, cells: Cells, zero: str = "0") -> Grid:
    """Return a two-way table, totals first."""
    down, across = table.by
    columns = (TOTAL, *tables.codes(across))
    rows = [
        [
            tables.label(down, code),
            *(shown(cells[table.code, (code, column)], zero) for column in columns),
        ]
        for code in (TOTAL, *tables.codes(down))
    ]
    heads: list[object] = [{"text": tables.label(across, c), "numeric": True} for c in columns]
    return Grid(table.title, [tables.title(down), *heads], rows)


def _sentence(
    title: str, of: str, numerator: int | None, denominator: int | None, zero: str
) -> str:
    """Return a percentage in words, with what it is a percentage of."""
    if numerator is None or denominator is None:
        return f"{title}: {HIDDEN}, of {of}"
    if not numerator and zero != "0":
        return f"{title}: {zero} of {shown(denominator, zero)}, of {of}"
    share = f" ({percent(numerator / denominator)}%)" if denominator else ""
    if zero != "0" and denominator < UNRELIABLE_BELOW:
        share = f" {UNRELIABLE}"  # of rounded counts: "5 of 5" may have been 1 of 9
    return f"{title}: {numerator} of {denominator}{share}, of {of}"
