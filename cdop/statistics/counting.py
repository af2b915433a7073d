"""Counting a year's deaths or referrals, exactly, from coded columns alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.security.work import Work
from cdop.statistics import whose
from cdop.statistics.definitions import MeasureDefinition, TableDefinition
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.records import SOURCES
from cdop.statistics.subjects import DEATHS
from cdop.statistics.year_tables import YearTables, year_days, year_tables

READ = whose.READ
INTERNAL = "INTERNAL: exact counts of few cases. Not for publication or for sharing as they stand."

Figures = Mapping[tuple[str, tuple[str, ...]], int]


@dataclass(frozen=True)
class ExactYear:
    """A panel's or group's year, exact and internal: the count of every cell of every table.

    Of `pooled` years, the one named is the last.
    """

    organisation: Organisation
    name: str
    tables: YearTables
    figures: Figures
    pooled: int = 1


def exact_year(
    work: Work, slug: str, year: str, pooled: int = 1, kinds: Collection[Kind] = whose.EVERY
) -> ExactYear:
    """Return the exact tables of a panel's or group's year, or of several pooled ones, audited.

    Raises Denied without the permission, NotFound for one absent or out of scope, Invalid for
    a year without tables or for years that cannot be pooled.
    """
    of = whose.find(work, slug, READ, kinds)
    subject = whose.SUBJECTS[of.kind]
    tables = year_tables(year, counts=subject)
    records = counts(work, of.id, year, pooled, subject)
    _, last = year_days(year)
    name = organisations.name_on(work.session, of.id, last)
    report = "annual" if subject == DEATHS.code else subject
    work.audit(READ, ("organisations", of.id), of.id, report=report, year=year, pooled=pooled)
    return ExactYear(of, name, tables, figures(records, tables, tables.every), pooled)


def counts(
    work: Work, organisation_id: UUID, year: str, pooled: int = 1, subject: str = DEATHS.code
) -> pd.DataFrame:
    """Return one row for each record that a panel's or group's year counts, coded columns only.

    Of `pooled` years, `year` is the last. A column for each population says whether a record
    belongs to it. The caller checks the permission.
    """
    places = organisations.with_predecessors(work.session, organisation_id)
    return SOURCES[subject].rows(work.session, places, year, pooled)


def figures(
    records: pd.DataFrame, tables: YearTables, which: Sequence[TableDefinition] | None = None
) -> Figures:
    """Return the count of every cell of some tables (otherwise those of a release).

    Margins (`TOTAL`) and zeros are included. Raises Refused when a record holds an answer that the
    year's code lists do not offer: it would be in a total and in no row.
    """
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    places: dict[str, Any] = {}
    for table in tables.tables if which is None else which:
        inside = records[table.population].to_numpy(dtype=bool)
        sizes = tuple(len(tables.codes(name)) for name in table.by)
        cell = np.zeros(int(inside.sum()), dtype=np.int64)
        for name, size in zip(table.by, sizes, strict=True):
            if name not in places:
                places[name] = pd.Index(tables.codes(name)).get_indexer(pd.Index(records[name]))
            place = places[name][inside]
            if (place < 0).any():
                raise Refused(f"A case holds an answer that the table {table.code} has no row for.")
            cell = cell * size + place
        grid = np.bincount(cell, minlength=int(np.prod(sizes))).reshape(sizes)
        for axis in range(len(sizes)):
            grid = np.concatenate([grid.sum(axis=axis, keepdims=True), grid], axis=axis)
        keys = product(*((TOTAL, *tables.codes(name)) for name in table.by))
        found |= {(table.code, k): n for k, n in zip(keys, grid.ravel().tolist(), strict=True)}
    return found


def digest(records: pd.DataFrame) -> str:
    """Return a hash of what was counted, the same in any order. It never leaves the register."""
    names = sorted(records.columns)
    rows = sorted(map(repr, records[names].astype(str).itertuples(index=False, name=None)))
    return sha256("\n".join([repr(names), *rows]).encode()).hexdigest()


def total(
    figures: Mapping[tuple[str, tuple[str, ...]], int | None], table: TableDefinition
) -> int | None:
    """Return a table's grand total, None where it is hidden."""
    return figures[table.code, (TOTAL,) * len(table.by)]


def measured(
    figures: Mapping[tuple[str, tuple[str, ...]], int | None], measure: MeasureDefinition
) -> tuple[int | None, int | None]:
    """Return a percentage's numerator and denominator, each None where any part is hidden."""

    def summed(codes: tuple[str, ...]) -> int | None:
        parts = [figures[measure.table, (code,)] for code in codes]
        return sum(p for p in parts if p is not None) if None not in parts else None

    return summed(measure.numerator), summed(measure.denominator)
