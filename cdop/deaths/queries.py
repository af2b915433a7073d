"""What a person may see of deaths: every query starts from the actor's scope."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from cdop.deaths.models import Death, DeathEvent, Notification, PossibleMatch
from cdop.errors import NotFound, OnlyToRead
from cdop.security.actor import everywhere
from cdop.security.work import Work

READ = "deaths:case:read"


@dataclass(frozen=True)
class ListedCase:
    """A case as a list shows it: nothing sealed is opened for it."""

    id: UUID
    reference: str
    status: str
    notified_on: date
    age_band: str
    sex: str


@dataclass(frozen=True)
class Match:
    """A possible duplicate for the coordinator to decide."""

    id: UUID
    other_id: UUID
    other_reference: str
    why: str


def visible(work: Work, permission: str = READ) -> SelectOfScalar[Death]:
    """Return the query of the cases that the actor may see with a permission."""
    query = select(Death)
    if everywhere(work.actor):
        return query
    within = col(Death.organisation_id).in_(work.actor.scope(permission))
    cases = work.actor.cases(permission)
    return query.where(within | col(Death.id).in_(cases) if cases else within)


def get(work: Work, death_id: UUID, permission: str = READ) -> Death:
    """Return a case. Raises Denied without the permission, NotFound when absent or out of scope.

    Raises OnlyToRead for a case that the actor may read, but not with the permission.
    """
    work.check(permission)
    found = work.session.get(Death, death_id)
    if found is None or not (_reaches(work, READ, found) or _reaches(work, permission, found)):
        raise NotFound(("deaths", death_id), permission)
    check_reach(work, found, permission)
    return found


def check_reach(work: Work, death: Death, permission: str) -> None:
    """Raise OnlyToRead unless the actor holds a permission at a case that they can see."""
    if not _reaches(work, permission, death):
        raise OnlyToRead(("deaths", death.id), permission)


def _reaches(work: Work, permission: str, death: Death) -> bool:
    return work.actor.may(permission, death.organisation_id, death.id)


def latest(
    work: Work, limit: int = 25, before: tuple[date, UUID] | None = None
) -> list[ListedCase]:
    """Return cases in scope, the last notified first; `before` continues after a row seen."""
    work.check(READ)
    query = visible(work).order_by(col(Death.notified_on).desc(), col(Death.id).desc())
    if before:
        day, last = before
        query = query.where(
            (col(Death.notified_on) < day)
            | ((col(Death.notified_on) == day) & (col(Death.id) < last))
        )
    return [
        ListedCase(d.id, d.reference, d.status, d.notified_on, d.age_band, d.sex)
        for d in work.session.exec(query.limit(limit))
    ]


def notifications(work: Work, death: Death) -> list[Notification]:
    """Return the notifications behind a case, in order of arrival."""
    query = (
        select(Notification)
        .where(Notification.death_id == death.id)
        .order_by(col(Notification.received_at), col(Notification.id))
    )
    return list(work.session.exec(query))


def events(work: Work, death: Death) -> list[DeathEvent]:
    """Return a case's timeline, the earliest first."""
    query = (
        select(DeathEvent)
        .where(DeathEvent.death_id == death.id)
        .order_by(col(DeathEvent.at), col(DeathEvent.id))
    )
    return list(work.session.exec(query))


def undecided_matches(work: Work, death: Death) -> list[Match]:
    """Return the possible duplicates of a case that nobody has decided yet, either way round.

    Those that the actor does not reach are left out: a key worker learns of no other family.
    """
    if death.status == "joined":
        return []
    mine = (PossibleMatch.death_id == death.id) | (PossibleMatch.other_id == death.id)
    query = select(PossibleMatch).where(mine, col(PossibleMatch.decision).is_(None))
    found = []
    for row in work.session.exec(query):
        other_id = row.other_id if row.death_id == death.id else row.death_id
        other = work.session.get(Death, other_id)
        reached = other and work.actor.may(READ, other.organisation_id, other.id)
        if other and reached and other.status != "joined":
            found.append(Match(row.id, other.id, other.reference, row.why))
    return found


def first_received(work: Work, death: Death) -> datetime | None:
    """Return when the first notification of a case arrived."""
    rows = notifications(work, death)
    return rows[0].received_at if rows else None
