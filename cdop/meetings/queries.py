"""What a person may see of meetings: every query starts from the actor's scope."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.deaths import queries as deaths
from cdop.deaths.models import Death
from cdop.errors import NotFound
from cdop.meetings.models import AgendaItem, Attendance, Meeting
from cdop.organisations.queries import with_predecessors
from cdop.security.actor import everywhere
from cdop.security.work import Work

READ = "meetings:meeting:read"
ARRANGE = "meetings:meeting:arrange"
DEATHS = "deaths"
"""What an agenda item calls a child's death, as tasks and audit lines do: the table's name."""


class Arranged(NamedTuple):
    """A meeting to come as a list shows it; the names are those of `Meeting`."""

    id: UUID
    organisation_id: UUID
    held_on: date
    starts_at: str
    place: str
    panel_type: str


# Start pages ask it: to build a query takes longer than to run it, entities longer than rows.
_ARRANGED = (
    sa.select(*(getattr(Meeting, name) for name in Arranged._fields))
    .where(col(Meeting.status) == "arranged")
    .order_by(col(Meeting.held_on), col(Meeting.starts_at))
)
_ARRANGED_IN_SCOPE = _ARRANGED.where(
    col(Meeting.organisation_id).in_(bindparam("scope", expanding=True))
)


@dataclass(frozen=True)
class Waiting:
    """An open case that is on no agenda: ready when its anonymised summary is written."""

    id: UUID
    reference: str
    notified_on: date
    is_ready: bool


def visible(work: Work, permission: str = READ) -> SelectOfScalar[Meeting]:
    """Return the query of the meetings that the actor may see with a permission."""
    query = select(Meeting)
    if everywhere(work.actor):
        return query
    return query.where(col(Meeting.organisation_id).in_(work.actor.scope(permission)))


def get(work: Work, meeting_id: UUID, permission: str = READ) -> Meeting:
    """Return a meeting. Raises Denied without the permission, NotFound outside the scope."""
    work.check(permission)
    query = visible(work, permission).where(Meeting.id == meeting_id)
    found = work.session.exec(query).one_or_none()
    if found is None:
        raise NotFound(("meetings", meeting_id), permission)
    return found


def upcoming(work: Work) -> list[Arranged]:
    """Return the arranged meetings in the actor's scope, the next one first."""
    work.check(READ)
    asked = _ARRANGED if everywhere(work.actor) else _ARRANGED_IN_SCOPE
    values = {"scope": list(work.actor.scope(READ))}
    return [Arranged._make(row) for row in work.session.connection().execute(asked, values)]


def held(work: Work, limit: int = 25) -> list[Meeting]:
    """Return the meetings held in the actor's scope, the latest first."""
    work.check(READ)
    query = visible(work).where(Meeting.status == "held")
    return list(work.session.exec(query.order_by(col(Meeting.held_on).desc()).limit(limit)))


def agenda(work: Work, meeting_id: UUID) -> list[AgendaItem]:
    """Return what is on a meeting's agenda, in its order."""
    meeting = get(work, meeting_id)
    query = select(AgendaItem).where(AgendaItem.meeting_id == meeting.id)
    return list(work.session.exec(query.order_by(col(AgendaItem.position), col(AgendaItem.id))))


def attendance(work: Work, meeting_id: UUID) -> dict[str, str]:
    """Return how each agency was present at a meeting, agency code to state."""
    meeting = get(work, meeting_id)
    query = select(Attendance).where(Attendance.meeting_id == meeting.id)
    return {row.agency: row.state for row in work.session.exec(query)}


def meeting_of(work: Work, subject_id: UUID) -> Meeting | None:
    """Return the latest meeting in the actor's scope that has a subject on its agenda."""
    query = (
        visible(work)
        .join(AgendaItem)
        .where(AgendaItem.subject_id == subject_id, Meeting.status != "cancelled")
        .order_by(col(Meeting.held_on).desc(), col(Meeting.id).desc())
        .limit(1)
    )
    return work.session.exec(query).one_or_none()


def waiting(work: Work, meeting: Meeting, limit: int = 100) -> list[Waiting]:
    """Return the panel's open cases that are on no arranged agenda: ready ones, oldest first."""
    panels = with_predecessors(work.session, meeting.organisation_id)
    taken = (
        select(AgendaItem.subject_id)
        .join(Meeting, col(Meeting.id) == AgendaItem.meeting_id)
        .where(col(Meeting.organisation_id).in_(panels), Meeting.status == "arranged")
    )
    query = (
        deaths.visible(work)
        .where(
            col(Death.organisation_id).in_(panels),
            Death.status == "open",
            col(Death.id).not_in(taken),
        )
        .order_by(col(Death.summary).is_(None), col(Death.notified_on), col(Death.id))
        .limit(limit)
    )
    return [
        Waiting(d.id, d.reference, d.notified_on, d.summary is not None)
        for d in work.session.exec(query)
    ]
