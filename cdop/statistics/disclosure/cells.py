"""Tables from anywhere: a CSV file of counted cells and its spec, as one linear system.

Rows that carry a dimension's total, or a group, are totals: they are checked against the cells
below them and then left out. A refusal names the row (1 is the header) and the reason.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cdop.errors import Invalid
from cdop.statistics.disclosure.attackers import (
    PUBLIC,
    Attacker,
    board,
    families,
    known_margins,
)
from cdop.statistics.disclosure.build import build_system
from cdop.statistics.disclosure.care import with_care
from cdop.statistics.disclosure.spec import DimensionSpec, Spec
from cdop.statistics.disclosure.system import TOTAL, Dimension, LinearSystem, Table

GREATEST = 1_000_000_000
YES, NO = {"1", "true", "yes"}, {"0", "false", "no"}


@dataclass(frozen=True)
class Cells:
    """A file of cells, ready to be protected."""

    system: LinearSystem
    dimensions: tuple[Dimension, ...]
    tables: tuple[Table, ...]
    attackers: tuple[Attacker, ...]


@dataclass(frozen=True)
class _Row:
    number: int
    texts: dict[str, str]
    count: int


def read_cells(path: Path, spec: Spec) -> Cells:
    """Read a CSV file of cells as its spec says. Raises `Invalid`, naming row and reason."""
    rows = _rows(path, spec)
    inner, totals = _without_totals(rows, spec)
    dimensions = tuple(_dimension(d, inner) for d in spec.dimension)
    tables = tuple(Table(t.id, t.dimensions, t.where) for t in spec.table)
    frame = _frame(inner, spec, dimensions)
    _check_totals(totals, frame, spec, dimensions)
    used = {name for table in tables for name in table.dimensions}
    present = {tuple(row) for row in frame[[d.name for d in dimensions if d.name in used]].values}

    def possible(kinds: pd.DataFrame) -> list[bool]:
        names = [d.name for d in dimensions if d.name in used]
        return [tuple(kind) in present for kind in kinds[names].values]

    system = build_system(
        frame,
        dimensions,
        tables,
        count=spec.count,
        differences=True,
        possible=possible if spec.absent == "impossible" else None,
    )
    if spec.rule.weight == "cells":
        values = system.values
        system = replace(system, costs=system.copies + values / (1.0 + values.sum()))
    system = with_care(system, tables, spec.rule.as_profile(), spec.care())
    return Cells(system, dimensions, tables, tuple(_attackers(system, tables, spec, dimensions)))


def _rows(path: Path, spec: Spec) -> list[_Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = reader.fieldnames or []
            _check_columns(header, spec)
            return [_row(reader.line_num, row, spec) for row in reader]
    except OSError:
        raise Invalid({"cells": f"The cells file {path} cannot be read"}) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid({"cells": f"The cells file is no CSV in UTF-8: {error}"}) from None


def _check_columns(header: Sequence[str], spec: Spec) -> None:
    wanted = [spec.count, *(d.name for d in spec.dimension)]
    wanted += [g.column for d in spec.dimension for g in d.grouping if g.column]
    wanted += [t.where for t in spec.table if t.where]
    for name in wanted:
        if name not in header:
            raise Invalid({name: f"The cells file has no column {name!r}"})
    twice = [name for name in header if list(header).count(name) > 1]
    if twice:
        raise Invalid({twice[0]: f"The cells file has two columns {twice[0]!r}"})


def _row(number: int, row: dict[str, str], spec: Spec) -> _Row:
    if None in row or None in row.values():
        raise _bad(number, "it has more or fewer fields than the header")
    texts = {name: value.strip() for name, value in row.items()}
    for dimension in spec.dimension:
        if not texts[dimension.name]:
            raise _bad(number, f"the code of {dimension.name!r} is missing")
    return _Row(number, texts, _count(number, texts[spec.count]))


def _count(number: int, text: str) -> int:
    if not text:
        raise _bad(number, "its count is missing")
    try:
        value = float(text)
    except ValueError:
        raise _bad(number, "its count is not a number") from None
    if value < 0:
        raise _bad(number, "its count is negative")
    if not value <= GREATEST:
        raise _bad(number, "its count is not a number that can be counted")
    if value != int(value):
        raise _bad(number, "its count is not whole")
    return int(value)


def _without_totals(rows: list[_Row], spec: Spec) -> tuple[list[_Row], list[_Row]]:
    """Part the inner cells from the rows that carry a total or a group."""
    above = {
        d.name: {name for name in [d.total] if name} | {g for c in d.grouping for g in c.groups}
        for d in spec.dimension
    }
    totals = [row for row in rows if any(row.texts[name] in codes for name, codes in above.items())]
    ids = {id(row) for row in totals}
    inner = [row for row in rows if id(row) not in ids]
    if not inner:
        raise Invalid({"cells": "The cells file has no cells"})
    return inner, totals


def _dimension(spec: DimensionSpec, inner: list[_Row]) -> Dimension:
    codes = spec.codes or tuple(dict.fromkeys(row.texts[spec.name] for row in inner))
    for row in inner:
        if row.texts[spec.name] not in codes:
            raise _bad(row.number, f"{row.texts[spec.name]!r} is no code of {spec.name!r}")
    groupings = {}
    for number, grouping in enumerate(spec.grouping):
        if bool(grouping.column) == bool(grouping.groups):
            raise Invalid({spec.name: f"A grouping of {spec.name!r} needs a column, or groups"})
        found: dict[str, str] = {c: g for g, codes_ in grouping.groups.items() for c in codes_}
        if sum(map(len, grouping.groups.values())) != len(found):
            raise Invalid({spec.name: f"A grouping of {spec.name!r} has a code in two groups"})
        for row in inner if grouping.column else ():
            group = grouping.prefix + row.texts[str(grouping.column)]
            if found.setdefault(row.texts[spec.name], group) != group:
                raise _bad(row.number, f"its {grouping.column!r} is not that of earlier rows")
        groupings[grouping.column or f"grouping {number + 1}"] = found
    return Dimension(spec.name, codes, groupings)


def _frame(inner: list[_Row], spec: Spec, dimensions: Sequence[Dimension]) -> pd.DataFrame:
    flags = sorted({table.where for table in spec.table if table.where})
    seen: dict[tuple[object, ...], int] = {}
    records = []
    for row in inner:
        codes = [row.texts[d.name] for d in dimensions]
        inside = [_yes(row, flag) for flag in flags]
        first = seen.setdefault((*codes, *inside), row.number)
        if first != row.number:
            raise _bad(row.number, f"its cell is counted in row {first} already")
        records.append([*codes, *inside, row.count])
    return pd.DataFrame(records, columns=[*(d.name for d in dimensions), *flags, spec.count])


def _yes(row: _Row, flag: str) -> bool:
    text = row.texts[flag].lower()
    if text not in YES | NO:
        raise _bad(row.number, f"{flag!r} must be yes or no")
    return text in YES


def _check_totals(
    totals: list[_Row], frame: pd.DataFrame, spec: Spec, dimensions: Sequence[Dimension]
) -> None:
    seen: dict[tuple[str, ...], int] = {}
    flags = sorted({table.where for table in spec.table if table.where})
    for row in totals:
        inside = np.ones(len(frame), dtype=bool)
        for dimension, each in zip(dimensions, spec.dimension, strict=True):
            code = row.texts[dimension.name]
            if code != each.total:
                inside &= frame[dimension.name].isin(_members(dimension, code)).to_numpy()
        for flag in flags:
            if row.texts[flag]:
                inside &= (frame[flag] == _yes(row, flag)).to_numpy()
        key = tuple(row.texts[name] for name in [*(d.name for d in dimensions), *flags])
        if seen.setdefault(key, row.number) != row.number:
            raise _bad(row.number, f"its total is given in row {seen[key]} already")
        if int(frame[spec.count].to_numpy()[inside].sum()) != row.count:
            raise _bad(row.number, "its total is not the sum of its parts")


def _members(dimension: Dimension, code: str) -> set[str]:
    found = {c for g in dimension.groupings.values() for c, group in g.items() if group == code}
    return found or {code}


def _attackers(
    system: LinearSystem, tables: Sequence[Table], spec: Spec, dimensions: Sequence[Dimension]
) -> Iterable[Attacker]:
    yield PUBLIC
    for each in spec.attacker:
        if each.kind == "board":
            dimension = next((d for d in dimensions if d.name == each.dimension), None)
            if dimension is None:
                raise Invalid({"attacker": "An attacker of kind board needs a dimension"})
            for code in each.codes or dimension.codes:
                yield board(system, tables, dimension.name, code)
        elif each.kind == "families":
            yield from families(system)
        else:
            yield known_margins(system, [(str(each.table), cell) for cell in each.cells])


def _bad(number: int, reason: str) -> Invalid:
    return Invalid({"cells": f"Row {number} of the cells file: {reason}"})


__all__ = ["TOTAL", "Cells", "read_cells"]
