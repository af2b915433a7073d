"""What a case is called, for the auditor: its reference, and never more.

Asked as a part of the system: the auditor has no access to cases, and gets ids and references.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from cdop.case_reviews.models import Referral
from cdop.deaths.models import Death
from cdop.retention.rights.models import RightsRequest
from cdop.security.actor import system

LOOK_UP = system("audit")
_TABLES = (Death, Referral, RightsRequest)


def named(session: Session, reference: str, reached: frozenset[UUID] | None) -> tuple[UUID, ...]:
    """Return the ids by which lines speak of what is called so within reach."""
    found: list[UUID] = []
    for table in _TABLES:
        query = select(table.id, table.subject_id, table.organisation_id).where(
            table.reference == reference.strip().upper()
        )
        for id, subject_id, organisation_id in session.exec(query):
            if reached is None or organisation_id in reached:
                found += [id, subject_id]
    return tuple(dict.fromkeys(found))


def references(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the references of cases, by their ids and by those of what belongs to them."""
    wanted = list(ids)
    found: dict[UUID, str] = {}
    for table in _TABLES:
        query = select(table.id, table.subject_id, table.reference).where(
            or_(col(table.id).in_(wanted), col(table.subject_id).in_(wanted))
        )
        for id, subject_id, reference in session.exec(query):
            found |= {id: reference, subject_id: reference}
    return found
