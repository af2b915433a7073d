"""The report of a release: what its package shows, in words, charts and tables, and no more."""

from collections.abc import Sequence

from cdop.statistics.contents import (
    Package,
    Rate,
    Share,
    decimal,
    percent,
    rates,
    released_shares,
    said,
    symbols,
)
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.drawing import charts, number
from cdop.statistics.explaining import what_was_done
from cdop.statistics.gathering import Attendances
from cdop.statistics.rates import HIDDEN
from cdop.statistics.report.outcomes import outcome_part
from cdop.statistics.report.values import Grid, Part, Report

HOW = (
    "Each percentage says what it is a share of; its interval is of 95% by Wilson's method. Rates "
    "are crude unless said to be standardised, with 95% intervals: exact Poisson below 10 deaths, "
    "Byar's method from 10; of directly standardised ones Dobson's method."
)


def released_report(package: Package) -> Report:
    """Return the report of a release."""
    tables, measured = package.tables, _measured(package)
    parts = [
        Part("In short", _in_short(package)),
        *([Part("Note", package.note.splitlines())] if package.note else []),
        *outcome_part(package),
        *(_population(package, p.code, p.title, p.description) for p in tables.populations),
        *([Part("Percentages and rates", [HOW], grids=measured)] if measured else []),
        *attendance_part(package.attendance),
        Part("How the figures were protected", what_was_done(package), grids=[_symbols(package)]),
        Part("About the tables", [f"Tables: {tables.definitions.source}.", *_sources(package)]),
    ]
    return Report(package.subject, f"{package.name}, {package.period}", "", parts)


def _in_short(package: Package) -> list[str]:
    said = [f"{p.title}: {_total(package, p.code)}." for p in package.tables.populations]
    if package.pooled > 1:
        said.append(
            f"{package.pooled} years are counted together: “in the year” means in any of them."
        )
    if len(package.tables.populations) > 1:
        overlap = package.tables.definitions.subject.words.overlap
        said.append(f"These overlap and are not added up: {overlap}.")
    for share in released_shares(package):
        if share.estimate.value is not None:
            what = f"{share.definition.title}, of {share.definition.of}"
            parts = f"{share.numerator} of {share.denominator}"
            said.append(f"{what}: {parts} ({percent(share.estimate.value)}%).")
    return said


def _total(package: Package, population: str) -> str:
    table = package.tables.of(population)[0]
    return text(package, table, (TOTAL,) * len(table.by))


def text(package: Package, table: TableDefinition, key: tuple[str, ...]) -> str:
    """Return what stands in a cell: the count, its symbol, its marks."""
    return said(package, (table.code, key))


def _population(package: Package, code: str, title: str, description: str) -> Part:
    own = {table.code for table in package.tables.of(code)}
    grids = [_grid(package, t) for t in package.tables.of(code) if len(t.by) == 2]
    return Part(title, [description], [c for c in charts(package) if c.id in own], grids)


def _grid(package: Package, table: TableDefinition) -> Grid:
    down, across = table.by
    columns = (TOTAL, *package.tables.codes(across))
    head = [package.tables.title(down), *(package.tables.label(across, c) for c in columns)]
    rows = [
        [package.tables.label(down, code), *(text(package, table, (code, c)) for c in columns)]
        for code in (TOTAL, *package.tables.codes(down))
    ]
    return Grid(table.title, head, rows)


def _measured(package: Package) -> list[Grid]:
    tables, cells = package.tables, package.protected.cells
    grids = [
        share_grid(released_shares(package)),
        rate_grid(rates(tables, cells, package.denominators)),
    ]
    return [each for each in grids if each.rows]


def attendance_part(found: Attendances | None) -> list[Part]:
    """Return who attended the panel's meetings, if anybody did."""
    if found is None or not found.agencies:
        return []
    head = ["Agency", *(label for _, label in found.states)]
    rows = [[label, *map(str, counts)] for _, label, counts in found.agencies]
    said = f"Meetings held: {found.meetings}. Counts of professionals in office are not protected."
    return [Part("Attendance", [said], grids=[Grid("Attendance by agency", head, rows)])]


def share_grid(found: Sequence[Share]) -> Grid:
    """Return percentages as a table to read."""
    rows = []
    for share in found:
        of, value = share.estimate, share.estimate.value is not None
        parts = f"{share.numerator} of {share.denominator}" if value else of.symbol
        limits = f"{percent(of.lower)} to {percent(of.upper)}" if value else of.symbol
        what = f"{share.definition.title}, of {share.definition.of}"
        rows.append([what, parts, _with(percent(of.value), "%", of.symbol), limits])
    return Grid("Percentages", ["Measure", "Count", "Percentage", "95% interval"], rows)


def rate_grid(found: Sequence[Rate]) -> Grid:
    """Return rates as a table to read."""
    rows = []
    for rate in found:
        of = rate.estimate
        limits = (
            f"{decimal(of.lower)} to {decimal(of.upper)}" if of.value is not None else of.symbol
        )
        what = f"{rate.definition.title}, for {rate.definition.of}"
        rows.append(
            [what, number(rate.count) or HIDDEN, _with(decimal(of.value), "", of.symbol), limits]
        )
    return Grid("Rates", ["Measure", "Deaths", "Rate", "95% interval"], rows)


def _with(value: str, unit: str, symbol: str) -> str:
    return " ".join(filter(None, [value + unit if value else "", symbol]))


def _symbols(package: Package) -> Grid:
    rows = [list(each) for each in symbols(package.tables).items()]
    return Grid("Symbols", ["Symbol", "Meaning"], rows, words=True)


def _sources(package: Package) -> list[str]:
    named = {f"{d.source} ({d.edition})" for d in package.denominators.values()}
    return [f"Populations and births: {'; '.join(sorted(named))}."] if named else []
