"""Agreeing between panels who reviews a child, and closing the tasks that ask for it."""

from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.service.events import record_event
from cdop.errors import Invalid
from cdop.security.work import Work
from cdop.tasks.service import close_task

_ASKS = ("settle-transfer", "agree-reviewer", "read-notification")


def settle_transfer(work: Work, death_id: UUID, kind: str, remark: str) -> None:
    """Close a task about who reviews a child, or about a further notification, with a remark.

    Raises Invalid when no such task is open or nothing is said about it.
    """
    death = queries.get(work, death_id, "deaths:case:edit")
    if not remark.strip():
        raise Invalid({"remark": "Say what was agreed or found"})
    if kind not in _ASKS or not close_task(work, kind, death.id, death.organisation_id):
        raise Invalid({"kind": "This task is not open"})
    record_event(work, death, f"{kind}-done", remark=remark)
    work.audit("deaths:transfer:settle", ("deaths", death.id), death.organisation_id, task=kind)
