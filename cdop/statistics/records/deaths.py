"""Rows of deaths: those that died, were notified or reviewed in some years of a panel.

A panel's figures include those of the panels whose place it took. Cases found to be the same child
as another, or out of scope, are in no table.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import pandas as pd
import sqlalchemy as sa
from sqlalchemy import type_coerce
from sqlmodel import Session, col, or_, select

from cdop.case_reviews.models import Referral
from cdop.deaths.models import Death
from cdop.errors import Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.overview.answers import RETURN_FACTS
from cdop.overview.models import Factor, Review
from cdop.overview.rules import CONTRIBUTED, YES
from cdop.security.work import Work
from cdop.statistics.records.answers import answer
from cdop.statistics.records.seeing import check_seen
from cdop.statistics.subjects import DEATHS
from cdop.statistics.year_tables import pooled_years, year_tables

COUNTED = ("open", "reviewed")
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


def deaths(session: Session, places: Collection[UUID], year: str, pooled: int) -> pd.DataFrame:
    """Return one row for each death that the years of some panels count, by its id.

    What the panel answered is that of the review signed off in these years, else missing.
    """
    pool = pooled_years(year, pooled)
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
            or_(*(col(getattr(Death, f"{each}_year")).in_(pool) for each in DEATHS.populations)),
        )
        .order_by(Death.id)
    )
    records = _frame(session, query)
    factors = _factors(session, places, pool)
    told = [factors.get(id) for id in records.index]
    records["factors"] = pd.Series(told, records.index, dtype=object)
    return described(records, year, pooled)


def years(session: Session, places: Collection[UUID]) -> set[str]:
    """Return the years for which some panels have deaths."""
    found: set[str] = set()
    for column in (Death.died_year, Death.notified_year, Death.reviewed_year):
        query = select(column).where(
            col(Death.organisation_id).in_(places), col(Death.status).in_(COUNTED)
        )
        found |= {year for year in session.exec(query.distinct()) if year}
    return found


def known_to(work: Work, of: Organisation) -> list[str]:
    """Return the ids of the deaths that an organisation knows: it reviewed them, it serves the area
    they were of, or they were referred to it.
    """
    line = organisations.with_predecessors(work.session, of.id)
    areas = {of.id, *(o.id for o in organisations.served_by(work.session, of.id, work.today))}
    knows = col(Death.organisation_id).in_(line) | col(Death.residence_area_id).in_(areas)
    if of.kind == Kind.GROUP:
        check_seen(work, of)
        referred = select(Referral.death_id).where(col(Referral.organisation_id).in_(line))
        knows |= col(Death.id).in_(referred)
    return [str(id) for id in work.session.exec(select(Death.id).where(knows))]


def absent(_: Session, __: Collection[UUID], ___: Sequence[str]) -> dict[str, list[str]]:
    """Return nothing: a death in any area may have any answer."""
    return {}


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
    for population in DEATHS.populations:
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
    return answer(records, year_tables(year))
