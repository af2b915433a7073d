"""The rows, columns and words of published tables, by edition. Counting belongs to statistics."""

from collections.abc import Mapping
from functools import cache
from typing import Literal, Self

from pydantic import Field, model_validator

from cdop.errors import Misconfigured
from cdop.reference.codelists import codelist_edition
from cdop.reference.derive import long_financial_year, previous_financial_year
from cdop.reference.loading import Edition, Frozen, Unknown, named, names, parse, read


class TableColumn(Frozen):
    """A column: its printed head and the kind of board whose referrals it counts."""

    label: str
    board_kind: str


class TableRow(Frozen):
    """A row: its printed words, what it counts and by which date.

    `by` is `referred` (the year's referrals) or `completed` (reviews completed in the year whose
    referral came in the year before). No `review_kinds` means all. `in_sum` rows add up to the row
    that counts every referral; `shows_methods` rows name the methods in brackets.
    """

    code: str
    label: str
    by: Literal["referred", "completed"]
    review_kinds: tuple[str, ...] = ()
    in_sum: bool
    shows_methods: bool

    def words(self, financial_year: str) -> str:
        """Return the row's printed words for a year such as "2013-14"."""
        before = long_financial_year(previous_financial_year(financial_year))
        return self.label.replace("{previous_year}", before)


class Table(Edition):
    """One edition of a published table."""

    corner: str
    columns: tuple[TableColumn, ...] = Field(min_length=1)
    rows: tuple[TableRow, ...] = Field(min_length=1)
    review_kinds_edition: str

    @model_validator(mode="after")
    def _kinds_are_known(self) -> Self:
        kinds = codelist_edition("review-kinds", self.review_kinds_edition)
        counted = [kind for row in self.rows if row.in_sum for kind in row.review_kinds]
        if len(counted) != len(set(counted)):
            raise ValueError("a review kind is counted in two rows")
        if any(kind not in kinds for row in self.rows for kind in row.review_kinds):
            raise ValueError("a row counts an unknown review kind")
        return self

    def header(self) -> tuple[str, ...]:
        """Return the printed header."""
        return (self.corner, *(column.label for column in self.columns))


def cell(count: int, methods: Mapping[str, int] | None = None) -> str:
    """Return a cell as printed: a count, and in brackets how many used which method.

    `methods` maps methodology codes to counts. One method for all is named without a count of its
    own, "2 (SILPs)"; otherwise each has one, "3 (1 SILP, 2 HELPS)". Raises `Unknown`, and
    `ValueError` if methods outnumber the count.
    """
    known = codelist_edition("methodologies", "1")
    used = {code: number for code, number in (methods or {}).items() if number}
    if sum(used.values()) > count:
        raise ValueError("A cell cannot hold more methods than reviews.")
    words = [
        (used[item.code], item.short if used[item.code] == 1 else item.plural)
        for item in sorted((known.item(code) for code in used), key=known.every.index)
    ]
    if not words:
        return str(count)
    if len(words) == 1 and words[0][0] == count:
        return f"{count} ({words[0][1]})"
    return f"{count} ({', '.join(f'{number} {name}' for number, name in words)})"


@cache
def table(id: str, edition: str) -> Table:
    """Return an edition of a table. Raises `Unknown`, `Misconfigured`."""
    found = [_load(name) for name in names("tables") if name.rpartition("-")[0] == id]
    if not found:
        raise Unknown("There is no table of that name.")
    return named(found, edition)


def _load(name: str) -> Table:
    found = parse(Table, read("tables", f"{name}.toml"), f"tables/{name}.toml")
    if name != f"{found.id}-{found.edition}":
        raise Misconfigured(f"Reference file tables/{name}.toml holds another table.")
    return found
