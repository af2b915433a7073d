"""A table for one question: exact, for those who may see that, and not for passing on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.security.work import Work
from cdop.statistics.counting import READ, Figures, counts, figures, find_cdop
from cdop.statistics.definitions import (
    Population,
    TableDefinition,
    YearTables,
    year_days,
    year_tables,
)

CODE = "asked"


@dataclass(frozen=True)
class Answer:
    """The table that was asked for, exact."""

    cdop: Organisation
    name: str
    tables: YearTables
    table: TableDefinition
    figures: Figures
    pooled: int


def ask_table(
    work: Work, slug: str, year: str, pooled: int, population: str, by: Sequence[str]
) -> Answer:
    """Return a table of a panel's years, cut by one or two columns; audited.

    Raises Denied, NotFound; Invalid for a column that statistics may not read, one without answers
    in that population, or years that cannot be pooled.
    """
    cdop = find_cdop(work, slug, READ)
    tables = year_tables(year)
    table = _definition(tables, population, by)
    found = figures(counts(work, cdop.id, year, pooled), tables, [table])
    name = organisations.name_on(work.session, cdop.id, year_days(year)[1])
    work.audit(
        READ,
        ("organisations", cdop.id),
        cdop.id,
        report="builder",
        year=year,
        pooled=pooled,
        population=population,
        by=list(by),
    )
    return Answer(cdop, name, tables, table, found, pooled)


def _definition(tables: YearTables, population: str, by: Sequence[str]) -> TableDefinition:
    titles: dict[str, str] = {p.code: p.title for p in tables.definitions.populations}
    if population not in titles:
        raise Invalid({"population": "Choose whom to count"})
    columns = {column.name: column for column in tables.definitions.columns}
    if not by or len(by) > 2 or len(set(by)) < len(by):
        raise Invalid({"by": "Choose one column, or two that differ"})
    for name in by:
        if name not in columns:
            raise Invalid({"by": "Statistics may not read that column"})
        if columns[name].only not in (None, population):
            only = titles[str(columns[name].only)]
            raise Invalid({"by": f"{columns[name].title} is known of deaths “{only}” only"})
    words = " and ".join(columns[name].title.lower() for name in by)
    return TableDefinition(
        code=CODE,
        title=f"{titles[population]} by {words}",
        population=cast("Population", population),
        by=tuple(by),
        internal=True,
    )
