"""A person's work list, and what is outstanding on one subject."""

from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Integer, Select, bindparam, union_all
from sqlmodel import col, select

from cdop.security.work import Work
from cdop.tasks.models import Task, may_be_asked


class Waiting(NamedTuple):
    """An open task as a list shows it; the names are those of `Task`.

    `subject_id` is text, for an address: a UUID for each takes longer than to read the row.
    """

    kind: str
    subject_id: str
    reference: str
    standing: str | None
    due_on: date
    due_precision: str
    opened_at: datetime


def worklist(work: Work, limit: int = 25) -> list[Waiting]:
    """Return the actor's most urgent open tasks, the earliest due first.

    One short index walk for each (organisation, permission) the actor holds, so that its cost
    does not grow with the register.
    """
    held = [
        (organisation, permission)
        for permission in sorted(filter(may_be_asked, work.actor.permissions))
        for organisation in sorted(work.actor.scope(permission))
    ]
    if not held:
        return []
    values: dict[str, Any] = {}
    for number, (organisation, permission) in enumerate(held):
        values |= {f"organisation_{number}": organisation, f"permission_{number}": permission}
    found = work.session.connection().execute(_most_urgent(len(held), limit), values)
    return [Waiting._make(row) for row in found.all()]


@cache
def _most_urgent(walks: int, limit: int) -> Select[Any]:
    """Return the query of so many walks. Kept, because to build it takes longer than to run it."""
    # Written out: with a parameter here SQLite plans anew at each run, four times the work.
    most = sa.literal_column(f"{limit:d}", Integer)
    found = [
        select(col(Task.id), col(Task.due_on))
        .where(
            Task.organisation_id == bindparam(f"organisation_{number}"),
            Task.permission == bindparam(f"permission_{number}"),
            col(Task.done_at).is_(None),
        )
        .order_by(col(Task.due_on), col(Task.id))
        .limit(most)
        .subquery()
        for number in range(walks)
    ]
    first = union_all(*(select(walk.c.id, walk.c.due_on) for walk in found)).subquery()
    shown = {name: getattr(Task, name) for name in Waiting._fields}
    shown["subject_id"] = sa.cast(Task.subject_id, sa.Text)
    return (
        sa.select(*shown.values())
        .join(first, first.c.id == Task.id)
        .order_by(col(Task.due_on), col(Task.id))
        .limit(most)
    )


def outstanding(work: Work, subject_id: UUID) -> list[Task]:
    """Return the open tasks about a subject that the actor may see, the earliest due first."""
    query = (
        select(Task)
        .where(Task.subject_id == subject_id, col(Task.done_at).is_(None))
        .order_by(col(Task.due_on), col(Task.id))
    )
    return [t for t in work.session.exec(query) if work.actor.may(t.permission, t.organisation_id)]
