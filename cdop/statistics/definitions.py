"""Tables as data: which there are, what each counts, and under which codes.

Only coded, plain columns can be named: a definition that asks for anything else does not load.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from cdop.reference import codelist_ids
from cdop.reference.loading import Edition, Frozen
from cdop.statistics.subjects import SUBJECTS, Subject

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
