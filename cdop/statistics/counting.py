"""Counting a year's deaths, exactly, from coded columns alone. Nothing sealed is opened here.

A panel's figures include those of the panels whose place it took. Cases found to be the same child
as another, or out of scope, are in no table.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy import type_coerce
from sqlmodel import Session, col, or_, select

from cdop.deaths.models import Death
from cdop.errors import NotFound, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.overview.answers import RETURN_FACTS
from cdop.overview.models import Factor, Review
from cdop.overview.rules import CONTRIBUTED, YES
from cdop.reference.derive import financial_year
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.statistics.definitions import (
    ColumnDefinition,
    MeasureDefinition,
    TableDefinition,
    YearTables,
    pooled_years,
    table_sets,
    year_days,
    year_tables,
)
from cdop.statistics.disclosure import TOTAL

READ = "statistics:exact:read"
INTERNAL = "INTERNAL: exact counts of few cases. Not for publication or for sharing as they stand."
COUNTED = ("open", "reviewed")
POPULATIONS = ("died", "notified", "reviewed")
OF_DEATH = (
    "died_year",
    "notified_year",
    "reviewed_year",
    "age_band",
    "sex",
    "ethnic_group",
    "deprivation",
    "expected",
    "place_of_death",
    "months_to_review",
)
OF_REVIEW = ("category", "modifiable", *RETURN_FACTS)
PART = 20_000  # rows read at a time

Figures = Mapping[tuple[str, tuple[str, ...]], int]


@dataclass(frozen=True)
class ExactYear:
    """A panel's year, exact and internal: the count of every cell of every table.

    Of `pooled` years, the one named is the last.
    """

    cdop: Organisation
    name: str
    tables: YearTables
    figures: Figures
    pooled: int = 1


def exact_year(work: Work, cdop_slug: str, year: str, pooled: int = 1) -> ExactYear:
    """Return the exact tables of a panel's year, or of several pooled ones, audited.

    Raises Denied without the permission, NotFound for a panel absent or out of scope, Invalid for
    a year without tables or for years that cannot be pooled.
    """
    cdop = find_cdop(work, cdop_slug, READ)
    tables = year_tables(year)
    records = counts(work, cdop.id, year, pooled)
    _, last = year_days(year)
    name = organisations.name_on(work.session, cdop.id, last)
    work.audit(READ, ("organisations", cdop.id), cdop.id, report="annual", year=year, pooled=pooled)
    return ExactYear(cdop, name, tables, figures(records, tables, tables.every), pooled)


def counts(work: Work, cdop_id: UUID, year: str, pooled: int = 1) -> pd.DataFrame:
    """Return one row for each death that a panel's year counts, by its id, coded columns only.

    Of `pooled` years, `year` is the last. `died`, `notified` and `reviewed` say to which
    populations a death belongs. What the panel answered is that of the review signed off in these
    years, else missing. The caller checks the permission.
    """
    pool = pooled_years(year, pooled)
    places = organisations.with_predecessors(work.session, cdop_id)
    signed_off = (col(Review.death_id) == Death.id) & (col(Review.status) == "signed-off")
    columns = [
        *(getattr(Death, name) for name in OF_DEATH),
        *(getattr(Review, n) for n in OF_REVIEW),
    ]
    query = (
        select(type_coerce(col(Death.id), sa.Text), *columns)
        .outerjoin(Review, signed_off)
        .where(
            col(Death.organisation_id).in_(places),
            col(Death.status).in_(COUNTED),
            or_(*(col(getattr(Death, f"{each}_year")).in_(pool) for each in POPULATIONS)),
        )
        .order_by(Death.id)
    )
    records = _frame(work.session, query)
    factors = _factors(work.session, places, pool)
    told = [factors.get(id) for id in records.index]
    records["factors"] = pd.Series(told, records.index, dtype=object)
    return described(records, year, pooled)


def _factors(session: Session, places: Collection[UUID], pool: Sequence[str]) -> Mapping[str, str]:
    """Return of each death the domains with a factor that may have contributed, such as "A D*".

    The star marks those with a modifiable one.
    """
    marked = sa.func.max(sa.case((col(Factor.modifiable) == YES, 1), else_=0))
    query = (
        select(type_coerce(col(Death.id), sa.Text), col(Factor.domain), marked)
        .join(Review, col(Review.death_id) == Death.id)
        .join(Factor, col(Factor.review_id) == Review.id)
        .where(
            col(Death.organisation_id).in_(places),
            col(Death.status).in_(COUNTED),
            col(Death.reviewed_year).in_(pool),
            col(Review.status) == "signed-off",
            col(Factor.relevance).in_(CONTRIBUTED),
        )
        .group_by(col(Death.id), col(Factor.domain))
        .order_by(col(Death.id), col(Factor.domain))
    )
    found: dict[str, list[str]] = defaultdict(list)
    for id, domain, modifiable in session.exec(query):
        found[str(id)].append(f"{domain}*" if modifiable else domain)
    return {id: " ".join(domains) for id, domains in found.items()}


def _frame(session: Session, query: Any) -> pd.DataFrame:
    """Read rows a part at a time, so that equal answers are one text in memory."""
    names = ["id", *OF_DEATH, *OF_REVIEW]
    columns: list[list[object]] = [[] for _ in names]
    one: dict[object, object] = {None: None}
    found = session.connection().execute(query.execution_options(yield_per=PART))
    for part in found.partitions():
        ids, *rest = zip(*part, strict=True)
        columns[0] += map(str, ids)
        for column, values in zip(columns[1:], rest, strict=True):
            column += (one.setdefault(value, value) for value in values)
    data = {n: pd.Series(v, dtype=object) for n, v in zip(names, columns, strict=True)}
    return pd.DataFrame(data).set_index("id")


def described(records: pd.DataFrame, year: str, pooled: int = 1) -> pd.DataFrame:
    """Add to coded rows of some years their populations, and the columns that follow from them."""
    pool = pooled_years(year, pooled)
    for population in POPULATIONS:
        records[population] = records[f"{population}_year"].isin(pool)
    same = records.died & records.reviewed & (records.died_year == records.reviewed_year)
    states = {True: "reviewed", False: "not-reviewed"}
    years = {True: "this-year", False: "earlier"}
    records["review_state"] = same.map(states).where(records.died, None)
    records["year_of_death"] = same.map(years).where(records.reviewed, None)
    for name in {"months_to_review", "factors", *OF_REVIEW} & set(records.columns):
        records[name] = records[name].where(records.reviewed, None)
    if records.loc[records.reviewed, "category"].isna().any():
        raise Refused("A case is marked as reviewed, but no review of it is signed off.")
    for column in year_tables(year).definitions.columns:
        if column.reads in records.columns:
            records[column.name] = _answered(records, column)
    return records


def _answered(records: pd.DataFrame, column: ColumnDefinition) -> pd.Series:
    """Return a column under the codes that tables print."""
    found = records[column.reads]
    if column.domains:
        found = found.where(found.notna(), "")
        answers = {text: _of_domains(text, column) for text in found.unique()}
        return found.map(answers).astype(object).where(records["reviewed"], None)
    groups = {fine: item.code for item in column.items for fine in item.of}
    if groups:
        found = found.map(groups)
    if column.unanswered:
        inside = records[column.only] if column.only else pd.Series(True, index=records.index)
        found = found.where(found.notna() | ~inside, column.unanswered.code)
    return found


def _of_domains(factors: str, column: ColumnDefinition) -> str:
    """Return what the factors of a review say of a column's domains."""
    named = {each.rstrip("*"): each.endswith("*") for each in factors.split()}
    mine = [modifiable for domain, modifiable in named.items() if domain in column.domains]
    if any(mine) and any(item.code == "modifiable" for item in column.items):
        return "modifiable"
    return "contributed" if mine else "none"


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


