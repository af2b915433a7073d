"""Tables that are in no edition: put together for one question, from the same columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cdop.errors import Invalid
from cdop.statistics.definitions import TableDefinition, TableSet
from cdop.statistics.year_tables import YearTables


@dataclass(frozen=True)
class Asked:
    """A table that was asked for: whom it counts, cut by one or two columns."""

    population: str
    by: tuple[str, ...]

    @property
    def code(self) -> str:
        """Return what the table is called in files."""
        return "-".join([self.population, "by", *self.by]).replace("_", "-")


def asked_table(definitions: TableSet, asked: Asked) -> TableDefinition:
    """Return the definition of a table that was asked for; the edition's own where it has one.

    Raises Invalid for a column that statistics may not read, or one without answers in that
    population.
    """
    titles: dict[str, str] = {p.code: p.title for p in definitions.populations}
    if asked.population not in titles:
        raise Invalid({"population": "Choose whom to count"})
    columns = {column.name: column for column in definitions.columns}
    if not asked.by or len(asked.by) > 2 or len(set(asked.by)) < len(asked.by):
        raise Invalid({"by": "Choose one column, or two that differ"})
    for name in asked.by:
        if name not in columns:
            raise Invalid({"by": "Statistics may not read that column"})
        if columns[name].only not in (None, asked.population):
            only = titles[str(columns[name].only)]
            raise Invalid({"by": f"{columns[name].title} is known of “{only}” only"})
    for table in definitions.every:
        if (table.population, table.by) == (asked.population, asked.by):
            return table.model_copy(update={"internal": False})
    words = " and ".join(columns[name].title.lower() for name in asked.by)
    return TableDefinition(
        code=asked.code,
        title=f"{titles[asked.population]} by {words}",
        population=asked.population,
        by=asked.by,
    )


def with_asked(tables: YearTables, asked: Sequence[Asked]) -> YearTables:
    """Return a year's tables whose release is those asked for alone. Raises Invalid."""
    found = tuple(asked_table(tables.definitions, each) for each in asked)
    if len({table.code for table in found}) < len(found):
        raise Invalid({"by": "A table was asked for twice"})
    return replace(tables, asked=found)
