"""How a task reads on a work list, and where it leads."""

from dataclasses import dataclass
from datetime import date

from cdop.reference import clocks
from cdop.tasks.models import Task
from cdop.tasks.queries import Waiting
from cdop.web.showing import Due

# What is to be done, and the page on which one does it.
_KINDS = {
    "write-summary": ("Write the anonymised summary", "/deaths/{id}/summary"),
    "put-on-agenda": ("Put on a panel's agenda", "/meetings"),
    "decide-match": ("Decide a possible duplicate", "/deaths/{id}#matches"),
    "settle-transfer": ("Another panel was notified: settle who reviews", "/deaths/{id}#settle"),
    "agree-reviewer": ("Lived in another area: agree who reviews", "/deaths/{id}#settle"),
    "read-notification": ("Read a further notification", "/deaths/{id}/notifications"),
    "classify": ("Classify with the panel", "/overview/{id}"),
    "sign-off": ("Sign off the review", "/overview/{id}"),
    "recommend": ("Recommend on a referral", "/referrals/{id}"),
    "start-review": ("Start the review", "/referrals/{id}"),
    "complete-review": ("Complete the review", "/referrals/{id}"),
    "publish-review": ("Publish the review", "/referrals/{id}"),
    "approve-erasure": ("Approve the erasure of a record", "/retention"),
    "carry-out-erasure": ("Erase a record as approved", "/retention"),
    "see-break-glass": ("Your panel's cases were opened by break-glass", "/break-glass/{id}"),
    "review-break-glass": ("Review an access by break-glass", "/break-glass/{id}"),
    "answer-rights-request": ("Answer a request about rights", "/rights/{id}"),
}
_STEP, _DECIDE = "step:", "decide:"


@dataclass(frozen=True)
class Row:
    """A task, ready to show. `due` is None where no rule sets a day."""

    what: str
    kind: str
    reference: str
    href: str
    due: Due | None
    opened_on: date


def row_of(task: Task | Waiting, today: date) -> Row:
    """Return how a task reads today."""
    what, href = describe(task.kind, today)
    due = Due(task.due_on, today, task.standing, week=task.due_precision == "week")
    return Row(
        what=what,
        kind=task.kind,
        reference=task.reference,
        href=href.format(id=task.subject_id),
        due=due if task.due_precision != "none" else None,
        opened_on=task.opened_at.date(),
    )


def describe(kind: str, today: date) -> tuple[str, str]:
    """Return what a kind of task asks for, and the address it leads to."""
    if kind.startswith(_STEP):
        code = kind.removeprefix(_STEP)
        label = next((c.label for c in clocks(today) if c.code == code), code)
        return label, "/deaths/{id}#due"
    if kind.startswith(_DECIDE):
        return "Decide on a referral", "/referrals/{id}"
    return _KINDS.get(kind, (kind.replace("-", " ").capitalize(), "/"))
