"""Counting a year's deaths, exactly, from coded columns alone. Nothing sealed is opened here.

A panel's figures include those of the panels whose place it took. Cases found to be the same child
as another, or out of scope, are in no table.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from uuid import UUID

import pandas as pd
from sqlmodel import Session, col, or_, select

from cdop.deaths.models import Death
from cdop.errors import NotFound, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.overview.models import Review
from cdop.reference.derive import financial_year
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.statistics.definitions import (
    MeasureDefinition,
    TableDefinition,
    YearTables,
    table_sets,
    year_days,
    year_tables,
)
from cdop.statistics.disclosure import TOTAL

READ = "statistics:exact:read"
INTERNAL = "INTERNAL: exact counts of few cases. Not for publication or for sharing as they stand."
COUNTED = ("open", "reviewed")

Figures = Mapping[tuple[str, tuple[str, ...]], int]


@dataclass(frozen=True)
class ExactYear:
    """A panel's year, exact and internal: the count of every cell of every table."""

    cdop: Organisation
    name: str
    tables: YearTables
    figures: Figures


def exact_year(work: Work, cdop_slug: str, year: str) -> ExactYear:
    """Return the exact tables of a panel's year, audited.

    Raises Denied without the permission, NotFound for a panel absent or out of scope, Invalid for
    a year without tables.
    """
    cdop = find_cdop(work, cdop_slug, READ)
    tables = year_tables(year)
    records = counts(work, cdop.id, year)
    _, last = year_days(year)
    name = organisations.name_on(work.session, cdop.id, last)
    work.audit(READ, ("organisations", cdop.id), cdop.id, report="annual", year=year)
    return ExactYear(cdop, name, tables, figures(records, tables))


def counts(work: Work, cdop_id: UUID, year: str) -> pd.DataFrame:
    """Return one row for each death that a panel's year counts, coded columns only.

    `died`, `notified` and `reviewed` say to which populations it belongs. The category and the
    modifiable factors are those of the review signed off in the year, else missing. The caller
    checks the permission.
    """
    year_days(year)
    places = organisations.with_predecessors(work.session, cdop_id)
    query = (
        select(  # type: ignore[call-overload]
            Death.died_year,
            Death.notified_year,
            Death.reviewed_year,
            Death.age_band,
            Death.sex,
            Death.ethnic_group,
            Review.category,
            Review.modifiable,
        )
        .outerjoin(
            Review, (col(Review.death_id) == Death.id) & (col(Review.status) == "signed-off")
        )
        .where(
            col(Death.organisation_id).in_(places),
            col(Death.status).in_(COUNTED),
            or_(Death.died_year == year, Death.notified_year == year, Death.reviewed_year == year),
        )
        .order_by(Death.id)
    )
    columns = [column["name"] for column in query.column_descriptions]
    rows = [tuple(row) for row in work.session.exec(query)]
    return described(pd.DataFrame(rows, columns=columns, dtype=object), year)


def described(records: pd.DataFrame, year: str) -> pd.DataFrame:
    """Add to coded rows of a year its populations, and the columns that follow from them."""
    for population in ("died", "notified", "reviewed"):
        records[population] = (records[f"{population}_year"] == year).astype(bool)
    states = {True: "reviewed", False: "not-reviewed"}
    years = {True: "this-year", False: "earlier"}
    records["review_state"] = records.reviewed.map(states).where(records.died, None)
    records["year_of_death"] = records.died.map(years).where(records.reviewed, None)
    for name in ("category", "modifiable"):
        records[name] = records[name].where(records.reviewed, None)
    if records.loc[records.reviewed, "category"].isna().any():
        raise Refused("A case is marked as reviewed, but no review of it is signed off.")
    return records


def figures(records: pd.DataFrame, tables: YearTables) -> Figures:
    """Return the count of every cell of every table, margins (`TOTAL`) and zeros included.

    Raises Refused when a record holds an answer that the year's code lists do not offer: it would
    be in a total and in no row.
    """
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for table in tables.tables:
        every = list(product(*((TOTAL, *tables.codes(name)) for name in table.by)))
        inside = records[records[table.population]]
        counted = Counter(
            key
            for row in inside[list(table.by)].itertuples(index=False)
            for key in product(*((TOTAL, code) for code in row))
        )
        if set(counted) - set(every):
            raise Refused(f"A case holds an answer that the table {table.code} has no row for.")
        found |= {(table.code, key): counted[key] for key in every}
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
