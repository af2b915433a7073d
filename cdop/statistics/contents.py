"""What a package says, as values: counts as they are shown, percentages and rates that follow.

Nothing here sees a hidden count: hidden ones arrive as None, and what follows from one is hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from cdop.reference_files.service import Denominator
from cdop.statistics.counting import measured
from cdop.statistics.definitions import MeasureDefinition, RateDefinition, TableDefinition
from cdop.statistics.denominators import added
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.disclosure.profiles import Others
from cdop.statistics.disclosure.rounding import LOW
from cdop.statistics.gathering import Attendances
from cdop.statistics.marking import MARKS, PROVISIONAL
from cdop.statistics.protecting import Protected
from cdop.statistics.rates import (
    HIDDEN,
    UNRELIABLE,
    UNRELIABLE_BELOW,
    Estimate,
    published_rate,
    published_share,
    published_standardised,
)
from cdop.statistics.year_tables import YearTables

SYMBOLS = {
    HIDDEN: "Confidential: 0 or more, not shown because it is small or a small count would follow",
    LOW: "A count that rounds to 0; a percentage of such a count",
    UNRELIABLE: "Unreliable: based on fewer than 20 deaths",
    "[x]": "Not available: fewer than 3 deaths (10 if standardised), or no population of the year",
    "[z]": "Not applicable: there is nothing to take a share of",
    **MARKS,
}

_OF_MEASURES = (UNRELIABLE, "[x]", "[z]")

Place = tuple[str, tuple[str, ...]]
Cells = Mapping[Place, int | None]


@dataclass(frozen=True)
class Package:
    """What a package is made of. `certificate` is the keyed digest of the proof.

    `denominators` has the population or births of each rate that can be worked out, by its code.
    `pooled` years were counted together, of which the tables' year is the last. `note` is what
    was typed for the readers, and settled by the approver. `marks` are those of `marking`;
    `attendance` is of professionals and not protected.
    """

    slug: str
    name: str
    tables: YearTables
    protected: Protected
    certificate: str
    denominators: Mapping[str, Denominator] = field(default_factory=dict)
    pooled: int = 1
    note: str = ""
    marks: Mapping[Place, str] = field(default_factory=dict)
    attendance: Attendances | None = None

    @property
    def title(self) -> str:
        """Return what the package is about: whose figures, of which time."""
        return f"{self.subject}: {self.name}, {self.period}"

    @property
    def subject(self) -> str:
        """Return what is counted, in words: the year's tables, or those asked for."""
        asked = [table.title for table in self.tables.asked]
        return "; ".join(asked) or self.tables.definitions.title

    @property
    def period(self) -> str:
        """Return the years counted, in words."""
        if self.pooled == 1:
            return self.tables.year
        return f"{self.pooled} years to 31 March {int(self.tables.year[:4]) + 1}"


@dataclass(frozen=True)
class Share:
    """A percentage: of what, and its parts as they are shown."""

    definition: MeasureDefinition
    numerator: int | None
    denominator: int | None
    estimate: Estimate


@dataclass(frozen=True)
class Rate:
    """A rate: of what, its count as it is shown, and by whose figures it was worked out."""

    definition: RateDefinition
    count: int | None
    denominator: Denominator | None
    estimate: Estimate


def symbols(tables: YearTables) -> Mapping[str, str]:
    """Return what each symbol means that may stand in a package of these tables."""
    definitions = tables.definitions
    never = set() if definitions.measured else set(_OF_MEASURES)
    if not any(each.provisional_days for each in definitions.populations):
        never.add(PROVISIONAL)
    return {symbol: words for symbol, words in SYMBOLS.items() if symbol not in never}


def keys(tables: YearTables, table: TableDefinition) -> list[tuple[str, ...]]:
    """Return the keys of a table's cells: the total first, then the order of the code lists."""
    return list(product(*((TOTAL, *tables.codes(name)) for name in table.by)))


def shown(package: Package, place: Place) -> tuple[int | None, str]:
    """Return a count as it is shown, None for a hidden one, and its symbol if it has one."""
    count = package.protected.cells[place]
    return count, package.protected.symbols.get(place, HIDDEN if count is None else "")


def said(package: Package, place: Place) -> str:
    """Return what stands in a cell to be read: the count, its symbol, its marks."""
    count, symbol = shown(package, place)
    number = "" if count is None else f"{count:,}"
    return " ".join(filter(None, [number, symbol, package.marks.get(place, "")]))


def told_of_all(package: Package, table: TableDefinition) -> list[str]:
    """Return the marks that every count of a table has."""
    places = [(table.code, key) for key in keys(package.tables, table)]
    common = [set(package.marks.get(place, "").split()) for place in places]
    return sorted(set.intersection(*common))


def shares(tables: YearTables, cells: Cells) -> list[Share]:
    """Return the percentages of the tables that are there: a hidden part hides the whole."""
    found = []
    for measure in tables.definitions.measures:
        if (measure.table, (TOTAL,)) in cells:
            parts = measured(cells, measure)
            found.append(Share(measure, *parts, published_share(*parts)))
    return found


def released_shares(package: Package) -> list[Share]:
    """Return the percentages of a release, none of small counts that are rounded."""
    found = shares(package.tables, package.protected.cells)
    if package.protected.profile.others != Others.CONTROLLED:
        return found
    return [replace(each, estimate=_of_rounded(each)) for each in found]


def _of_rounded(share: Share) -> Estimate:
    """Return what may be said of a share of rounded counts.

    One that rounds to 0 need not be none, and "5 of 5" may have been 1 of 9.
    """
    if share.numerator == 0:
        return Estimate(symbol=LOW)
    few = share.denominator is not None and share.denominator < UNRELIABLE_BELOW
    return Estimate(symbol=UNRELIABLE) if few else share.estimate


def rates(tables: YearTables, cells: Cells, denominators: Mapping[str, Denominator]) -> list[Rate]:
    """Return the rates of the tables that are there, worked out from the counts as shown."""
    found = []
    for rate in tables.definitions.rates:
        if (rate.table, (TOTAL,)) not in cells:
            continue
        count = _summed(cells, rate.table, rate.numerator)
        names = rate.denominators()
        known = [denominators[name] for name in names if name in denominators]
        under = added(known) if len(known) == len(names) else None
        if rate.strata:
            parts = [
                (
                    _summed(cells, rate.table, each.numerator),
                    denominators[name].count if name in denominators else None,
                    each.weight,
                )
                for name, each in zip(names, rate.strata, strict=True)
            ]
            estimate = published_standardised(parts, rate.per)
        else:
            estimate = published_rate(count, under.count if under else None, rate.per)
        found.append(Rate(rate, count, under, estimate))
    return found


def _summed(cells: Cells, table: str, codes: Sequence[str]) -> int | None:
    """Return the sum of some cells of a one-way table, None where one is hidden."""
    parts = [cells[table, (code,)] for code in codes]
    return None if None in parts else sum(part for part in parts if part is not None)


def percent(value: float | None) -> str:
    """Return a share as a percentage with one decimal, or nothing."""
    return "" if value is None else f"{100 * value:.1f}"


def decimal(value: float | None) -> str:
    """Return a rate with one decimal, or nothing."""
    return "" if value is None else f"{value:.1f}"
