"""Legal holds: while one stands, the record (or all of an organisation's) is not erased."""

from uuid import UUID

from sqlmodel import Session, col, select

from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.reference import codelist
from cdop.retention import records
from cdop.retention.models import HOLD, LIFT_REASON, REASON, HoldReason, LegalHold
from cdop.security.actor import everywhere
from cdop.security.models import RegisterInfo
from cdop.security.work import Work

EVERY_RECORD = "organisations"


def set_hold(work: Work, record: tuple[str, UUID], why: str, reason: str) -> UUID:
    """Hold a record, or (`("organisations", id)`) all records of an organisation.

    Raises Invalid for a code that is no reason or an empty reason, NotFound out of scope, Erased
    when it is too late. Waits for an erasure under way, and makes one that comes later see it.
    """
    organisation_id = _owner(work, record)
    faults = {}
    if why not in codelist("legal-holds", work.today):
        faults["why"] = "Choose why the record must be kept"
    if not reason.strip():
        faults["reason"] = "Say who asked for this and what it is about"
    if faults:
        raise Invalid(faults)
    row = LegalHold(
        subject_id=record[1],
        organisation_id=organisation_id,
        record_kind=record[0],
        why=why,
        set_at=work.now,
        set_by=work.actor.name,
    )
    work.seal(row, {REASON: HoldReason(text=reason.strip())})
    work.session.add(row)
    work.session.flush()
    work.audit(HOLD, record, organisation_id, hold=str(row.id), why=why)
    return row.id


def lift_hold(work: Work, hold_id: UUID, reason: str) -> None:
    """Lift a hold. Raises Refused when it is lifted already, Invalid without a reason."""
    hold = get(work, hold_id)
    if hold.lifted_at:
        raise Refused("This hold has been lifted already.")
    if not reason.strip():
        raise Invalid({"reason": "Say why the record need not be held any longer"})
    hold.lifted_at, hold.lifted_by = work.now, work.actor.name
    work.seal(hold, {LIFT_REASON: HoldReason(text=reason.strip())})
    work.audit(
        "retention:hold:lift",
        (hold.record_kind, hold.subject_id),
        hold.organisation_id,
        hold=str(hold.id),
    )


def get(work: Work, hold_id: UUID) -> LegalHold:
    """Return a hold in scope. Raises Denied without the permission, NotFound otherwise."""
    work.check(HOLD)
    hold = work.session.get(LegalHold, hold_id)
    if hold is None or not work.actor.may(HOLD, hold.organisation_id):
        raise NotFound(("legal_holds", hold_id), HOLD)
    return hold


def listed(work: Work, *, every: bool = False) -> list[LegalHold]:
    """Return the holds in force in the actor's scope (or all there ever were), the newest first."""
    work.check(HOLD)
    query = select(LegalHold).order_by(col(LegalHold.id).desc())
    if not every:
        query = query.where(col(LegalHold.lifted_at).is_(None))
    if not everywhere(work.actor):
        query = query.where(col(LegalHold.organisation_id).in_(work.actor.scope(HOLD)))
    return list(work.session.exec(query))


def on_record(session: Session, record_id: UUID) -> list[LegalHold]:
    """Return the holds in force on one record. The caller has found the record within scope."""
    query = select(LegalHold).where(
        LegalHold.subject_id == record_id, col(LegalHold.lifted_at).is_(None)
    )
    return list(session.exec(query.order_by(col(LegalHold.id))))


def named(work: Work, record: tuple[str, UUID]) -> str:
    """Return how a record (or organisation) that may be held is called. Raises NotFound."""
    work.check(HOLD)
    if record[0] != EVERY_RECORD:
        return records.find(work, record, HOLD).reference
    if not work.actor.may(HOLD, record[1]):
        raise NotFound
    return organisations.name_on(work.session, record[1], work.today)


def organisations_held(session: Session) -> frozenset[UUID]:
    """Return the organisations all of whose records are held, predecessors included."""
    query = select(LegalHold.subject_id).where(
        LegalHold.record_kind == EVERY_RECORD, col(LegalHold.lifted_at).is_(None)
    )
    found = [organisations.with_predecessors(session, each) for each in session.exec(query)]
    return frozenset().union(*found)


def records_held(session: Session) -> frozenset[UUID]:
    """Return the records on which a hold of their own is in force."""
    query = select(LegalHold.subject_id).where(col(LegalHold.lifted_at).is_(None))
    return frozenset(session.exec(query))


def keep_from_changing(session: Session, *, sharing: bool) -> None:
    """Let holds on whole organisations and erasures wait for each other until this unit ends."""
    session.exec(select(RegisterInfo).with_for_update(read=sharing)).one()


def _owner(work: Work, record: tuple[str, UUID]) -> UUID:
    """Return the organisation of what is held, once no erasure is under way."""
    work.check(HOLD)
    kind, record_id = record
    if kind != EVERY_RECORD:
        return records.find(work, record, HOLD).organisation_id
    keep_from_changing(work.session, sharing=False)
    found = work.session.get(Organisation, record_id)
    if found is None or not work.actor.may(HOLD, found.id):
        raise NotFound
    return found.id
