"""Due dates of a death: which clocks run, from which sealed date, and the tasks they open."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from cdop.clock import LONDON, local_day
from cdop.deaths.documents import Identity
from cdop.deaths.models import Death, DeathEvent
from cdop.deaths.service.events import STEP
from cdop.reference import Clock, clocks, derive, due
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.service import open_task

# The panel's own steps: the work list shows the next of them under the panel's review clock.
PANEL_REVIEW = "panel-review-aim"
NEXT_STEPS = ("write-summary", "put-on-agenda")
_OWN_CLOCKS = ("notify", PANEL_REVIEW, "panel-review-measure")


@dataclass(frozen=True)
class Due:
    """A due day as a case's page shows it. `met_on` is when the step was done, if it was."""

    code: str
    label: str
    who: str
    due_on: date
    standing: str
    source: str
    met_on: date | None

    def is_overdue(self, today: date) -> bool:
        """Say whether the step is still open after its due day."""
        return self.met_on is None and today > self.due_on

    @property
    def was_late(self) -> bool:
        """Say whether the step was done after its due day."""
        return self.met_on is not None and self.met_on > self.due_on


def running(died_on: date) -> tuple[Clock, ...]:
    """Return the clocks that every death of that day starts."""
    return clocks(died_on, starts="death", subject="death", applies_to="every-death")


def due_dates(
    identity: Identity, received_at: datetime, reviewed_on: date | None, events: list[DeathEvent]
) -> list[Due]:
    """Return a case's due dates, the earliest first."""
    if identity.died_on is None:
        return []
    met: dict[str, date] = {"notify": local_day(received_at)}
    if reviewed_on:
        met |= {PANEL_REVIEW: reviewed_on, "panel-review-measure": reviewed_on}
    for event in events:
        if event.kind.startswith(STEP):
            met[event.kind.removeprefix(STEP)] = local_day(event.at)
    found = [
        Due(
            code=clock.code,
            label=clock.label,
            who=clock.who,
            due_on=due_on(clock, identity),
            standing=clock.standing,
            source=clock.source,
            met_on=met.get(clock.code),
        )
        for clock in running(identity.died_on)
    ]
    return sorted(found, key=lambda each: (each.due_on, each.code))


def due_on(clock: Clock, identity: Identity) -> date:
    """Return the day in England on which a clock that the death started runs out."""
    if identity.died_on is None:
        raise ValueError("a clock needs the date of death")
    start: date | datetime = identity.died_on
    if identity.died_at and clock.unit == "hours":
        start = datetime.combine(identity.died_on, identity.died_at, LONDON)
    end = due(clock, start)
    return local_day(end) if isinstance(end, datetime) else end


def known_week(died_on: date) -> date:
    """Return the Monday of the week of a death, from which its plain due days are counted.

    Were each due day counted from the sealed date and then cut to its week, a Monday or a Sunday
    would be told from the other days by the weeks of several clocks together. Counted from the
    Monday they are early by six days at most, and never late. A week that a new financial year or
    new clocks cut is taken with the week before or after it: seven days always look alike.
    """
    monday = died_on - timedelta(days=died_on.weekday())
    week_before = monday - timedelta(days=7)
    cut = _plain_signs(died_on) != _plain_signs(monday + timedelta(days=6))
    cut_before = _plain_signs(monday - timedelta(days=1)) != _plain_signs(week_before)
    return week_before if cut or cut_before else monday


def _plain_signs(died_on: date) -> tuple[str, ...]:
    """Return what else stands in clear and depends on the day of death alone."""
    return derive.financial_year(died_on), *(clock.code for clock in running(died_on))


def open_tasks(work: Work, death: Death, identity: Identity) -> None:
    """Open a task for each step that somebody still has to take."""
    open_next_step(work, death, NEXT_STEPS[0], identity)
    for clock in running(identity.died_on or work.today):
        if clock.code not in _OWN_CLOCKS:
            _open(work, death, STEP + clock.code, clock, identity)


def open_next_step(work: Work, death: Death, kind: str, identity: Identity) -> None:
    """Open the panel's next step on a case, due by the clock of its review where there is one."""
    found = [c for c in running(identity.died_on or work.today) if c.code == PANEL_REVIEW]
    _open(work, death, kind, found[0] if found else None, identity)


def _open(work: Work, death: Death, kind: str, clock: Clock | None, identity: Identity) -> None:
    day = None
    if clock and identity.died_on:
        day = due_on(clock, Identity(died_on=known_week(identity.died_on)))
    open_task(
        work,
        kind,
        organisation_id=death.organisation_id,
        permission="deaths:case:edit",
        subject=("deaths", death.id),
        reference=death.reference,
        due_on=day,
        clock=clock.code if clock else None,
        standing=clock.standing if clock else None,
        by_week=True,
    )


def refresh_tasks(work: Work, death: Death, identity: Identity) -> None:
    """Set the due days of a case's open steps anew after its dates were corrected."""
    query = select(Task).where(Task.subject_id == death.id, col(Task.done_at).is_(None))
    kinds = {task.kind for task in work.session.exec(query)}
    for kind in NEXT_STEPS:
        if kind in kinds:
            open_next_step(work, death, kind, identity)
    for clock in running(identity.died_on or work.today):
        if STEP + clock.code in kinds:
            _open(work, death, STEP + clock.code, clock, identity)
    if not kinds:
        open_tasks(work, death, identity)
