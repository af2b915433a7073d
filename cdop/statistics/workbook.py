"""The tables of a package as an accessible workbook (gptables, after the government's guidance)."""

import io
import unicodedata
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from cdop.statistics.contents import (
    Package,
    decimal,
    percent,
    rates,
    released_shares,
    shown,
    symbols,
    told_of_all,
)
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.explaining import what_was_done

_FORMULA = frozenset("=+-@|%")
_PLAIN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_NEVER = datetime(1980, 1, 1, tzinfo=UTC)

Cell = str | int | float


def workbook(package: Package) -> bytes:
    """Return the workbook, the same bytes whenever it is written."""
    import gptables  # type: ignore[import-untyped]  # heavy, and only files need it

    sheets = {}
    for number, table in enumerate(package.tables.tables, 1):
        head, rows = _grid(package, table)
        title = " ".join([f"{table.title}, {package.period}", *told_of_all(package, table)])
        first = "The first row is the total."
        sheets[str(number)] = _sheet(gptables, package, table.code, title, head, rows, first)
    for name, title, (head, rows) in (
        ("Percentages", "Percentages with 95% intervals", _shares(package)),
        ("Rates", "Rates with 95% intervals", _rates(package)),
    ):
        if rows:
            first = "Each row is a measure by itself."
            sheets[name] = _sheet(gptables, package, name.lower(), title, head, rows, first)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No note text provided")  # the cover explains symbols
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # its use of pandas
        book = gptables.produce_workbook(
            out,
            sheets,
            cover=gptables.Cover(
                title=neutral(package.title),
                intro=list(map(neutral, what_was_done(package))),
                about=[
                    "Symbols:",
                    *(f"{symbol}: {words}" for symbol, words in symbols(package.tables).items()),
                ],
                contact=["Publisher:", neutral(package.name)],
            ),
            workbook_options=_PLAIN,
        )
    book.set_properties({"title": neutral(package.title), "created": _NEVER})
    book.close()
    return out.getvalue()


def neutral(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, blanks before it or not."""
    seen = (sign for sign in text if not sign.isspace() and unicodedata.category(sign)[0] != "C")
    return f"'{text}" if next(seen, "") in _FORMULA else text


def _sheet(
    gptables: object,
    package: Package,
    name: str,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    first: str,
) -> object:
    frame = pd.DataFrame(
        [[neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows],
        columns=[neutral(each) for each in head],
        dtype=object,
    )
    used = {cell for row in rows for cell in row if isinstance(cell, str)}
    seen = {part for cell in [title, *used] for part in cell.split()}
    legend = [
        f"{symbol}: {words}" for symbol, words in symbols(package.tables).items() if symbol in seen
    ]
    return gptables.GPTable(  # type: ignore[attr-defined]
        table=frame,
        table_name=name.replace("-", "_"),
        title=neutral(title),
        subtitles=[neutral(package.name)],
        instructions=f"This worksheet contains one table. {first}",
        legend=legend,
        source=f"Tables: {package.tables.definitions.source}",
        index_columns={},
    )


def _grid(package: Package, table: TableDefinition) -> tuple[list[str], list[list[Cell]]]:
    tables = package.tables
    down, *across = table.by
    columns = [(TOTAL, *tables.codes(name)) for name in across]
    keys = [(code,) for code in columns[0]] if across else [()]
    head = [tables.title(down)]
    head += [tables.label(across[0], code) for (code,) in keys] if across else [tables.unit(table)]  # type: ignore[misc]
    rows: list[list[Cell]] = [
        [tables.label(down, code), *(_cell(package, table, (code, *key)) for key in keys)]
        for code in (TOTAL, *tables.codes(down))
    ]
    return head, rows


def _cell(package: Package, table: TableDefinition, key: tuple[str, ...]) -> Cell:
    place = (table.code, key)
    count, symbol = shown(package, place)
    marks = set(package.marks.get(place, "").split()) - set(told_of_all(package, table))
    if count is None or symbol or not marks:
        return symbol if symbol or count is None else count
    return " ".join([f"{count:,}", *sorted(marks)])


def _shares(package: Package) -> tuple[list[str], list[list[Cell]]]:
    head = ["Measure", "Of", "Numerator", "Denominator", "Percent", "Lower limit", "Upper limit"]
    rows: list[list[Cell]] = []
    for share in released_shares(package):
        found, what = share.estimate, share.definition
        parts: list[Cell] = [
            found.symbol if found.value is None or each is None else each
            for each in (share.numerator, share.denominator)
        ]
        limits = [percent(each) or found.symbol for each in (found.value, found.lower, found.upper)]
        rows.append([what.title, what.of, *parts, *map(_numeric, limits)])
    return head, rows


def _rates(package: Package) -> tuple[list[str], list[list[Cell]]]:
    head = ["Measure", "For each", "Deaths", "Population or births", "Source edition"]
    rows: list[list[Cell]] = []
    for rate in rates(package.tables, package.protected.cells, package.denominators):
        found, under = rate.estimate, rate.denominator
        limits = [decimal(each) or found.symbol for each in (found.value, found.lower, found.upper)]
        rows.append(
            [
                rate.definition.title,
                rate.definition.of,
                rate.count if rate.count is not None else "[c]",
                under.count if under else "[x]",
                under.edition if under else "[x]",
                *map(_numeric, limits),
                "[u]" if found.value is not None and found.symbol else "none",
            ]
        )
    return [*head, "Rate", "Lower limit", "Upper limit", "Flag"], rows


def _numeric(text: str) -> Cell:
    return text if text.startswith("[") else float(text)
