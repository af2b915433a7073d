"""A person's work list, and what is outstanding on one subject."""

from uuid import UUID

from sqlalchemy import union_all
from sqlmodel import col, select

from cdop.security.work import Work
from cdop.tasks.models import Task


def worklist(work: Work, limit: int = 25) -> list[Task]:
    """Return the actor's most urgent open tasks, the earliest due first.

    One short index walk for each (organisation, permission) the actor holds, so that its cost
    does not grow with the register.
    """
    walks = [
        select(col(Task.id), col(Task.due_on))
        .where(
            Task.organisation_id == organisation,
            Task.permission == permission,
            col(Task.done_at).is_(None),
        )
        .order_by(col(Task.due_on), col(Task.id))
        .limit(limit)
        .subquery()
        for permission in sorted(work.actor.permissions)
        for organisation in sorted(work.actor.scope(permission))
    ]
    if not walks:
        return []
    first = union_all(*(select(walk.c.id, walk.c.due_on) for walk in walks)).subquery()
    query = (
        select(Task)
        .join(first, first.c.id == Task.id)
        .order_by(col(Task.due_on), col(Task.id))
        .limit(limit)
    )
    return list(work.session.exec(query))


def outstanding(work: Work, subject_id: UUID) -> list[Task]:
    """Return the open tasks about a subject that the actor may see, the earliest due first."""
    query = (
        select(Task)
        .where(Task.subject_id == subject_id, col(Task.done_at).is_(None))
        .order_by(col(Task.due_on), col(Task.id))
    )
    return [t for t in work.session.exec(query) if work.actor.may(t.permission, t.organisation_id)]
