"""The populations and births of a panel's rates, as far as they are loaded."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlmodel import Session

from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind
from cdop.reference_files.service import Denominator, denominator
from cdop.statistics.definitions import RateDefinition
from cdop.statistics.year_tables import YearTables, year_days, years_to


def denominators(
    session: Session, cdop_id: UUID, tables: YearTables, pooled: int = 1
) -> dict[str, Denominator]:
    """Return the denominator of each rate, or of each stratum of it, by its name.

    Those that lack figures are left out. Of pooled years the figures are added up, as deaths are.
    """
    found: dict[str, Denominator] = {}
    for rate in tables.rates:
        try:
            found |= rate_denominators(session, cdop_id, rate, tables.year, pooled)
        except Invalid:
            continue
    return found


def rate_denominators(
    session: Session, cdop_id: UUID, rate: RateDefinition, year: str, pooled: int = 1
) -> dict[str, Denominator]:
    """Return all denominators of one rate. Raises Invalid, saying which figures are missing."""
    years = {each: areas(session, cdop_id, year_days(each)[1]) for each in years_to(year, pooled)}
    found = {}
    for name, where in rate.denominators().items():
        parts = [
            denominator(session, rate.denominator, here, each, where)
            for each, here in years.items()
        ]
        found[name] = added(parts)
    return found


def added(parts: Sequence[Denominator]) -> Denominator:
    """Return denominators added up, with every edition and source."""
    editions = ", ".join(dict.fromkeys(part.edition for part in parts))
    sources = "; ".join(dict.fromkeys(part.source for part in parts))
    return Denominator(sum(part.count for part in parts), editions, sources)


def areas(session: Session, cdop_id: UUID, day: date) -> list[str]:
    """Return the areas whose deaths a panel's figures count: its own, and its predecessors'."""
    served = {
        each.slug
        for panel in organisations.with_predecessors(session, cdop_id)
        for each in organisations.served_by(session, panel, day)
        if each.kind == Kind.AREA
    }
    return sorted(served)
