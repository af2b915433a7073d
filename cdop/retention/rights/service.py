"""Recording, extending, linking and closing requests about rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from cdop.db import new_id
from cdop.deaths.references import next_reference
from cdop.errors import Invalid, NotFound, Refused
from cdop.reference import clock, codelist, due
from cdop.reference.loading import Unknown
from cdop.retention import records
from cdop.retention.rights.models import (
    ANSWER,
    ASKED,
    EXTENSION,
    HANDLE,
    Asked,
    Note,
    RightsRecord,
    RightsRequest,
)
from cdop.security.actor import everywhere
from cdop.security.work import Work
from cdop.tasks.service import close_task, open_task

CLOCK, EXTENDED_CLOCK = "rights-request", "rights-request-extended"
TASK = "answer-rights-request"
_CLOSED = "This request has been closed."


@dataclass(frozen=True)
class NewRequest:
    """A request as it arrived."""

    organisation_id: UUID
    kind: str
    relation: str
    received_on: date
    asked: Asked


def record(work: Work, new: NewRequest) -> UUID:
    """Record a request, due by law's clock, and open the task to answer it.

    Raises Invalid with a sentence for each field.
    """
    work.check(HANDLE, new.organisation_id)
    faults = _faults(work, new)
    if faults:
        raise Invalid(faults)
    id = new_id()
    row = RightsRequest(
        id=id,
        subject_id=id,
        organisation_id=new.organisation_id,
        reference=next_reference(work, "RR", new.organisation_id),
        kind=new.kind,
        relation=new.relation,
        received_on=new.received_on,
        due_on=_due(CLOCK, new.received_on),
        recorded_by=work.actor.name,
    )
    work.seal(row, {ASKED: new.asked})
    work.session.add(row)
    work.session.flush()
    _ask(work, row, CLOCK)
    _audit(work, "rights:request:record", row, kind=new.kind, relation=new.relation)
    return row.id


def extend(work: Work, request_id: UUID, reason: str) -> None:
    """Take two further months for a complex request, whose sender was told why.

    Raises Refused when it was extended already or its first month is over: the sender must be told
    within it (UK GDPR, article 12(3)).
    """
    row = get(work, request_id, lock=True)
    check_extend(work, row)
    if not reason.strip():
        raise Invalid({"reason": "Say why more time is needed, as whoever asked was told"})
    row.extended_on = work.today
    row.due_on = _due(EXTENDED_CLOCK, row.received_on)
    work.seal(row, {EXTENSION: Note(text=reason.strip())})
    _ask(work, row, EXTENDED_CLOCK)
    _audit(work, "rights:request:extend", row)


def check_extend(work: Work, row: RightsRequest) -> None:
    """Raise Refused as `extend` does."""
    if row.extended_on:
        raise Refused("This request has been extended already.")
    if work.today > row.due_on:
        raise Refused("The time to answer is over: whoever asked had to be told before its end.")


def link(work: Work, request_id: UUID, found: Sequence[tuple[str, UUID]]) -> None:
    """Say that records are about the person of a request. Linked twice is linked once."""
    row = get(work, request_id, lock=True)
    known = {each.record_id for each in linked(work, row)}
    for record in found:
        if record[1] in known:
            continue
        target = records.find(work, record, HANDLE)
        work.session.add(
            RightsRecord(
                request_id=row.id,
                record_kind=record[0],
                record_id=record[1],
                reference=target.reference,
                linked_at=work.now,
                linked_by=work.actor.name,
            )
        )
        _audit(work, "rights:request:link", row, record=str(record[1]))
    work.session.flush()


def close(
    work: Work, request_id: UUID, outcome: str, exemptions: Sequence[str], answer: str
) -> None:
    """Close a request with how it ended, and why anything was kept back.

    Raises Invalid with a sentence for each field, Refused when it is closed.
    """
    row = get(work, request_id, lock=True)
    faults = {}
    if outcome not in codelist("rights-outcomes", work.today):
        faults["outcome"] = "Choose how the request ended"
    unknown = [each for each in exemptions if each not in codelist("rights-exemptions", work.today)]
    if unknown or (outcome in ("in-part", "refused") and not exemptions):
        faults["exemptions"] = "Choose why something is not disclosed"
    if not answer.strip():
        faults["answer"] = "Say what was answered, and how it was sent"
    if faults:
        raise Invalid(faults)
    row.closed_on, row.closed_by = work.today, work.actor.name
    row.outcome, row.exemptions = outcome, " ".join(sorted(set(exemptions)))
    work.seal(row, {ANSWER: Note(text=answer.strip())})
    close_task(work, TASK, row.id)
    _audit(work, "rights:request:close", row, ended=outcome, exemptions=sorted(set(exemptions)))


def get(work: Work, request_id: UUID, *, lock: bool = False) -> RightsRequest:
    """Return a request in scope; `lock` is for changing it, and refuses one that is closed."""
    work.check(HANDLE)
    query = select(RightsRequest).where(RightsRequest.id == request_id)
    row = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None or not work.actor.may(HANDLE, row.organisation_id):
        raise NotFound(("rights_requests", request_id), HANDLE)
    if lock and row.closed_on:
        raise Refused(_CLOSED)
    return row


def listed(work: Work) -> list[RightsRequest]:
    """Return the requests in scope, those open and due first."""
    work.check(HANDLE)
    query = select(RightsRequest)
    if not everywhere(work.actor):
        query = query.where(col(RightsRequest.organisation_id).in_(work.actor.scope(HANDLE)))
    order = (col(RightsRequest.closed_on).is_not(None), col(RightsRequest.due_on))
    return list(work.session.exec(query.order_by(*order)))


def linked(work: Work, row: RightsRequest) -> list[RightsRecord]:
    """Return the records linked to a request."""
    query = select(RightsRecord).where(RightsRecord.request_id == row.id)
    return list(work.session.exec(query.order_by(RightsRecord.reference)))


def _faults(work: Work, new: NewRequest) -> dict[str, str]:
    faults = {}
    if new.kind not in codelist("rights-kinds", work.today):
        faults["kind"] = "Choose what is asked for"
    if new.relation not in codelist("rights-relations", work.today):
        faults["relation"] = "Choose who asks"
    if new.received_on > work.today:
        faults["received_on"] = "The day it was received must not be in the future"
    elif not _in_law(new.received_on):
        faults["received_on"] = "The day it was received must be after 25 May 2018"
    if not new.asked.name.strip():
        faults["name"] = "Enter the name of whoever asks"
    return faults


def _in_law(day: date) -> bool:
    try:
        clock(CLOCK, day)
    except Unknown:
        return False
    return True


def _due(code: str, received_on: date) -> date:
    day = due(clock(code, received_on), received_on)
    assert type(day) is date
    return day


def _ask(work: Work, row: RightsRequest, code: str) -> None:
    open_task(
        work,
        TASK,
        organisation_id=row.organisation_id,
        permission=HANDLE,
        subject=("rights_requests", row.id),
        reference=row.reference,
        due_on=row.due_on,
        clock=code,
        standing=clock(code, row.received_on).standing,
    )


def _audit(work: Work, action: str, row: RightsRequest, **detail: Any) -> None:
    work.audit(action, ("rights_requests", row.id), row.organisation_id, **detail)
