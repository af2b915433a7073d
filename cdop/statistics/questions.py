"""A table for one question: exact for those who may see that, for others as a release shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import col, select

from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.security.work import Work
from cdop.statistics import counting, whose
from cdop.statistics.asked import Asked, asked_table
from cdop.statistics.definitions import TableDefinition
from cdop.statistics.disclosure import profile
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.earlier import tables_of
from cdop.statistics.models import Release
from cdop.statistics.over_years import READ
from cdop.statistics.protecting import Cells
from cdop.statistics.releasing import shown_cells
from cdop.statistics.rules import State
from cdop.statistics.year_tables import YearTables, pooled_years, year_days, year_tables

__all__ = ["READ", "Answer", "ask_table"]


@dataclass(frozen=True)
class Answer:
    """The table that was asked for: `exact`, or as `release` shows it, or without `cells`.

    `zero` is what stands for a 0.
    """

    cdop: Organisation
    name: str
    asked: Asked
    pooled: int
    tables: YearTables
    table: TableDefinition
    cells: Cells
    exact: bool
    release: Release | None = None
    zero: str = "0"


def ask_table(work: Work, slug: str, year: str, pooled: int, asked: Asked) -> Answer:
    """Return a table of a panel's years, cut by one or two columns; audited.

    Raises Denied, NotFound; Invalid for a column that statistics may not read, one without answers
    in that population, or years that cannot be pooled.
    """
    cdop = whose.find(work, slug, READ, whose.PANELS)
    tables = year_tables(year)
    table = asked_table(tables.definitions, asked)
    pooled_years(year, pooled)
    name = organisations.name_on(work.session, cdop.id, year_days(year)[1])
    exact = work.actor.may(counting.READ, cdop.id)
    work.audit(
        counting.READ if exact else READ,
        ("organisations", cdop.id),
        cdop.id,
        report="builder",
        year=year,
        pooled=pooled,
        population=asked.population,
        by=list(asked.by),
    )
    if exact:
        found = counting.figures(counting.counts(work, cdop.id, year, pooled), tables, [table])
        return Answer(cdop, name, asked, pooled, tables, table, found, exact)
    for release in _releases(work, cdop, year, pooled):
        shown, _ = tables_of(release)
        if table.code in {each.code for each in shown.tables}:
            rounds = profile(release.profile).others == Others.CONTROLLED
            zero, cells = LOW if rounds else "0", shown_cells(release)
            return Answer(cdop, name, asked, pooled, shown, table, cells, exact, release, zero)
    return Answer(cdop, name, asked, pooled, tables, table, {}, exact)


def _releases(work: Work, cdop: Organisation, year: str, pooled: int) -> Iterable[Release]:
    """Return the releases that are out of these years of a panel, the newest first."""
    query = select(Release).where(
        col(Release.organisation_id).in_(organisations.with_predecessors(work.session, cdop.id)),
        Release.state == State.RELEASED,
        Release.year == year,
        Release.years == pooled,
    )
    return work.session.exec(query.order_by(col(Release.approved_at).desc()))
