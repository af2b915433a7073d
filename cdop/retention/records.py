"""The records that can be erased: which are closed, since when, and what stands against it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SelectBase, func
from sqlmodel import Session, col, select

from cdop.case_reviews import rules as case_review_rules
from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.deaths.models import Death, PossibleMatch
from cdop.errors import NotFound
from cdop.retention import rules
from cdop.retention.models import Erasure
from cdop.retention.rights.models import RightsRecord, RightsRequest
from cdop.security.work import Work


@dataclass(frozen=True)
class Record:
    """A record of some kind. `counts_from` is None while it is not closed."""

    kind: str
    record: tuple[str, UUID]
    organisation_id: UUID
    reference: str
    counts_from: date | None


def find(work: Work, record: tuple[str, UUID], permission: str) -> Record:
    """Return one record at whose organisation the actor holds a permission, else NotFound."""
    work.check(permission)
    reader = _READERS.get(record[0])
    found = reader(work.session, record[1]) if reader else None
    if found is None or not work.actor.may(permission, found.organisation_id):
        raise NotFound(record if reader else None, permission)
    return found


def closed(
    session: Session, kind: str, organisation_id: UUID, until: date, limit: int
) -> tuple[list[Record], int]:
    """Return the records of a kind closed by a day and not erased, and how many there are in all.

    The longest closed come first.
    """
    table, query = _CLOSED[kind]
    rows = query(organisation_id, until).subquery()
    count = session.exec(select(func.count()).select_from(rows)).one()
    ordered = select(*rows.c).order_by(rows.c.counts_from, rows.c.id).limit(limit)
    found = [
        Record(kind, (table, row.id), row.organisation_id, row.reference, row.counts_from)
        for row in session.execute(ordered)
    ]
    return found, count


def named(session: Session, organisation_id: UUID, reference: str) -> tuple[str, UUID] | None:
    """Return the record that an organisation calls so, or None. The caller asks the permission."""
    for table in (Death, Referral, RightsRequest):
        query = select(table.id).where(
            table.organisation_id == organisation_id, table.reference == reference
        )
        if found := session.exec(query).one_or_none():
            return str(table.__tablename__), found
    return None


def further_obstacles(work: Work, ids: Iterable[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return what else stands against erasing records: unfinished work that would need them.

    It may be another organisation's: a group's referral needs the case of a panel.
    """
    wanted = list(ids)
    found: dict[UUID, tuple[str, ...]] = {}
    with work.beyond("what-needs-a-record"):
        for sentence, affected in (
            (rules.REFERRAL_OPEN, _with_open_referral(work.session, wanted)),
            (rules.UNDECIDED_MATCH, _with_undecided_match(work.session, wanted)),
            (rules.RIGHTS_REQUEST_OPEN, _with_open_request(work.session, wanted)),
        ):
            for each in affected:
                found[each] = (*found.get(each, ()), sentence)
    return found


def joined_to(session: Session, record: tuple[str, UUID]) -> list[UUID]:
    """Return the cases that were joined to a case: their keys go with its own."""
    if record[0] != "deaths":
        return []
    return list(session.exec(select(Death.id).where(Death.joined_to_id == record[1])))


def is_erased(id_column: object) -> ColumnElement[bool]:
    """Return the condition that a record was erased."""
    erased = select(Erasure.id).where(Erasure.record_id == id_column, Erasure.state == "erased")
    return erased.exists()


def _death_cases(organisation_id: UUID, until: date) -> SelectBase:
    return _deaths("reviewed", col(Death.reviewed_on), organisation_id, until)


def _out_of_scope(organisation_id: UUID, until: date) -> SelectBase:
    return _deaths("out-of-scope", col(Death.notified_on), organisation_id, until)


def _deaths(status: str, day: Any, at: UUID, until: date) -> SelectBase:
    return select(
        col(Death.id), col(Death.organisation_id), col(Death.reference), day.label("counts_from")
    ).where(Death.status == status, Death.organisation_id == at, day <= until, ~is_erased(Death.id))


