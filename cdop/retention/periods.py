"""Setting periods: an organisation's own decision, kept with its source. Without one: keep."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import Denied, Invalid
from cdop.organisations import queries as organisations
from cdop.reference.loading import Unknown
from cdop.reference.retention import RecordKind, record_kind
from cdop.retention.models import RetentionPeriod
from cdop.security.models import RegisterInfo
from cdop.security.work import Work

SET = "retention:period:set"
SET_FOR_REGISTER = "retention:register:set"
LONGEST = 150


@dataclass(frozen=True)
class NewPeriod:
    """A decision on a period. Without `years`: keep. Without `organisation_id`: of the register."""

    kind: str
    organisation_id: UUID | None
    years: int | None
    decided_on: date
    source: str


def set_period(work: Work, new: NewPeriod) -> UUID:
    """Set how long a kind of record is kept, as the next edition of that decision.

    Raises Invalid with a sentence for each field, Denied outside the actor's organisations.
    """
    kind = _kind(new)
    owner = _owner(work, kind, new.organisation_id)
    faults = {}
    if new.years is not None and not 1 <= new.years <= LONGEST:
        faults["years"] = f"The period must be between 1 and {LONGEST} years"
    if new.decided_on > work.today:
        faults["decided_on"] = "The day of the decision must not be in the future"
    if not new.source.strip():
        faults["source"] = "Say who decided this and where it is written, such as a minute"
    if faults:
        raise Invalid(faults)
    before = in_force(work, owner, kind.code)
    row = RetentionPeriod(
        owner_id=owner,
        kind=kind.code,
        edition=before.edition + 1 if before else 1,
        years=new.years,
        decided_on=new.decided_on,
        source=new.source.strip(),
        set_at=work.now,
        set_by=work.actor.name,
    )
    work.session.add(row)
    work.session.flush()
    work.audit(
        SET,
        ("retention_periods", row.id),
        new.organisation_id,
        kind=kind.code,
        edition=row.edition,
        years=new.years,
    )
    return row.id


def in_force(work: Work, owner_id: UUID, kind: str) -> RetentionPeriod | None:
    """Return an owner's last decision about a kind of record, or None: then it is kept."""
    query = (
        select(RetentionPeriod)
        .where(RetentionPeriod.owner_id == owner_id, RetentionPeriod.kind == kind)
        .order_by(col(RetentionPeriod.edition).desc())
        .limit(1)
    )
    return work.session.exec(query).one_or_none()


def covering(work: Work, kind: str) -> dict[UUID, RetentionPeriod]:
    """Return the period in force for each organisation's records of a kind.

    An organisation's period counts for the records of those whose place it took, too.
    """
    last: dict[UUID, RetentionPeriod] = {}
    query = select(RetentionPeriod).where(RetentionPeriod.kind == kind)
    for row in work.session.exec(query.order_by(col(RetentionPeriod.edition))):
        last[row.owner_id] = row
    reach = {owner: organisations.with_predecessors(work.session, owner) for owner in last}
    # A successor reaches more than those whose place it took, so its period comes last and counts.
    return {
        place: last[owner]
        for owner in sorted(reach, key=lambda each: len(reach[each]))
        for place in reach[owner]
    }


def register_id(work: Work) -> UUID:
    """Return the register's id: the owner of kinds that belong to no organisation."""
    return work.session.exec(select(RegisterInfo.id)).one()


def _kind(new: NewPeriod) -> RecordKind:
    try:
        return record_kind(new.kind)
    except Unknown:
        raise Invalid({"kind": "Choose a kind of record"}) from None


def _owner(work: Work, kind: RecordKind, organisation_id: UUID | None) -> UUID:
    if kind.kept_by == "register":
        work.check(SET_FOR_REGISTER)
        return register_id(work)
    work.check(SET)
    if organisation_id is None:
        raise Invalid({"organisation_id": "Choose the organisation whose records these are"})
    if not work.actor.may(SET, organisation_id):
        raise Denied(SET)
    return organisation_id
