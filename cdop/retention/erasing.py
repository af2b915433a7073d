"""Erasing a record: one person proposes, another approves, and its key is destroyed for good.

The coded row stays, so that last year's table comes out the same. See `cdop.retention` for what
erasure reaches.
"""

from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from cdop.deaths.models import Death
from cdop.deaths.service import record_event
from cdop.errors import NotFound, Refused
from cdop.retention import ledger, periods, records, rules
from cdop.retention.holds import keep_from_changing, organisations_held, records_held
from cdop.retention.models import Erasure
from cdop.retention.records import Record
from cdop.security.actor import Actor, everywhere
from cdop.security.models import IndexToken
from cdop.security.sealing import ERASED, sealed_columns, sealed_tables
from cdop.security.work import Register, Work
from cdop.tasks.models import Task
from cdop.tasks.service import close_task, open_task

PROPOSE = "retention:erasure:propose"
APPROVE = "retention:erasure:approve"
APPROVE_TASK, ERASE_TASK = "approve-erasure", "carry-out-erasure"


def propose(work: Work, record: tuple[str, UUID]) -> UUID:
    """Propose a record past its period for erasure; asks for another person's approval.

    Raises Refused with the first obstacle, or when it is proposed already.
    """
    _check_named(work)
    found = records.find(work, record, PROPOSE)
    if live(work, record[1]):
        raise Refused("The erasure of this record has been proposed already.")
    facts = facts_of(work, found)
    _refuse(work, facts)
    assert facts.counts_from is not None
    assert facts.years is not None
    row = Erasure(
        organisation_id=found.organisation_id,
        kind=found.kind,
        record_kind=record[0],
        record_id=record[1],
        reference=found.reference,
        counts_from=facts.counts_from,
        years=facts.years,
        proposed_at=work.now,
        proposed_by=work.actor.name,
    )
    work.session.add(row)
    work.session.flush()
    _ask(work, row, APPROVE_TASK, APPROVE)
    _audit(work, PROPOSE, row)
    return row.id


def approve(work: Work, erasure_id: UUID) -> None:
    """Approve an erasure that somebody else proposed.

    Raises Refused for the proposer, and with the first obstacle that has come up since.
    """
    _check_named(work)
    row = get(work, erasure_id, APPROVE, lock=True)
    check_approve(work, row)
    row.state, row.approved_at, row.approved_by = "approved", work.now, work.actor.name
    close_task(work, APPROVE_TASK, row.record_id)
    _ask(work, row, ERASE_TASK, PROPOSE)
    _audit(work, APPROVE, row)


def withdraw(work: Work, erasure_id: UUID) -> None:
    """Take a proposal back, or refuse it: the record is kept, and may be proposed again."""
    _check_named(work)
    permission = APPROVE if work.actor.may(APPROVE) else PROPOSE
    row = get(work, erasure_id, permission, lock=True)
    check_withdraw(row)
    row.state, row.withdrawn_by = "withdrawn", work.actor.name
    for kind in (APPROVE_TASK, ERASE_TASK):
        close_task(work, kind, row.record_id)
    _audit(work, "retention:erasure:withdraw", row)


def carry_out(register: Register, actor: Actor, erasure_id: UUID) -> Erasure:
    """Erase a record for good, empty the database's log of it, and add it to the list of erasures.

    Raises Refused when it is not approved or anything stands against it now.
    """
    row = register.do(actor, erase, erasure_id)
    ledger.empty_log(register.engine)
    ledger.append(register.settings.data, register.vault.ring, row)
    return row


def erase(work: Work, erasure_id: UUID) -> Erasure:
    """Destroy an approved record's key, its sealed values and index tokens, within this unit.

    Call `carry_out`, which also does what only can be done after the commit.
    """
    _check_named(work)
    row = get(work, erasure_id, PROPOSE, lock=True)
    check_approved(row)
    keep_from_changing(work.session, sharing=True)
    record = (row.record_kind, row.record_id)
    subjects = [row.record_id, *records.joined_to(work.session, record)]
    for subject in subjects:
        work.vault.destroy(work.session, subject, work.now)
    # Asked only now: nobody can seal the reason of a new hold under this key any more.
    _refuse(work, facts_of(work, _record(work, row)))
    values = destroy_values(work, subjects)
    row.state, row.erased_at, row.erased_by = "erased", work.now, work.actor.name
    close_record(work, record)
    _audit(work, "retention:erasure:carry-out", row, values=values)
    return row


