"""Where the demonstration is played: one unit of work, in which anyone may act on any past day."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session, select

from cdop.clock import noon
from cdop.meetings.service import NewMeeting, arrange
from cdop.organisations import people
from cdop.organisations.models import Organisation
from cdop.security.actor import Actor
from cdop.security.work import Work

NOTICE = timedelta(days=21)


@dataclass
class Stage:
    """One unit of work with the accounts and organisations that act in it.

    Every service is called as the account that would call it, on the day on which it would. Panels
    meet at `starts_at`.
    """

    work: Work
    actors: dict[str, Actor]
    ids: dict[str, UUID]
    starts_at: str = "09:30"
    meetings: dict[tuple[str, date], UUID] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """Return the present day, on which the demonstration is built."""
        return self.work.today

    def at(self, who: str, day: date) -> Work:
        """Return the unit of work as an account sees it on a day, never later than now."""
        return replace(self.work, actor=self.actors[who], now=min(noon(day), self.work.now))

    def meeting(self, panel: str, who: str, day: date) -> UUID:
        """Return a panel's meeting on a day, arranged three weeks before."""
        key = panel, day
        if key not in self.meetings:
            arranging = self.at(who, min(day - NOTICE, self.today))
            new = NewMeeting(self.ids[panel], day, self.starts_at, "Invented House, Room 1")
            self.meetings[key] = arrange(arranging, new)
        return self.meetings[key]


def open_stage(work: Work, usernames: Iterable[str]) -> Stage:
    """Return a stage with these accounts, as they stand on the present day."""
    return Stage(
        work,
        {name: people.actor_by_username(work.session, name, work.now) for name in usernames},
        organisation_ids(work.session),
    )


def organisation_ids(session: Session) -> dict[str, UUID]:
    """Return every organisation's id by its slug."""
    return {row.slug: row.id for row in session.exec(select(Organisation))}