def years(work: Work, cdop_id: UUID) -> list[str]:
    """Return the years for which a panel has deaths and tables are defined, the last first."""
    places = organisations.with_predecessors(work.session, cdop_id)
    found: set[str] = set()
    for column in (Death.died_year, Death.notified_year, Death.reviewed_year):
        query = select(column).where(
            col(Death.organisation_id).in_(places), col(Death.status).in_(COUNTED)
        )
        found |= {year for year in work.session.exec(query.distinct()) if year}
    first = financial_year(table_sets()[0].valid_from)
    return sorted((year for year in found if year >= first), reverse=True)


def cdops(work: Work, permission: str = READ) -> list[Organisation]:
    """Return the panels at which the actor holds a permission, by slug."""
    work.check(permission)
    query = select(Organisation).where(Organisation.kind == Kind.CDOP).order_by(Organisation.slug)
    if not everywhere(work.actor):
        query = query.where(col(Organisation.id).in_(work.actor.scope(permission)))
    return list(work.session.exec(query))


def find_cdop(work: Work, slug: str, permission: str) -> Organisation:
    """Return a panel by slug. Raises Denied; NotFound when absent or out of scope."""
    found = next((cdop for cdop in cdops(work, permission) if cdop.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def resolve_cdop(session: Session, slug: str, year: str) -> UUID:
    """Return the panel that served a board or area on the last day of a year; or the panel itself.

    Raises NotFound when there is none, Invalid for a year that is not one.
    """
    _, last = year_days(year)
    asked = organisations.by_slug(session, slug)
    if asked.kind == Kind.CDOP:
        return asked.id
    areas = [o for o in organisations.served_by(session, asked.id, last) if o.kind == Kind.AREA]
    for place in (asked, *areas):
        if found := organisations.serving(session, place.id, Kind.CDOP, last):
            return found[0].id
    raise NotFound
