"""Reading a file of figures: a CSV table below lines that say what it is. Pure functions.

    # kind: population
    # edition: mid-2013
    # title: Mid-2013 population estimates
    # source: Office for National Statistics, 26 June 2014
    # published: 2014-06-26
    # valid_from: 2013-04-01
    area,year,age_band,count
    herefordshire-area,2013-14,under-1-year,1800
    …

Each fault names its row of the file, the first line being row 1.
"""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from pydantic import Field, ValidationError

from cdop.errors import Invalid
from cdop.reference import codelist
from cdop.reference.derive import financial_year_days
from cdop.reference.loading import Dated

POPULATION, LIVE_BIRTHS, DEPRIVATION = "population", "live-births", "deprivation"
UNDER_ONE = "under-1-year"
AGES = (UNDER_ONE, "1-4-years", "5-9-years", "10-14-years", "15-17-years")
SEXES = ("male", "female")
QUINTILES = ("1", "2", "3", "4", "5")
CUTS = ("age_band", "sex", "ethnic_group", "deprivation")
LAYOUTS = {
    POPULATION: (("area", "year"), CUTS, "count"),
    LIVE_BIRTHS: (("area", "year"), CUTS[1:], "count"),
    DEPRIVATION: (("sector",), (), "quintile"),
}
"""By kind: columns that identify a row, columns it may be cut by, and the column of its value."""

MOST_FAULTS = 20
MOST = 100_000_000

Row = dict[str, str]


class Heading(Dated):
    """What a file says of itself, in the lines that begin with `#`."""

    kind: str
    edition: str = Field(min_length=1)
    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    published: date


@dataclass(frozen=True)
class Figures:
    """A file as read: its heading, and rows of text in the order of `columns`."""

    heading: Heading
    columns: tuple[str, ...]
    rows: list[list[str]]

    def content(self) -> dict[str, Any]:
        """Return what the register keeps of the rows."""
        return {"columns": list(self.columns), "rows": self.rows}


def read_figures(text: str, areas: Collection[str]) -> Figures:
    """Read and check a file about some of `areas` (slugs).

    Raises Invalid: for its heading, or naming rows and reasons.
    """
    lines = text.lstrip("\ufeff").splitlines()
    heads = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    heading = _heading(lines[:heads])
    numbered = [(n, row) for n, row in enumerate(csv.reader(lines[heads:]), heads + 1) if row]
    if len(numbered) < 2:
        raise Invalid({"rows": "The file has no rows of figures"})
    columns = _columns(numbered[0][1], heading.kind)
    faults: list[str] = []
    rows: dict[tuple[str, ...], tuple[int, Row]] = {}
    for number, cells in numbered[1:]:
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        reason = _fault(row, len(cells), columns, heading.kind)
        if not reason and row.get("area", "") not in {"", *areas}:
            reason = "its area is none of this register"
        key = tuple(row.get(name, "") for name in columns[:-1])
        if not reason and key in rows:
            reason = f"it says again what row {rows[key][0]} says"
        if reason:
            faults.append(f"Row {number}: {reason}")
        rows.setdefault(key, (number, row))
    faults += _gaps([row for _, row in rows.values()], columns) if not faults else []
    if faults:
        raise Invalid({f"fault {n}": fault for n, fault in enumerate(faults[:MOST_FAULTS])})
    return Figures(heading, columns, [list(row.values()) for _, row in rows.values()])


def _heading(lines: Iterable[str]) -> Heading:
    pairs = [line.lstrip("# ").partition(":") for line in lines if ":" in line]
    given = {name.strip(): value.strip() for name, _, value in pairs}
    try:
        heading = Heading.model_validate(given)
    except ValidationError as error:
        names = sorted(
            {str(fault["loc"][0]) if fault["loc"] else "dates" for fault in error.errors()}
        )
        raise Invalid(
            {"heading": f"The lines that begin with # are not in order: {', '.join(names)}"}
        ) from None
    if heading.kind not in LAYOUTS:
        raise Invalid({"kind": f"The kind of file must be one of {', '.join(LAYOUTS)}"})
    return heading


def _columns(given: Sequence[str], kind: str) -> tuple[str, ...]:
    needed, cuts, value = LAYOUTS[kind]
    names = tuple(name.strip() for name in given)
    wanted = (*needed, *(cut for cut in cuts if cut in names), value)
    if names != wanted:
        raise Invalid(
            {"columns": f"The columns must be {', '.join(needed)}, any of {', '.join(cuts) or '–'} "
             f"in that order, and {value}"}
        )  # fmt: skip
    return names


def _fault(row: Row, cells: int, columns: Sequence[str], kind: str) -> str:
    """Return why a row cannot be taken, or nothing."""
    if cells != len(columns):
        return f"it has {cells} cells, not {len(columns)}"
    if kind == DEPRIVATION:
        return _look_up_fault(row)
    try:
        day = financial_year_days(row["year"])[1]
    except ValueError as error:
        return str(error)
    for name in columns[2:-1]:
        if row[name] not in codes(name, day):
            return f"{name} is no code of its list"
    count = row["count"]
    if not (count.isascii() and count.isdecimal() and 0 < int(count) <= MOST):
        return "the count must be a whole number above 0"
    return ""


def _look_up_fault(row: Row) -> str:
    outward, _, inward = row["sector"].partition(" ")
    if not (2 <= len(outward) <= 4 and outward.isalnum() and len(inward) == 1 and inward.isdigit()):
        return "a postcode sector is written like HR1 2"
    if row["quintile"] not in QUINTILES:
        return "a quintile is 1 (most deprived) to 5"
    return ""


def codes(cut: str, day: date) -> tuple[str, ...]:
    """Return the codes by which people are counted: those of deaths, without "not known"."""
    if cut == "ethnic_group":
        return tuple(code for code in codelist("ethnic-groups", day).codes() if code != "not-known")
    return {"age_band": AGES, "sex": SEXES, "deprivation": QUINTILES}[cut]


def _gaps(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> Iterator[str]:
    """Say for which area and year a cut lacks some of its codes: its sums would be too small."""
    cuts = columns[2:-1]
    if "area" not in columns or not cuts:
        return
    found: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    for row in rows:
        found[row["area"], row["year"]].add(tuple(row[cut] for cut in cuts))
    for (area, year), present in found.items():
        day = financial_year_days(year)[1]
        missing = [c for c in product(*(codes(cut, day) for cut in cuts)) if c not in present]
        if missing:
            yield f"{area}, {year}: there is no row for {' / '.join(missing[0])}"