def _case_reviews(organisation_id: UUID, until: date) -> SelectBase:
    ends = _referral_ends().subquery()
    return (
        select(
            col(Referral.id),
            col(Referral.organisation_id),
            col(Referral.reference),
            ends.c.counts_from,
        )
        .join(ends, ends.c.id == Referral.id)
        .where(
            Referral.organisation_id == organisation_id,
            ends.c.counts_from <= until,
            ~is_erased(Referral.id),
        )
    )


def _referral_ends() -> SelectBase:
    """Return each closed referral and its last day: see the kind `case-review`."""
    reviewed: Any = (
        select(col(CaseReview.referral_id).label("id"), func.max(CaseReview.completed_on))
        .join(Referral, col(Referral.id) == CaseReview.referral_id)
        .where(Referral.status == "completed")
        .group_by(col(CaseReview.referral_id))
    )
    refused = select(col(Decision.referral_id), col(Decision.decided_on)).where(
        Decision.review_kind == case_review_rules.NO_REVIEW,
        col(Decision.decided_on).is_not(None),
        col(Decision.withdrawn_on).is_(None),
    )
    both = reviewed.union_all(refused).subquery()
    id, day = both.c
    return select(id.label("id"), day.label("counts_from"))


def _read_death(session: Session, id: UUID) -> Record | None:
    death = session.get(Death, id)
    if death is None:
        return None
    outside = death.status == "out-of-scope"
    days = {"reviewed": death.reviewed_on, "out-of-scope": death.notified_on}
    return Record(
        "out-of-scope" if outside else "death-case",
        ("deaths", id),
        death.organisation_id,
        death.reference,
        days.get(death.status),
    )


def _read_referral(session: Session, id: UUID) -> Record | None:
    referral = session.get(Referral, id)
    if referral is None:
        return None
    ends = _referral_ends().subquery()
    day = session.execute(select(ends.c.counts_from).where(ends.c.id == id)).scalar()
    record = ("referrals", id)
    return Record("case-review", record, referral.organisation_id, referral.reference, day)


def _with_open_referral(session: Session, ids: list[UUID]) -> set[UUID]:
    ends = _referral_ends().subquery()
    query = select(Referral.death_id).where(
        col(Referral.death_id).in_(ids),
        col(Referral.id).not_in(select(ends.c.id)),
        ~is_erased(Referral.id),
    )
    return {each for each in session.exec(query) if each}


def _with_undecided_match(session: Session, ids: list[UUID]) -> set[UUID]:
    one, other = col(PossibleMatch.death_id), col(PossibleMatch.other_id)
    query = select(one, other).where(
        col(PossibleMatch.decision).is_(None), one.in_(ids) | other.in_(ids)
    )
    return {each for pair in session.exec(query) for each in pair} & set(ids)


def _with_open_request(session: Session, ids: list[UUID]) -> set[UUID]:
    query = (
        select(RightsRecord.record_id)
        .join(RightsRequest, col(RightsRequest.id) == RightsRecord.request_id)
        .where(col(RightsRecord.record_id).in_(ids), col(RightsRequest.closed_on).is_(None))
    )
    return set(session.exec(query))


def _rights_requests(organisation_id: UUID, until: date) -> SelectBase:
    day = col(RightsRequest.closed_on)
    return select(
        col(RightsRequest.id),
        col(RightsRequest.organisation_id),
        col(RightsRequest.reference),
        day.label("counts_from"),
    ).where(
        RightsRequest.organisation_id == organisation_id,
        day <= until,
        ~is_erased(RightsRequest.id),
    )


def _read_request(session: Session, id: UUID) -> Record | None:
    row = session.get(RightsRequest, id)
    if row is None:
        return None
    record = ("rights_requests", id)
    return Record("rights-request", record, row.organisation_id, row.reference, row.closed_on)


_CLOSED: dict[str, tuple[str, Callable[[UUID, date], SelectBase]]] = {
    "death-case": ("deaths", _death_cases),
    "out-of-scope": ("deaths", _out_of_scope),
    "case-review": ("referrals", _case_reviews),
    "rights-request": ("rights_requests", _rights_requests),
}
_READERS: dict[str, Callable[[Session, UUID], Record | None]] = {
    "deaths": _read_death,
    "referrals": _read_referral,
    "rights_requests": _read_request,
}
