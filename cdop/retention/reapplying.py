"""Erasing in a restored backup, once more, what was erased after the backup was made."""

from pathlib import Path

from sqlmodel import select

from cdop.errors import NotFound
from cdop.retention import ledger, records
from cdop.retention.erasing import APPROVE, close_record, destroy_values
from cdop.retention.models import Erasure
from cdop.security.actor import Actor
from cdop.security.work import Register, Work


def reapply(register: Register, actor: Actor, file: Path) -> tuple[int, int]:
    """Erase what a list of erasures names. Returns how many were erased, and how many had been.

    Both approvals were given then and are kept. Raises Misconfigured for a list that is not this
    register's own; a record that is not in this database is passed over.
    """
    entries = ledger.load(file, register.vault.ring)
    done = [register.do(actor, _again, each) for each in entries]
    ledger.empty_log(register.engine)
    return done.count(True), done.count(False)


def _again(work: Work, entry: ledger.Entry) -> bool | None:
    """Erase one record; None when it is not here, False when it was erased already."""
    record = (entry.record_kind, entry.record_id)
    try:
        found = records.find(work, record, APPROVE)
    except NotFound:
        return None
    query = select(Erasure).where(Erasure.record_id == entry.record_id)
    rows = list(work.session.exec(query.where(Erasure.state != "withdrawn")))
    if any(row.state == "erased" for row in rows):
        return False
    for row in rows:
        work.session.delete(row)
    work.session.flush()
    subjects = [entry.record_id, *records.joined_to(work.session, record)]
    for subject in subjects:
        work.vault.destroy(work.session, subject, entry.erased_at)
    values = destroy_values(work, subjects)
    kept = entry.model_dump(exclude={"code", "erasure_id"})
    row = Erasure(
        id=entry.erasure_id,
        organisation_id=found.organisation_id,
        reference=found.reference,
        state="erased",
        **kept,
    )
    work.session.add(row)
    work.session.flush()
    close_record(work, record)
    work.audit(
        "retention:erasure:reapply",
        record,
        found.organisation_id,
        erasure=str(row.id),
        values=values,
    )
    return True
