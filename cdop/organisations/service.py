"""What an administrator does to organisations: found, rename, link, merge."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import select

from cdop.errors import Invalid
from cdop.organisations import queries
from cdop.organisations.models import (
    BoardKind,
    Kind,
    LinkKind,
    Organisation,
    OrganisationLink,
    OrganisationName,
)
from cdop.security.work import Work

MANAGE = "accounts:account:manage"


def found(
    work: Work,
    slug: str,
    kind: Kind,
    name: str,
    valid_from: date,
    *,
    board_kind: BoardKind | None = None,
    serves: list[UUID] | None = None,
) -> UUID:
    """Found an organisation from a day on, and say whom it serves. Returns its id.

    Raises Invalid when a board has no kind, or something else has one.
    """
    work.check(MANAGE)
    if (kind is Kind.BOARD) != (board_kind is not None):
        raise Invalid({"board_kind": "A board, and only a board, has a board kind"})
    row = Organisation(slug=slug, kind=kind, board_kind=board_kind, valid_from=valid_from)
    work.session.add(row)
    work.session.flush()
    work.session.add(OrganisationName(organisation_id=row.id, valid_from=valid_from, name=name))
    for other in serves or []:
        _link(work, row.id, LinkKind.SERVES, other, valid_from)
    work.audit("organisations:organisation:found", ("organisations", row.id), row.id)
    return row.id


def rename(work: Work, organisation_id: UUID, name: str, valid_from: date) -> None:
    """Call an organisation by another name from a day on; earlier days keep the earlier name.

    Raises Invalid when it has a name from that day or a later one: no name is written over.
    """
    work.check(MANAGE)
    earlier = select(OrganisationName).where(OrganisationName.organisation_id == organisation_id)
    if any(row.valid_from >= valid_from for row in work.session.exec(earlier)):
        raise Invalid({"valid_from": "The new name must begin after every earlier name"})
    work.session.add(
        OrganisationName(organisation_id=organisation_id, valid_from=valid_from, name=name)
    )
    work.audit(
        "organisations:organisation:rename",
        ("organisations", organisation_id),
        organisation_id,
    )


def merge(work: Work, slug: str, name: str, parts: list[UUID], valid_from: date) -> UUID:
    """Found an organisation that takes the place of `parts` from a day on. Returns its id.

    It serves what they served, and whoever served them serves it; they end the day before. Their
    cases stay theirs, and whoever holds a role at the new one reaches them. Raises Invalid unless
    the parts are of one kind and exist until that day.
    """
    work.check(MANAGE)
    rows = [queries.get(work.session, part) for part in parts]
    if len({row.kind for row in rows}) != 1:
        raise Invalid({"parts": "Only organisations of one kind can merge"})
    if any(row.valid_from >= valid_from or row.valid_to for row in rows):
        raise Invalid({"parts": "Only organisations that exist until that day can merge"})
    day = valid_from - timedelta(days=1)
    served = {o.id for p in parts for o in queries.served_by(work.session, p, day)}
    servants = {o.id for p in parts for k in Kind for o in queries.serving(work.session, p, k, day)}
    new = found(
        work,
        slug,
        Kind(rows[0].kind),
        name,
        valid_from,
        board_kind=BoardKind(rows[0].board_kind) if rows[0].board_kind else None,
        serves=sorted(served),
    )
    for servant in sorted(servants - set(parts)):
        _link(work, servant, LinkKind.SERVES, new, valid_from)
    for row in rows:
        row.valid_to = day
        _link(work, new, LinkKind.SUCCEEDS, row.id, valid_from)
    return new


def _link(work: Work, one: UUID, kind: LinkKind, other: UUID, valid_from: date) -> None:
    work.session.add(
        OrganisationLink(organisation_id=one, kind=kind, other_id=other, valid_from=valid_from)
    )
