"""Opening and closing tasks, called by other packages' services within their unit of work."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from cdop.security.work import Work
from cdop.tasks.models import Task, may_be_asked


def open_task(
    work: Work,
    kind: str,
    *,
    organisation_id: UUID,
    permission: str,
    subject: tuple[str, UUID],
    reference: str,
    due_on: date | None,
    clock: str | None = None,
    standing: str | None = None,
    by_week: bool = False,
) -> None:
    """Open a task, once: when the same one is open already, its due day is set anew.

    With `by_week` the due day itself is not known here: `due_on` is the first of the seven days in
    which it falls. Without a due day no rule sets one, and the task is listed by the day it was
    opened. Raises ValueError for a permission by which no work list would find it.
    """
    if not may_be_asked(permission):
        raise ValueError(f"no work list looks for tasks that ask {permission}")
    precision = "week" if by_week else "day"
    if due_on is None:
        due_on, precision = work.today, "none"
    task = _find(work, kind, organisation_id, subject[1])
    if task is None:
        task = Task(
            organisation_id=organisation_id,
            kind=kind,
            permission=permission,
            subject_kind=subject[0],
            subject_id=subject[1],
            reference=reference,
            due_on=due_on,
            opened_at=work.now,
        )
        work.session.add(task)
    task.due_on = due_on
    task.due_precision = precision
    task.clock = clock
    task.standing = standing


def close_task(
    work: Work, kind: str, subject_id: UUID, organisation_id: UUID | None = None
) -> bool:
    """Close the open tasks of a kind about a subject. Returns whether there was one."""
    return close_tasks(work, [kind], subject_id, organisation_id)


def close_tasks(
    work: Work, kinds: Collection[str], subject_id: UUID, organisation_id: UUID | None = None
) -> bool:
    """Close the open tasks of several kinds about a subject. Returns whether there was one."""
    query = select(Task).where(
        Task.subject_id == subject_id, col(Task.kind).in_(kinds), col(Task.done_at).is_(None)
    )
    if organisation_id:
        query = query.where(Task.organisation_id == organisation_id)
    tasks = work.session.exec(query).all()
    for task in tasks:
        task.done_at = work.now
        task.done_by = work.actor.name
    return bool(tasks)


def _find(work: Work, kind: str, organisation_id: UUID, subject_id: UUID) -> Task | None:
    query = select(Task).where(
        Task.organisation_id == organisation_id,
        Task.kind == kind,
        Task.subject_id == subject_id,
        col(Task.done_at).is_(None),
    )
    return work.session.exec(query).one_or_none()
