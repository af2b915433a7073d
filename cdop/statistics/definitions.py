"""The tables of a year as data: which there are, what each counts, and under which codes.

Only coded, plain columns can be named: a definition that asks for anything else does not load.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from cdop.errors import Invalid, Misconfigured
from cdop.reference import NotInForce, codelist, codelist_ids
from cdop.reference.codelists import merged
from cdop.reference.derive import financial_year, financial_year_days, previous_financial_year
from cdop.reference.loading import Edition, Frozen, check, named, on_day
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.subjects import SUBJECTS, Subject

DATA = Path(__file__).parent / "data" / "tables.toml"
FILES: Mapping[str, Path] = {"deaths": DATA, "referrals": DATA.with_name("referrals.toml")}
SUPERSEDED = DATA.parent / "superseded"
ALL = "All"
MOST_POOLED = 5
READABLE = frozenset[str]().union(*(each.readable for each in SUBJECTS.values()))
"""The columns that statistics may read. Identity and narrative are not among them."""


class Choice(Frozen):
    """One answer of a column that has no code list of its own; `of` are the finer ones in it."""

    code: str
    label: str
    of: tuple[str, ...] = ()


class PopulationDefinition(Frozen):
    """Whom a table counts, `unit` in a word. Until `provisional_days` after the year more may come
    in.
    """

    code: str
    unit: str = "Deaths"
    title: str
    description: str
    provisional_days: int = Field(default=0, ge=0)


class ColumnDefinition(Frozen):
    """A column to count by: its answers come from a code list or are listed here.

    `only`: records outside this population have no answer, so that no other table may use it.
    `of` is the register's column whose answers are put together in `items`; otherwise the name.
    `unanswered` is the row of records that have no answer, where the form lets it stay open.
    `domains` are those of the factors that a column of `factors` tells of: an answer is
    `modifiable`, `contributed` or `none`.
    """

    name: str
    title: str
    codelist: str = ""
    items: tuple[Choice, ...] = ()
    only: str | None = None
    of: str = ""
    unanswered: Choice | None = None
    domains: tuple[str, ...] = ()

    @property
    def reads(self) -> str:
        """Return the column of the register that it is read from."""
        return self.of or self.name

    @model_validator(mode="after")
    def _is_a_readable_code(self) -> Self:
        if bool(self.codelist) == bool(self.items):
            raise ValueError(f"{self.name} needs a code list or its own answers")
        if self.codelist and self.codelist not in codelist_ids():
            raise ValueError(f"there is no code list {self.codelist}")
        if bool(self.domains) != (self.reads == "factors"):
            raise ValueError(f"{self.name}: factors are told by their domains, nothing else is")
        return self


class TableDefinition(Frozen):
    """A table: the population it counts and the columns that it is cut by.

    An `internal` one is exact, for those who may see that, and never in a release.
    """

    code: str = Field(pattern=r"^[a-z][a-z-]*$")
    title: str
    population: str
    by: tuple[str, ...] = Field(min_length=1, max_length=2)
    internal: bool = False


class MeasureDefinition(Frozen):
    """A percentage: the sum of some cells of a one-way table over that of others."""

    code: str
    title: str
    of: str
    table: str
    numerator: tuple[str, ...] = Field(min_length=1)
    denominator: tuple[str, ...] = Field(min_length=1)


class StratumDefinition(Frozen):
    """Some cells of a rate's table, their denominator's codes, and the standard's people there."""

    numerator: tuple[str, ...] = Field(min_length=1)
    where: Mapping[str, tuple[str, ...]]
    weight: float = Field(gt=0)


class RateDefinition(Frozen):
    """A rate: the sum of some cells of a one-way table over people or births of the year.

    `where` gives the codes of the denominator that belong to those cells. With `strata` the rate
    is directly standardised: each has a denominator of its own.
    """

    code: str
    title: str
    of: str
    table: str
    numerator: tuple[str, ...] = Field(min_length=1)
    denominator: Literal["population", "live-births"]
    where: Mapping[str, tuple[str, ...]] = {}
    per: int = Field(gt=0)
    strata: tuple[StratumDefinition, ...] = ()

    @model_validator(mode="after")
    def _strata_are_all_of_it(self) -> Self:
        parts = [code for each in self.strata for code in each.numerator]
        if self.strata and sorted(parts) != sorted(self.numerator):
            raise ValueError(f"{self.code}: the strata are not the parts of its numerator")
        return self

    def denominators(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """Return what it is divided by, by a name for each: codes of the denominator."""
        if not self.strata:
            return {self.code: self.where}
        return {f"{self.code}/{n}": each.where for n, each in enumerate(self.strata, start=1)}


class TableSet(Edition):
    """One edition of the year's tables, of the subject that it `counts`."""

    counts: Literal["deaths", "referrals"] = "deaths"
    populations: tuple[PopulationDefinition, ...]
    columns: tuple[ColumnDefinition, ...]
    every: tuple[TableDefinition, ...] = Field(min_length=1)
    measures: tuple[MeasureDefinition, ...] = ()
    rates: tuple[RateDefinition, ...] = ()
    impossible: tuple[Mapping[str, tuple[str, ...]], ...] = ()

    @model_validator(mode="after")
    def _reads_what_it_may(self) -> Self:
        for column in self.columns:
            if column.reads not in self.subject.readable:
                raise ValueError(f"statistics may not read the column {column.reads}")
        return self

    @model_validator(mode="after")
    def _tables_hold_together(self) -> Self:
        columns = {column.name: column for column in self.columns}
        for table in self.every:
            for name in table.by:
                if name not in columns:
                    raise ValueError(f"{table.code} counts by {name}, which is no column here")
                if columns[name].only not in (None, table.population):
                    raise ValueError(f"{table.code}: {name} has no answer outside its population")
        released = {table.population for table in self.every if not table.internal}
        if released != set(self.subject.populations):
            raise ValueError(f"each of the populations of {self.counts} needs a table")
        return self

    @model_validator(mode="after")
    def _measures_are_of_tables(self) -> Self:
        tables = {table.code: table for table in self.every}
        taken: tuple[MeasureDefinition | RateDefinition, ...] = (*self.measures, *self.rates)
        if any(m.table not in tables or len(tables[m.table].by) != 1 for m in taken):
            raise ValueError("a percentage is taken of a one-way table")
        return self

    @model_validator(mode="after")
    def _rules_are_of_columns(self) -> Self:
        columns = {column.name for column in self.columns}
        if any(set(rule) - columns for rule in self.impossible):
            raise ValueError("a rule of what is impossible names an unknown column")
        if not all(self.asked_of(rule) for rule in self.impossible):
            raise ValueError("a rule of what is impossible speaks of a population")
        return self

    @property
    def measured(self) -> bool:
        """Tell whether percentages or rates are taken of these tables."""
        return bool(self.measures or self.rates)

    @property
    def subject(self) -> Subject:
        """Return what the tables count."""
        return SUBJECTS[self.counts]

    def asked_of(self, rule: Mapping[str, tuple[str, ...]]) -> list[str]:
        """Return the populations that a rule speaks of: outside them some answer of it is none."""
        named = {c.only for c in self.columns if c.name in rule}
        return [population for population in self.subject.populations if population in named]


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
