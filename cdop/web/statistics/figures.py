"""How a year's tables read on a page, whether exact or protected: bars, grids and percentages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cdop.statistics.contents import SYMBOLS, percent
from cdop.statistics.counting import measured
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.rates import HIDDEN, UNRELIABLE, UNRELIABLE_BELOW
from cdop.statistics.year_tables import YearTables

Place = tuple[str, tuple[str, ...]]
Cells = Mapping[Place, int | None]
Marks = Mapping[Place, str]
NO_MARKS: Marks = {}
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
class Opened:
    """A table that opens on demand; `kept` says how many of its counts there are, and are shown."""

    code: str
    title: str
    kept: str
    bars: Bars | None = None
    grid: Grid | None = None


@dataclass(frozen=True)
class Section:
    """One population: never added to another, nor shown in one table with it."""

    code: str
    title: str
    description: str
    total: str
    tables: list[Opened]
    measures: list[str]


def sections(
    tables: YearTables, cells: Cells, zero: str = "0", marks: Marks = NO_MARKS
) -> list[Section]:
    """Return the populations that the tables count, each with its own tables.

    `zero` is what stands for a 0: where counts are rounded it means no more than that they are few.
    `marks` are those of `cdop.statistics.marking`, printed beside the count.
    """
    text = Printed(cells, zero, marks)
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
                total=text.of((own[0].code, (TOTAL,) * len(own[0].by))),
                tables=[_opened(tables, t, text) for t in own],
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


@dataclass(frozen=True)
class Printed:
    """What is printed of each cell: the count or its symbol, and its marks."""

    cells: Cells
    zero: str = "0"
    marks: Marks = field(default_factory=dict)

    def of(self, place: Place) -> str:
        """Return what stands in a cell."""
        said = shown(self.cells[place], self.zero)
        return f"{said} {self.marks[place]}" if place in self.marks else said


def key_to(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the symbols that stand in some texts, with their meaning."""
    said = {word.strip(":,.") for text in texts for word in text.split()}
    return [(symbol, words) for symbol, words in SYMBOLS.items() if symbol in said]


def bars(tables: YearTables, table: TableDefinition, text: Printed) -> Bars:
    """Return a one-way table as it is drawn."""
    (name,) = table.by
    places = [(label, (table.code, (code,))) for code, label in tables.answers[name]]
    rows = [(label, text.cells[place], text.of(place)) for label, place in places]
    described = _UNDRAWN if any(row[1] is None for row in rows) else _DRAWN
    return Bars(table.code, table.title, described, (tables.title(name), tables.unit(table)), rows)


def grid(tables: YearTables, table: TableDefinition, text: Printed) -> Grid:
    """Return a two-way table, totals first."""
    down, across = table.by
    columns = (TOTAL, *tables.codes(across))
    rows = [
        [
            tables.label(down, code),
            *(text.of((table.code, (code, column))) for column in columns),
        ]
        for code in (TOTAL, *tables.codes(down))
    ]
    heads: list[object] = [{"text": tables.label(across, c), "numeric": True} for c in columns]
    return Grid(table.title, [tables.title(down), *heads], rows)


def _opened(tables: YearTables, table: TableDefinition, text: Printed) -> Opened:
    if len(table.by) == 1:
        drawn = bars(tables, table, text)
        kept = _kept([count for _, count, _ in drawn.rows])
        return Opened(table.code, table.title, kept, bars=drawn)
    counts = [count for (code, _), count in text.cells.items() if code == table.code]
    return Opened(table.code, table.title, _kept(counts), grid=grid(tables, table, text))


def _kept(counts: Sequence[float | None]) -> str:
    hidden = sum(count is None for count in counts)
    if not hidden:
        return f"{len(counts)} counts"
    return f"{len(counts)} counts, {hidden} of them hidden"


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
