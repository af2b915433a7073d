"""What organisations there are on a day, what they are called, and whom they serve.

Organisations are not confidential: these queries have no scope.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_
from sqlmodel import Session, col, select

from cdop.errors import NotFound
from cdop.organisations.models import (
    Kind,
    LinkKind,
    Organisation,
    OrganisationLink,
    OrganisationName,
)

# Asked at every request: to build it each time takes as long as to run it.
_PREDECESSORS = select(OrganisationLink.other_id).where(
    col(OrganisationLink.organisation_id).in_(bindparam("successors", expanding=True)),
    OrganisationLink.kind == LinkKind.SUCCEEDS,
)


def by_slug(session: Session, slug: str, kind: Kind | None = None) -> Organisation:
    """Return the organisation with this slug (and kind). Raises NotFound."""
    query = select(Organisation).where(Organisation.slug == slug)
    if kind:
        query = query.where(Organisation.kind == kind)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def get(session: Session, organisation_id: UUID) -> Organisation:
    """Return an organisation by its id. Raises NotFound."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound
    return found


def names_on(session: Session, ids: Iterable[UUID], day: date) -> dict[UUID, str]:
    """Return what each organisation was called on `day` (its first name, when it is older)."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = (
        select(OrganisationName)
        .where(col(OrganisationName.organisation_id).in_(wanted))
        .order_by(col(OrganisationName.valid_from))
    )
    names: dict[UUID, str] = {}
    for row in session.exec(query):
        if row.valid_from <= day or row.organisation_id not in names:
            names[row.organisation_id] = row.name
    return names


def name_on(session: Session, organisation_id: UUID, day: date) -> str:
    """Return what one organisation was called on `day`."""
    return names_on(session, [organisation_id], day)[organisation_id]


def served_by(session: Session, organisation_id: UUID, day: date) -> list[Organisation]:
    """Return what an organisation serves on `day`, by slug: a panel's areas, a group's boards."""
    return served_between(session, organisation_id, day, day)


def served_between(
    session: Session, organisation_id: UUID, first: date, last: date
) -> list[Organisation]:
    """Return what an organisation serves on any day from the first to the last, by slug."""
    ends = col(OrganisationLink.valid_to)
    query = (
        select(Organisation)
        .join(OrganisationLink, col(OrganisationLink.other_id) == Organisation.id)
        .where(
            OrganisationLink.organisation_id == organisation_id,
            OrganisationLink.kind == LinkKind.SERVES,
            OrganisationLink.valid_from <= last,
            ends.is_(None) | (ends >= first),
        )
        .order_by(Organisation.slug)
    )
    return list(session.exec(query))


def serving(session: Session, organisation_id: UUID, kind: Kind, day: date) -> list[Organisation]:
    """Return the organisations of a kind that serve one on `day`: the panel of an area or board."""
    query = (
        select(Organisation)
        .join(OrganisationLink, col(OrganisationLink.organisation_id) == Organisation.id)
        .where(
            OrganisationLink.other_id == organisation_id,
            OrganisationLink.kind == LinkKind.SERVES,
            Organisation.kind == kind,
            _in_force(day),
        )
        .order_by(Organisation.slug)
    )
    return list(session.exec(query))


def existing(session: Session, day: date) -> list[Organisation]:
    """Return all organisations that exist on `day`, by slug."""
    query = select(Organisation).where(
        Organisation.valid_from <= day,
        or_(col(Organisation.valid_to).is_(None), col(Organisation.valid_to) >= day),
    )
    return list(session.exec(query.order_by(Organisation.slug)))


def in_force(session: Session, kind: Kind, day: date) -> list[Organisation]:
    """Return all organisations of a kind that exist on `day`, by slug."""
    query = (
        select(Organisation)
        .where(
            Organisation.kind == kind,
            Organisation.valid_from <= day,
            or_(col(Organisation.valid_to).is_(None), col(Organisation.valid_to) >= day),
        )
        .order_by(Organisation.slug)
    )
    return list(session.exec(query))


def with_predecessors(session: Session, organisation_id: UUID) -> frozenset[UUID]:
    """Return an organisation and all whose place it took: their cases stay in reach."""
    reached, fresh = {organisation_id}, {organisation_id}
    while fresh:
        found = session.exec(_PREDECESSORS, params={"successors": list(fresh)})
        fresh = set(found) - reached
        reached |= fresh
    return frozenset(reached)


def _in_force(day: date) -> ColumnElement[bool]:
    ends = col(OrganisationLink.valid_to)
    return (col(OrganisationLink.valid_from) <= day) & (ends.is_(None) | (ends >= day))
