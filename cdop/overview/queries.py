"""What a panel may see: the anonymised case, once it is on a meeting's agenda, and its review."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths import queries as deaths
from cdop.deaths.documents import SUMMARY
from cdop.deaths.models import Death
from cdop.errors import NotFound
from cdop.meetings import queries as meetings
from cdop.meetings.models import Meeting
from cdop.overview import drafts
from cdop.overview.answers import Draft
from cdop.overview.models import READ, Review
from cdop.reference import Form, form
from cdop.security.work import Work

SHOWN = ("open", "reviewed")


@dataclass(frozen=True)
class PanelCase:
    """A case as the panel sees it: codes and the anonymised summary, nothing that identifies.

    Domain.md 3.4: the panel sees the identifier, age, gender and narrative. The year of death is a
    financial year; codes are of the lists `age-bands`, `sex`, `expected` and `place-of-death`.
    """

    death_id: UUID
    organisation_id: UUID
    reference: str
    age_band: str
    sex: str
    died_year: str
    expected: str
    place_of_death: str
    summary: str
    is_reviewed: bool
    meeting_id: UUID
    meets_on: date


@dataclass(frozen=True)
class KeptReview:
    """A panel's review as it stands. `form_edition` is that of the analysis form it answers."""

    version: int
    status: str
    form_edition: str
    reviewed_on: date
    draft: Draft
    drafted_by: str
    signed_off_at: datetime | None
    signed_off_by: str | None

    @property
    def is_signed_off(self) -> bool:
        """Say whether the chair has signed it off, so that it can no longer change."""
        return self.status == "signed-off"


def case(work: Work, death_id: UUID, permission: str = READ) -> tuple[Death, Meeting]:
    """Return a case and the latest meeting, in the actor's scope, that has it on its agenda.

    Raises NotFound when it is on none: a panel sees no case before it is put before it.
    """
    death = deaths.get(work, death_id, permission)
    meeting = meetings.meeting_of(work, death_id)
    if meeting is None or death.status not in SHOWN:
        raise NotFound
    return death, meeting


def form_for(work: Work, death_id: UUID) -> Form:
    """Return the edition of the analysis form in force on the day a case's panel meets."""
    _, meeting = case(work, death_id)
    return form("analysis", meeting.held_on)


def panel_view(work: Work, death_id: UUID) -> PanelCase:
    """Return a case as the panel sees it, with an audit line. Raises Denied or NotFound."""
    death, meeting = case(work, death_id)
    return PanelCase(
        death_id=death.id,
        organisation_id=death.organisation_id,
        reference=death.reference,
        age_band=death.age_band,
        sex=death.sex,
        died_year=death.died_year,
        expected=death.expected,
        place_of_death=death.place_of_death,
        summary=work.open(death, SUMMARY, why="panel").text,
        is_reviewed=death.status == "reviewed",
        meeting_id=meeting.id,
        meets_on=meeting.held_on,
    )


def review_of(work: Work, death_id: UUID) -> KeptReview | None:
    """Return the review of a case, with audit lines, or None when nothing was saved yet."""
    death, _ = case(work, death_id)
    row = find(work, death.id)
    if row is None:
        return None
    return KeptReview(
        version=row.version,
        status=row.status,
        form_edition=row.form_edition,
        reviewed_on=row.reviewed_on,
        draft=drafts.read(work, row),
        drafted_by=row.drafted_by,
        signed_off_at=row.signed_off_at,
        signed_off_by=row.signed_off_by,
    )


def states(work: Work, death_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return how far each of some cases' reviews has come, `draft` or `signed-off`; no words of it.

    Cases without a review, or outside the actor's scope, are left out.
    """
    query = select(Review).where(col(Review.death_id).in_(set(death_ids)))
    reviews = work.session.exec(query)
    return {r.death_id: r.status for r in reviews if work.actor.may(READ, r.organisation_id)}


def find(work: Work, death_id: UUID, *, to_change: bool = False) -> Review | None:
    """Return the row of a case's review. `to_change` makes another writer wait."""
    query = select(Review).where(Review.death_id == death_id)
    return work.session.exec(query.with_for_update() if to_change else query).one_or_none()
