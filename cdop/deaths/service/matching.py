"""Possible duplicates: offered to the coordinator, who says whether they are the same child."""

from uuid import UUID

from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.commands import Child
from cdop.deaths.documents import (
    CIRCUMSTANCES,
    NOTIFIED_IDENTITY,
    NOTIFIED_NAMES,
    NOTIFIER,
)
from cdop.deaths.models import Death, PossibleMatch
from cdop.deaths.service import finding
from cdop.deaths.service.events import record_event
from cdop.errors import Invalid, NotFound, Refused
from cdop.security.sealing import Sealed
from cdop.security.sections import Section
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.service import close_task, open_task

EDIT = "deaths:case:edit"
TASK = "decide-match"


def offer(work: Work, death: Death, child: Child) -> None:
    """Keep each possible duplicate of a new or corrected case, and ask the coordinator."""
    for other, why in finding.possible_matches(work, death, child):
        older, newer = sorted((other, death), key=lambda each: each.id)
        known = select(PossibleMatch).where(
            PossibleMatch.death_id == newer.id, PossibleMatch.other_id == older.id
        )
        if work.session.exec(known).first():
            continue
        work.session.add(
            PossibleMatch(
                organisation_id=death.organisation_id,
                death_id=newer.id,
                other_id=older.id,
                why=why,
            )
        )
        open_task(
            work,
            TASK,
            organisation_id=death.organisation_id,
            permission=EDIT,
            subject=("deaths", newer.id),
            reference=newer.reference,
            due_on=None,
        )


def decide_match(work: Work, match_id: UUID, decision: str) -> UUID:
    """Say that two cases are the `same` child (the later joins the earlier) or `different`.

    Returns the case that stays. Raises Refused when it was decided already or the later case has
    been reviewed: a signed-off review is never folded into another case.
    """
    work.check(EDIT)
    match = work.session.get(PossibleMatch, match_id)
    if match is None or not work.actor.may(EDIT, match.organisation_id):
        raise NotFound
    if decision not in ("same", "different"):
        raise Invalid({"decision": "Choose whether this is the same child"})
    if match.decision:
        raise Refused("This possible duplicate has been decided already.")
    later = queries.get(work, match.death_id, EDIT)
    earlier = queries.get(work, match.other_id, EDIT)
    if decision == "same":
        _join(work, later, earlier)
    match.decision, match.decided_at, match.decided_by = decision, work.now, work.actor.name
    work.session.flush()
    if not queries.undecided_matches(work, later):
        close_task(work, TASK, later.id)
    work.audit(
        "deaths:match:decide",
        ("deaths", later.id),
        later.organisation_id,
        decision=decision,
        other=str(earlier.id),
    )
    return earlier.id


def _join(work: Work, later: Death, earlier: Death) -> None:
    if "joined" in (later.status, earlier.status):
        raise Refused("One of these cases has been joined to another already.")
    if later.status == "reviewed":
        raise Refused("The later case has been signed off by the panel and cannot be joined.")
    for row in queries.notifications(work, later):
        _move(work, row, earlier, (NOTIFIED_NAMES, NOTIFIED_IDENTITY, CIRCUMSTANCES, NOTIFIER))
        row.death_id = earlier.id
    later.status, later.joined_to_id = "joined", earlier.id
    finding.forget(work, later.id)
    open_tasks = select(Task).where(Task.subject_id == later.id, col(Task.done_at).is_(None))
    for task in work.session.exec(open_tasks):
        close_task(work, task.kind, later.id)
    record_event(work, later, "joined-to", ("deaths", earlier.id))
    record_event(work, earlier, "joined-by", ("deaths", later.id))


def _move(work: Work, row: Sealed, into: Death, sections: tuple[Section, ...]) -> None:  # type: ignore[type-arg]
    """Seal a row's documents under another case's key."""
    documents = {each: work.open_within(row, each) for each in sections}
    row.subject_id, row.organisation_id = into.id, into.organisation_id
    for each in sections:
        setattr(row, each.column, None)
    work.seal(row, documents)
