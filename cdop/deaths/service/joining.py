"""Joining two cases of one child, and undoing it. Both notifications are kept as they were told."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.documents import CIRCUMSTANCES, NOTIFIED_IDENTITY, NOTIFIED_NAMES, NOTIFIER
from cdop.deaths.models import Death
from cdop.deaths.service import finding, possible
from cdop.deaths.service.deriving import get_child
from cdop.deaths.service.events import record_event
from cdop.errors import Refused
from cdop.security.sealing import Sealed
from cdop.security.sections import Section
from cdop.security.work import Work
from cdop.tasks.models import Task
from cdop.tasks.service import close_task

EDIT, UNJOIN = "deaths:case:edit", "deaths:match:undo"
_NOTIFIED = (NOTIFIED_NAMES, NOTIFIED_IDENTITY, CIRCUMSTANCES, NOTIFIER)


def join(work: Work, later: Death, earlier: Death) -> None:
    """Join a case to an earlier one, which takes over its notifications and is found by its tokens.

    Raises Refused when either is joined already, or the later case has been signed off.
    """
    check_join(later, earlier)
    for row in queries.notifications(work, later):
        _move(work, row, earlier, _NOTIFIED)
        row.death_id = earlier.id
        row.came_from_id = row.came_from_id or later.id
    later.status, later.joined_to_id = "joined", earlier.id
    work.session.flush()
    finding.forget(work, later.id)
    finding.index(work, earlier, get_child(work, earlier))
    open_tasks = select(Task).where(Task.subject_id == later.id, col(Task.done_at).is_(None))
    for task in work.session.exec(open_tasks):
        close_task(work, task.kind, later.id)
    record_event(work, later, "joined-to", ("deaths", earlier.id))
    record_event(work, earlier, "joined-by", ("deaths", later.id))


def check_join(later: Death, earlier: Death) -> None:
    """Raise Refused when either case is joined already, or the later one signed off."""
    if "joined" in (later.status, earlier.status):
        raise Refused("One of these cases has been joined to another already.")
    if later.status == "reviewed":
        raise Refused("The later case has been signed off by the panel and cannot be joined.")


def unjoin(work: Work, death_id: UUID) -> UUID:
    """Undo the joining of a case: its notifications, status, tokens and tasks are its own again.

    Returns the case it was joined to. Raises Refused when it is not joined; when that case has been
    joined on (undo that first) or signed off since: what the panel signed rests on both accounts;
    or when another case of the panel has its NHS number by now. The two stand as a possible
    duplicate again, for the coordinator to decide.
    """
    later = queries.get(work, death_id, EDIT)
    earlier, joined_at = check_unjoin(work, later)
    mine = {later.id, *(each.id for each in finding.joined_into(work, [later.id]))}
    for row in queries.notifications(work, earlier):
        if row.came_from_id in mine:
            _move(work, row, later, _NOTIFIED)
            row.death_id = later.id
            row.came_from_id = None if row.came_from_id == later.id else row.came_from_id
    later.status = "out-of-scope" if later.out_of_scope else "open"
    later.joined_to_id = None
    work.session.flush()
    _index_again(work, earlier, later)
    closed = select(Task).where(Task.subject_id == later.id, Task.done_at == joined_at)
    for task in work.session.exec(closed):
        task.done_at = task.done_by = None
    possible.reopen(work, later, earlier)
    record_event(work, later, "join-undone", ("deaths", earlier.id))
    record_event(work, earlier, "join-undone", ("deaths", later.id))
    for one, other in ((later, earlier), (earlier, later)):
        work.audit(UNJOIN, ("deaths", one.id), one.organisation_id, other=str(other.id))
    return earlier.id


def check_unjoin(work: Work, later: Death) -> tuple[Death, datetime]:
    """Return the case that another was joined to, and when. Raises Refused as `unjoin` does.

    Whether the NHS number has been taken meanwhile, only `unjoin` finds.
    """
    if later.status != "joined" or later.joined_to_id is None:
        raise Refused("This case is not joined to another.")
    earlier = queries.get(work, later.joined_to_id, EDIT)
    joined_at = _when_joined(work, later, earlier)
    if earlier.status == "joined":
        raise Refused(
            "The case it was joined to has been joined to another since: undo that first."
        )
    if any(e.kind == "reviewed" and e.at > joined_at for e in queries.events(work, earlier)):
        raise Refused(
            "The panel has signed off the joined case since. What it signed rests on both "
            "notifications, so they stay together."
        )
    return earlier, joined_at


def _when_joined(work: Work, later: Death, earlier: Death) -> datetime:
    joined = [
        e.at
        for e in queries.events(work, later)
        if (e.kind, e.other_id) == ("joined-to", earlier.id)
    ]
    return joined[-1]


def _index_again(work: Work, earlier: Death, later: Death) -> None:
    finding.index(work, earlier, get_child(work, earlier))
    child = get_child(work, later)
    if any(d.organisation_id == later.organisation_id for d in finding.with_number(work, child)):
        raise Refused(
            "Another case of this panel has the NHS number of this one by now. Correct one of them "
            "first."
        )
    finding.index(work, later, child)


def _move(work: Work, row: Sealed, into: Death, sections: tuple[Section, ...]) -> None:  # type: ignore[type-arg]
    """Seal a row's documents under another case's key."""
    documents = {each: work.open_within(row, each) for each in sections}
    row.subject_id, row.organisation_id = into.id, into.organisation_id
    for each in sections:
        setattr(row, each.column, None)
    work.seal(row, documents)