def destroy_values(work: Work, subjects: list[UUID]) -> int:
    """Overwrite everything sealed under these keys, and remove the index tokens. Returns how many.

    The new revision makes whoever changes one of the rows meanwhile try again, and find it erased.
    """
    count = 0
    for table in sealed_tables():
        columns = sealed_columns(table)
        for row in work.session.exec(select(table).where(col(table.subject_id).in_(subjects))):
            written = [name for name in columns if getattr(row, name) is not None]
            for name in written:
                setattr(row, name, ERASED)
            row.sealed_revision += bool(written)
            count += len(written)
    work.session.exec(delete(IndexToken).where(col(IndexToken.subject_id).in_(subjects)))
    work.session.flush()
    return count


def get(work: Work, erasure_id: UUID, permission: str, *, lock: bool = False) -> Erasure:
    """Return an erasure in scope. Raises Denied without the permission, NotFound otherwise."""
    work.check(permission)
    query = select(Erasure).where(Erasure.id == erasure_id)
    row = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None or not work.actor.may(permission, row.organisation_id):
        raise NotFound(("erasures", erasure_id), permission)
    return row


def live(work: Work, record_id: UUID) -> Erasure | None:
    """Return the erasure of a record that is proposed, approved or done, or None."""
    query = select(Erasure).where(Erasure.record_id == record_id, Erasure.state != "withdrawn")
    return work.session.exec(query).one_or_none()


def facts_of(work: Work, record: Record) -> rules.Facts:
    """Return what decides whether one record may be erased."""
    period = periods.covering(work, record.kind).get(record.organisation_id)
    id = record.record[1]
    return rules.Facts(
        counts_from=record.counts_from,
        years=period.years if period else None,
        held=id in records_held(work.session),
        all_held=record.organisation_id in organisations_held(work.session),
        others=records.further_obstacles(work, [id]).get(id, ()),
    )


def obstacles(work: Work, record: Record) -> tuple[str, ...]:
    """Return what stands against erasing a record today, a sentence each."""
    return rules.obstacles(facts_of(work, record), work.today)


def _refuse(work: Work, facts: rules.Facts) -> None:
    for sentence in rules.obstacles(facts, work.today):
        raise Refused(sentence)


def check_approve(work: Work, row: Erasure) -> None:
    """Raise Refused as `approve` does."""
    if row.state != "proposed":
        raise Refused("This erasure does not wait for approval.")
    reason = rules.why_not_approve(row.proposed_by, work.actor.name)
    if reason:
        raise Refused(reason)
    _refuse(work, facts_of(work, _record(work, row)))


def check_erase(work: Work, row: Erasure) -> None:
    """Raise Refused as `erase` does."""
    check_approved(row)
    _refuse(work, facts_of(work, _record(work, row)))


def check_approved(row: Erasure) -> None:
    """Raise Refused for an erasure that nobody has approved, or that is settled."""
    if row.state != "approved":
        raise Refused("This erasure is not approved: another person must approve it.")


def check_withdraw(row: Erasure) -> None:
    """Raise Refused as `withdraw` does."""
    if row.state not in ("proposed", "approved"):
        raise Refused("This erasure has been settled already.")


def _record(work: Work, row: Erasure) -> Record:
    """Return the record of an erasure that is within scope itself."""
    permission = APPROVE if work.actor.may(APPROVE, row.organisation_id) else PROPOSE
    return records.find(work, (row.record_kind, row.record_id), permission)


def _check_named(work: Work) -> None:
    if everywhere(work.actor):
        raise Refused(rules.NAMED_ACCOUNT)


def close_record(work: Work, record: tuple[str, UUID]) -> None:
    """Close what is still asked about a record that is no more, and say so in its timeline."""
    query = select(Task.kind).where(Task.subject_id == record[1], col(Task.done_at).is_(None))
    for kind in set(work.session.exec(query)):
        close_task(work, kind, record[1])
    if record[0] == "deaths":
        record_event(work, work.session.get_one(Death, record[1]), "erased")


def _ask(work: Work, row: Erasure, kind: str, permission: str) -> None:
    open_task(
        work,
        kind,
        organisation_id=row.organisation_id,
        permission=permission,
        subject=(row.record_kind, row.record_id),
        reference=row.reference,
        due_on=None,
    )


def _audit(work: Work, action: str, row: Erasure, **detail: Any) -> None:
    record = (row.record_kind, row.record_id)
    work.audit(action, record, row.organisation_id, erasure=str(row.id), **detail)
