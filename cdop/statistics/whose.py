"""Whose figures there are: those of child death overview panels and joint case review groups."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlmodel import Session, col, select

from cdop.errors import NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.reference.derive import financial_year
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.statistics.records import SOURCES, seeing
from cdop.statistics.subjects import DEATHS, REFERRALS
from cdop.statistics.year_tables import FILES, table_sets, year_days

READ = seeing.READ
SUBJECTS: Mapping[str, str] = {Kind.CDOP: DEATHS.code, Kind.GROUP: REFERRALS.code}
PANELS, EVERY = (Kind.CDOP,), (Kind.CDOP, Kind.GROUP)


def reached(
    work: Work, permission: str = READ, kinds: Collection[Kind] = EVERY
) -> list[Organisation]:
    """Return the panels and groups at which the actor holds a permission, by slug."""
    work.check(permission)
    query = select(Organisation).where(col(Organisation.kind).in_(kinds))
    if not everywhere(work.actor):
        query = query.where(col(Organisation.id).in_(work.actor.scope(permission)))
    return list(work.session.exec(query.order_by(Organisation.slug)))


def find(work: Work, slug: str, permission: str, kinds: Collection[Kind] = EVERY) -> Organisation:
    """Return a panel or group by slug. Raises Denied; NotFound when absent or out of scope."""
    found = next((o for o in reached(work, permission, kinds) if o.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def subject_of(session: Session, organisation_id: UUID) -> str:
    """Return what the figures of an organisation count. Raises NotFound for one without any."""
    kind = organisations.get(session, organisation_id).kind
    if kind not in SUBJECTS:
        raise NotFound
    return SUBJECTS[kind]


def resolve(session: Session, slug: str, year: str) -> UUID:
    """Return a panel or group by its slug; or the panel of a board or area on a year's last day.

    Raises NotFound when there is none, Invalid for a year that is not one.
    """
    _, last = year_days(year)
    asked = organisations.by_slug(session, slug)
    if asked.kind in SUBJECTS:
        return asked.id
    areas = [o for o in organisations.served_by(session, asked.id, last) if o.kind == Kind.AREA]
    for place in (asked, *areas):
        if found := organisations.serving(session, place.id, Kind.CDOP, last):
            return found[0].id
    raise NotFound


def years(work: Work, of: Organisation) -> list[str]:
    """Return the years for which there is something to count and tables, the last first."""
    subject = SUBJECTS[of.kind]
    places = organisations.with_predecessors(work.session, of.id)
    first = financial_year(table_sets(FILES[subject])[0].valid_from)
    found = SOURCES[subject].years(work.session, places)
    return sorted((year for year in found if year >= first), reverse=True)
