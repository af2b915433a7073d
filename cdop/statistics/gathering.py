"""Exact, internal counts beside the year's tables: factors by domain, attendance, lessons."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from cdop.deaths.models import Death
from cdop.meetings.models import Attendance, Meeting
from cdop.organisations import queries as organisations
from cdop.overview.models import ANALYSIS, Factor, Review
from cdop.overview.models import READ as READ_REVIEW
from cdop.overview.rules import CONTRIBUTED, YES
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.statistics.records.deaths import COUNTED
from cdop.statistics.year_tables import year_days, years_to


@dataclass(frozen=True)
class Attendances:
    """Attendance at a panel's meetings: states as (code, label); agencies as (code, label, counts).

    The counts are in the order of the states.
    """

    meetings: int
    states: tuple[tuple[str, str], ...] = ()
    agencies: tuple[tuple[str, str, tuple[int, ...]], ...] = ()


def factors_by_domain(
    work: Work, cdop_id: UUID, year: str, pooled: int = 1
) -> list[tuple[str, int, int]]:
    """Return each domain with the reviews that name a factor of it which may have contributed, and
    those that name a modifiable one. A review may name several domains: they do not add up.
    """
    query = (
        select(Factor.domain, Factor.relevance, Factor.modifiable, Factor.review_id)
        .join(Review, col(Review.id) == Factor.review_id)
        .join(Death, col(Death.id) == Review.death_id)
        .where(*_reviewed(work, cdop_id, year, pooled))
    )
    named, modifiable = defaultdict(set), defaultdict(set)
    for domain, relevance, mark, review in work.session.exec(query):
        if relevance in CONTRIBUTED:
            named[domain].add(review)
            if mark == YES:
                modifiable[domain].add(review)
    domains = codelist("domains", year_days(year)[1]).choices()
    return [(label, len(named[code]), len(modifiable[code])) for code, label in domains]


def attendance(work: Work, cdop_id: UUID, year: str, pooled: int = 1) -> Attendances:
    """Return how many meetings were held, and at how many each agency was in each state.

    Professionals in their office, and no child: such counts are published as they are, and no
    count of children follows from them.
    """
    first, _ = year_days(years_to(year, pooled)[0])
    _, last = year_days(year)
    places = organisations.with_predecessors(work.session, cdop_id)
    held = select(Meeting.id).where(
        col(Meeting.organisation_id).in_(places),
        Meeting.status == "held",
        col(Meeting.held_on) >= first,
        col(Meeting.held_on) <= last,
    )
    meetings = work.session.exec(held).all()
    query = select(Attendance.agency, Attendance.state)
    rows = work.session.exec(query.where(col(Attendance.meeting_id).in_(meetings)))
    counted = Counter((agency, state) for agency, state in rows)
    states = codelist("attendance", last).choices()
    present = {agency for agency, _ in counted}
    agencies = [
        (code, label, tuple(counted[code, state] for state, _ in states))
        for code, label in codelist("agencies", last).choices()
        if code in present
    ]
    return Attendances(len(meetings), tuple(states), tuple(agencies))


def lessons(work: Work, cdop_id: UUID, year: str) -> list[tuple[str, str]]:
    """Return what the panel wrote of each review: what was learnt, and what it recommends; audited.

    Empty for whoever may not read reviews of that panel.
    """
    if not work.actor.may(READ_REVIEW, cdop_id):
        return []
    query = (
        select(Review)
        .join(Death, col(Death.id) == Review.death_id)
        .where(*_reviewed(work, cdop_id, year, 1))
        .order_by(col(Review.reviewed_on), col(Review.id))
    )
    found = []
    for review in work.session.exec(query).all():
        words = work.open(review, ANALYSIS, why="annual report")
        if words.learning.strip() or words.recommendations.strip():
            found.append((words.learning.strip(), words.recommendations.strip()))
    return found


def _reviewed(work: Work, cdop_id: UUID, year: str, pooled: int) -> tuple[ColumnElement[bool], ...]:
    places = organisations.with_predecessors(work.session, cdop_id)
    return (
        col(Death.organisation_id).in_(places),
        col(Death.status).in_(COUNTED),
        col(Death.reviewed_year).in_(years_to(year, pooled)),
        col(Review.status) == "signed-off",
    )
