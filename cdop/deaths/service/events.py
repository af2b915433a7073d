"""The timeline of a case, and the steps that people mark as done."""

from datetime import date
from uuid import UUID

from cdop.clock import noon
from cdop.deaths import queries
from cdop.deaths.documents import EVENT_REMARK, Remark
from cdop.deaths.models import Death, DeathEvent
from cdop.errors import Invalid
from cdop.security.work import Work
from cdop.tasks.service import close_task

STEP = "step:"


def record_event(
    work: Work,
    death: Death,
    kind: str,
    other: tuple[str, UUID] | None = None,
    remark: str = "",
) -> None:
    """Add an event to a case's timeline. `other` is what it points to; `remark` is sealed."""
    other_kind, other_id = other if other else (None, None)
    event = DeathEvent(
        subject_id=death.id,
        organisation_id=death.organisation_id,
        death_id=death.id,
        kind=kind,
        at=work.now,
        by=work.actor.name,
        other_kind=other_kind,
        other_id=other_id,
    )
    if remark:
        work.seal(event, {EVENT_REMARK: Remark(text=remark)})
    work.session.add(event)


def mark_step(work: Work, death_id: UUID, clock_code: str, done_on: date) -> None:
    """Mark a step that a clock waits for as done on a day, for example the review meeting.

    Raises Invalid when the day lies in the future or no such step is open.
    """
    death = queries.get(work, death_id, "deaths:case:edit")
    if done_on > work.today:
        raise Invalid({"done_on": "The day must not be in the future"})
    if not close_task(work, STEP + clock_code, death.id):
        raise Invalid({"step": "This step is not open"})
    event = DeathEvent(
        subject_id=death.id,
        organisation_id=death.organisation_id,
        death_id=death.id,
        kind=STEP + clock_code,
        at=noon(done_on),
        by=work.actor.name,
    )
    work.session.add(event)
    work.audit("deaths:step:mark", ("deaths", death.id), death.organisation_id, step=clock_code)
