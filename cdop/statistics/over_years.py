"""A panel's numbers over the years: exact ones, or those that were released, never a mixture.

Whoever may not read exact figures sees each year as its release shows it. A year without one has no
number: nothing is protected here that a release was not.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import counting, whose
from cdop.statistics.contents import decimal, percent, rates, shares
from cdop.statistics.denominators import denominators
from cdop.statistics.disclosure import TOTAL
from cdop.statistics.models import Release
from cdop.statistics.rates import Estimate
from cdop.statistics.released import RELEASED, files
from cdop.statistics.year_tables import year_tables

READ = "statistics:dashboard:read"
YEARS = 10
NOT_RELEASED = "not released"
TABLES = {"died": "died-by-age", "notified": "notified-by-age", "reviewed": "reviewed-by-sex"}
SHARE = "modifiable-of-sufficient"
RATES = ("deaths-under-18", "infant-deaths")


@dataclass(frozen=True)
class Point:
    """A year's number: `value` draws it, None draws nothing; `shown` is printed."""

    year: str
    value: float | None
    shown: str


@dataclass(frozen=True)
class Series:
    """One number over the years, the first year first."""

    code: str
    title: str
    unit: str
    points: Sequence[Point]


Year = Mapping[str, tuple[float | None, str]]


def exact_years(work: Work, slug: str) -> list[Series]:
    """Return a panel's exact numbers of its last years; audited.

    Raises Denied without the permission for exact figures, NotFound out of scope.
    """
    cdop = whose.find(work, slug, counting.READ, whose.PANELS)
    years = sorted(whose.years(work, cdop)[:YEARS])
    work.audit(
        counting.READ, ("organisations", cdop.id), cdop.id, report="dashboard", years=len(years)
    )
    return _series({year: _exact(work, cdop.id, year) for year in years})


def released_years(work: Work, slug: str) -> list[Series]:
    """Return a panel's numbers as its releases show them; audited.

    Raises Denied without the permission, NotFound out of scope.
    """
    cdop = whose.find(work, slug, READ, whose.PANELS)
    places = organisations.with_predecessors(work.session, cdop.id)
    query = select(Release).where(
        col(Release.organisation_id).in_(places), Release.state == RELEASED, Release.years == 1
    )
    found = work.session.exec(query.order_by(col(Release.id)))
    latest = {release.year: release for release in found if not release.asked}
    years = sorted(whose.years(work, cdop)[:YEARS])
    work.audit(READ, ("organisations", cdop.id), cdop.id, report="dashboard", years=len(years))
    return _series({y: _released(latest[y]) if y in latest else {} for y in years})


def _exact(work: Work, cdop_id: UUID, year: str) -> Year:
    tables = year_tables(year)
    figures = counting.figures(counting.counts(work, cdop_id, year), tables)
    found: dict[str, tuple[float | None, str]] = {}
    for population, table in TABLES.items():
        count = figures[table, (TOTAL,)]
        found[population] = (float(count), f"{count:,}")
    for share in shares(tables, figures):
        found[share.definition.code] = _drawn(share.estimate, percent, 100, "%")
    for rate in rates(tables, figures, denominators(work.session, cdop_id, tables)):
        found[rate.definition.code] = _drawn(rate.estimate, decimal, 1, "")
    return found


def _drawn(
    estimate: Estimate, said: Callable[[float | None], str], scale: float, unit: str
) -> tuple[float | None, str]:
    if estimate.value is None:
        return None, estimate.symbol
    limits = f"({said(estimate.lower)} to {said(estimate.upper)})"
    shown = " ".join(filter(None, [f"{said(estimate.value)}{unit}", limits, estimate.symbol]))
    return scale * estimate.value, shown


def _released(release: Release) -> Year:
    """Return what a release's package shows of the series, from its own files."""
    content = files(release)
    found: dict[str, tuple[float | None, str]] = {}
    for population, table in TABLES.items():
        total = _rows(content, table)[0]  # the total stands first
        count, symbol = total["count"], total["count_symbol"]
        shown = " ".join(filter(None, [count, symbol, total.get("marks", "")]))
        found[population] = (float(count) if count else None, shown)
    for file, value, unit in (("percentages", "percent", "%"), ("rates", "rate", "")):
        for row in _rows(content, file):
            found[row["measure"]] = _printed(row, value, unit)
    return found


def _printed(row: Mapping[str, str], value: str, unit: str) -> tuple[float | None, str]:
    number, symbol = row[value], row[f"{value}_symbol"]
    if not number:
        return None, symbol
    limits = ""
    if row.get(f"{value}_lci"):
        limits = f"({row[f'{value}_lci']} to {row[f'{value}_uci']})"
    return float(number), " ".join(filter(None, [number + unit, limits, symbol]))


def _rows(content: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    text = content.get(f"tables/{name}.csv", b"").decode()
    return list(csv.DictReader(io.StringIO(text)))


def _series(years: Mapping[str, Year]) -> list[Series]:
    named = [
        ("died", "Died in the year", "Deaths"),
        ("notified", "Notified in the year", "Deaths"),
        ("reviewed", "Reviewed in the year", "Deaths"),
        (
            SHARE,
            "Modifiable factors identified, of reviews with sufficient information",
            "Per cent",
        ),
        ("deaths-under-18", "Deaths for 100,000 children under 18", "Rate (95% interval)"),
        ("infant-deaths", "Infant deaths for 1,000 live births", "Rate (95% interval)"),
    ]
    found = []
    for code, title, unit in named:
        missing = None, "" if code in TABLES else "[x]"
        points = [
            Point(year, *(of.get(code, missing) if of else (None, NOT_RELEASED)))
            for year, of in years.items()
        ]
        found.append(Series(code, title, unit, points))
    return found
