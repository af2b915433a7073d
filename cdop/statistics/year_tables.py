"""The tables of one year or of several: which edition is in force, under which answers."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cdop.errors import Invalid, Misconfigured
from cdop.reference import NotInForce, codelist
from cdop.reference.codelists import merged
from cdop.reference.derive import financial_year, financial_year_days, previous_financial_year
from cdop.reference.loading import check, named, on_day
from cdop.statistics.definitions import (
    ColumnDefinition,
    MeasureDefinition,
    PopulationDefinition,
    RateDefinition,
    TableDefinition,
    TableSet,
)
from cdop.statistics.disclosure import TOTAL

DATA = Path(__file__).parent / "data" / "tables.toml"
FILES: Mapping[str, Path] = {"deaths": DATA, "referrals": DATA.with_name("referrals.toml")}
SUPERSEDED = DATA.parent / "superseded"
ALL = "All"
MOST_POOLED = 5


@dataclass(frozen=True)
class YearTables:
    """The tables of one year, with the answers that its code lists offer.

    `answers` holds each column's answers as (code, label), in the order of its code list. `asked`
    are tables put together for one question: a release of them holds no other.
    """

    year: str
    definitions: TableSet
    answers: Mapping[str, tuple[tuple[str, str], ...]]
    asked: tuple[TableDefinition, ...] = ()

    @property
    def tables(self) -> tuple[TableDefinition, ...]:
        """Return the tables of a release, in the order of the edition."""
        return self.asked or tuple(table for table in self.every if not table.internal)

    @property
    def every(self) -> tuple[TableDefinition, ...]:
        """Return all tables in the order of the edition, those for internal use included."""
        codes = {table.code for table in self.definitions.every}
        return (*self.definitions.every, *(t for t in self.asked if t.code not in codes))

    @property
    def populations(self) -> tuple[PopulationDefinition, ...]:
        """Return the populations that the tables of a release count."""
        counted = {table.population for table in self.tables}
        return tuple(p for p in self.definitions.populations if p.code in counted)

    @property
    def columns(self) -> tuple[ColumnDefinition, ...]:
        """Return the columns by which the tables of a release are cut."""
        used = {name for table in self.tables for name in table.by}
        return tuple(column for column in self.definitions.columns if column.name in used)

    @property
    def measures(self) -> tuple[MeasureDefinition, ...]:
        """Return the percentages of a release: those of its tables."""
        codes = {table.code for table in self.tables}
        return tuple(m for m in self.definitions.measures if m.table in codes)

    @property
    def rates(self) -> tuple[RateDefinition, ...]:
        """Return the rates of a release: those of its tables."""
        codes = {table.code for table in self.tables}
        return tuple(rate for rate in self.definitions.rates if rate.table in codes)

    def of(self, population: str) -> list[TableDefinition]:
        """Return the tables of a release that count a population."""
        return [table for table in self.tables if table.population == population]

    def unit(self, table: TableDefinition) -> str:
        """Return in a word what a table counts, such as Deaths."""
        return next(p.unit for p in self.definitions.populations if p.code == table.population)

    def codes(self, column: str) -> tuple[str, ...]:
        """Return the codes of a column, in order."""
        return tuple(code for code, _ in self.answers[column])

    def label(self, column: str, code: str) -> str:
        """Return the words of a code, or of the total."""
        return ALL if code == TOTAL else dict(self.answers[column])[code]

    def title(self, column: str) -> str:
        """Return what a column is called."""
        return next(c.title for c in self.definitions.columns if c.name == column)


def year_tables(year: str, edition: str | None = None, counts: str = "deaths") -> YearTables:
    """Return the tables of a subject in force on the last day of a year such as "2013-14".

    With `edition`, those of an older release, whatever it counts. Raises Invalid for a year that is
    not one, or for which no tables are defined.
    """
    _, last = year_days(year)
    try:
        found = _named(edition) if edition else on_day(table_sets(FILES[counts]), last)
        return YearTables(year, found, {c.name: _answers(c, last) for c in found.columns})
    except NotInForce:
        began = financial_year(table_sets(FILES[counts])[0].valid_from)
        raise Invalid(
            {"year": f"There are no tables for that year: they begin with {began}"}
        ) from None


def year_days(year: str) -> tuple[date, date]:
    """Return the first and last day of a year such as "2013-14". Raises Invalid."""
    try:
        return financial_year_days(year)
    except ValueError as error:
        raise Invalid({"year": str(error)}) from None


def pooled_years(year: str, pooled: int, counts: str = "deaths") -> tuple[str, ...]:
    """Return the years of a pool, the last of which is `year`, in order.

    Raises Invalid unless they are 1 to 5 years under one edition of the tables: what was asked
    before and after a break in series is never added up.
    """
    years = years_to(year, pooled)
    if pooled > 1:
        first, last = (year_tables(each, counts=counts) for each in (years[0], year))
        if first.definitions != last.definitions:
            raise Invalid(
                {"pooled": f"{years[0]} and {year} were asked other questions: not to be pooled"}
            )
    return years


def years_to(year: str, pooled: int) -> tuple[str, ...]:
    """Return so many years in order, the last of which is `year`. Raises Invalid."""
    year_days(year)
    if not 1 <= pooled <= MOST_POOLED:
        raise Invalid({"pooled": f"Pool 1 to {MOST_POOLED} years"})
    years = [year]
    while len(years) < pooled:
        years.insert(0, previous_financial_year(years[0]))
    return tuple(years)


@cache
def table_sets(path: Path = DATA) -> tuple[TableSet, ...]:
    """Return all editions of the year's tables. Raises Misconfigured, naming the fault."""
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path.name} is not TOML: {error}.") from error
    return check(TableSet, merged(content, path.name), path.name)


def _named(edition: str) -> TableSet:
    """Return an edition in use, or one by which an older release was built."""
    found: list[TableSet] = []
    for path in (*FILES.values(), *sorted(SUPERSEDED.glob("*.toml"))):
        found += [each for each in table_sets(path) if each.edition == edition]
    return named(found or table_sets(), edition)


def _answers(column: ColumnDefinition, day: date) -> tuple[tuple[str, str], ...]:
    answers = [(item.code, item.label) for item in column.items]
    if column.codelist:
        answers += codelist(column.codelist, day).choices()
    if column.unanswered:
        answers.append((column.unanswered.code, column.unanswered.label))
    return tuple(answers)
