"""The tables of a package as tidy CSV: one row for each number, rows in the order of the lists."""

import csv
import io
from collections.abc import Iterable, Sequence

from cdop.spreadsheets import inert_row
from cdop.statistics.contents import (
    Package,
    decimal,
    keys,
    percent,
    rates,
    released_shares,
    shown,
    symbols,
)
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.gathering import Attendances
from cdop.statistics.year_tables import ALL


def csv_files(package: Package) -> dict[str, str]:
    """Return every CSV file of a package, by its path."""
    return {
        **{f"tables/{t.code}.csv": _table(package, t) for t in package.tables.tables},
        **(_measured(package) if package.tables.definitions.measured else {}),
        **({"tables/attendance.csv": _attended(package)} if package.attendance else {}),
        **{f"codelists/{c.name}.csv": _codelist(package, c.name) for c in package.tables.columns},
        "codelists/population.csv": _populations(package),
        "codelists/symbols.csv": _csv(["code", "label"], symbols(package.tables).items()),
    }


def _measured(package: Package) -> dict[str, str]:
    return {
        "tables/percentages.csv": _percentages(package),
        "tables/rates.csv": _rates(package),
    }


def _table(package: Package, table: TableDefinition) -> str:
    rows = []
    for key in keys(package.tables, table):
        count, symbol = shown(package, (table.code, key))
        words = [
            part
            for name, code in zip(table.by, key, strict=True)
            for part in (code, package.tables.label(name, code))
        ]
        low, high = package.protected.bounds.get((table.code, key), (None, None))
        rows.append(
            [
                package.tables.year,
                str(package.pooled),
                table.population,
                *words,
                _number(count),
                symbol,
                package.marks.get((table.code, key), ""),
                _number(low),
                _number(high),
            ]
        )
    heads = [part for name in table.by for part in (name, f"{name}_label")]
    head = ["year", "years_pooled", "population", *heads, "count", "count_symbol", "marks"]
    return _csv([*head, "lower_bound", "upper_bound"], rows)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _percentages(package: Package) -> str:
    rows = []
    for share in released_shares(package):
        what, found = share.definition, share.estimate
        parts = [_number(share.numerator), _number(share.denominator)]
        if found.value is None:
            parts = ["", ""]
        limits = [percent(each) for each in (found.value, found.lower, found.upper)]
        rows.append(
            [package.tables.year, what.code, what.title, what.of, *parts, *limits, found.symbol]
        )
    head = ["year", "measure", "title", "of", "numerator", "denominator", "percent"]
    return _csv([*head, "percent_lci", "percent_uci", "percent_symbol"], rows)


def _rates(package: Package) -> str:
    rows = []
    for rate in rates(package.tables, package.protected.cells, package.denominators):
        what, under, found = rate.definition, rate.denominator, rate.estimate
        limits = [decimal(each) for each in (found.value, found.lower, found.upper)]
        rows.append(
            [
                package.tables.year,
                what.code,
                what.title,
                what.of,
                str(what.per),
                _number(rate.count),
                _number(under.count if under else None),
                under.edition if under else "",
                *limits,
                found.symbol,
            ]
        )
    head = ["year", "measure", "title", "of", "per", "count", "denominator", "denominator_edition"]
    return _csv([*head, "rate", "rate_lci", "rate_uci", "rate_symbol"], rows)


def _attended(package: Package) -> str:
    found = package.attendance or Attendances(0)
    rows = [
        [package.tables.year, str(package.pooled), *agency, *state, str(count)]
        for *agency, counts in found.agencies
        for state, count in zip(found.states, counts, strict=True)
    ]
    head = ["year", "years_pooled", "agency", "agency_label", "state", "state_label", "meetings"]
    return _csv(head, rows)


def _codelist(package: Package, name: str) -> str:
    return _csv(["code", "label"], [(TOTAL, ALL), *package.tables.answers[name]])


def _populations(package: Package) -> str:
    rows = [(p.code, p.title, p.description) for p in package.tables.definitions.populations]
    return _csv(["code", "label", "description"], rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(map(inert_row, rows))
    return out.getvalue()
