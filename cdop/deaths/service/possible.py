"""The possible duplicates that wait for a coordinator, and the tasks that ask for a decision."""

from uuid import UUID

from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.likeness import Decision
from cdop.deaths.models import Death, PossibleMatch
from cdop.security.work import Work
from cdop.tasks.service import close_task, open_task

EDIT = "deaths:case:edit"
TASK = "decide-match"


def keep(work: Work, panel: UUID, pair: set[UUID], decision: Decision) -> None:
    """Keep a possible duplicate, once, and ask for its decision."""
    older_id, newer_id = sorted(pair)
    known = select(PossibleMatch).where(
        PossibleMatch.death_id == newer_id, PossibleMatch.other_id == older_id
    )
    if work.session.exec(known).first():
        return
    work.session.add(
        PossibleMatch(
            organisation_id=panel, death_id=newer_id, other_id=older_id, why=decision.value
        )
    )
    ask(work, panel, work.session.get_one(Death, newer_id))


def hand_on(work: Work, later: Death, earlier: Death) -> None:
    """Let the case that stays take over the other possible duplicates of the one that joined it."""
    involved = (PossibleMatch.death_id == later.id) | (PossibleMatch.other_id == later.id)
    query = select(PossibleMatch).where(involved, col(PossibleMatch.decision).is_(None))
    for row in work.session.exec(query).all():
        other_id = row.other_id if row.death_id == later.id else row.death_id
        other = work.session.get_one(Death, other_id)
        if other.status != "joined":
            keep(work, row.organisation_id, {earlier.id, other_id}, Decision(row.why))
            settle(work, other)


def reopen(work: Work, later: Death, earlier: Death) -> None:
    """Let a decided possible duplicate wait for its decision again."""
    pair = (later.id, earlier.id)
    query = select(PossibleMatch).where(
        col(PossibleMatch.death_id).in_(pair), col(PossibleMatch.other_id).in_(pair)
    )
    row = work.session.exec(query).one()
    row.decision = row.decided_at = row.decided_by = None
    ask(work, row.organisation_id, work.session.get_one(Death, row.death_id))


def settle(work: Work, death: Death) -> None:
    """Close a case's task when nothing is left to decide."""
    if not queries.undecided_matches(work, death):
        close_task(work, TASK, death.id)


def ask(work: Work, panel: UUID, newer: Death) -> None:
    """Open the task that asks a panel's coordinator for a decision."""
    open_task(
        work,
        TASK,
        organisation_id=panel,
        permission=EDIT,
        subject=("deaths", newer.id),
        reference=newer.reference,
        due_on=None,
    )
