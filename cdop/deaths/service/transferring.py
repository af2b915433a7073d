"""Agreeing between panels who reviews a child, and closing the tasks that ask for it."""

from collections.abc import Iterable, Set
from uuid import UUID

from cdop.deaths import queries
from cdop.deaths.models import Death
from cdop.deaths.service.events import record_event
from cdop.errors import Invalid
from cdop.security.work import Work
from cdop.tasks.service import close_task, open_task

_ASKS = ("settle-transfer", "agree-reviewer", "read-notification")


def ask(work: Work, death: Death, kind: str) -> None:
    """Open a task for a case's own panel that no rule sets a day for."""
    open_task(
        work,
        kind,
        organisation_id=death.organisation_id,
        permission="deaths:case:edit",
        subject=("deaths", death.id),
        reference=death.reference,
        due_on=None,
    )


def tell_other_panels(work: Work, known: Iterable[Death], panels: Set[UUID], told_to: UUID) -> None:
    """Tell the panels that hold a child, but are not among `panels`, that another was told.

    Whoever told learns nothing of it.
    """
    elsewhere = [other for other in known if other.organisation_id not in panels]
    if not elsewhere:
        return
    with work.beyond("tell-other-panel"):
        for other in elsewhere:
            ask(work, other, "settle-transfer")
            record_event(work, other, "notified-elsewhere", ("organisations", told_to))


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
