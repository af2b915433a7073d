"""Colleagues who stand in for the holder of a role, as an administrator enters and reads them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from cdop.errors import NotFound, Refused
from cdop.organisations import people
from cdop.organisations.models import Account, Membership
from cdop.organisations.people import MANAGE
from cdop.organisations.reach_models import Deputy
from cdop.security.work import Work
from cdop.sign_in.administering import check_not_own


@dataclass(frozen=True)
class StandsIn:
    """Whose role somebody stands in for, and between which days. `holder` is a name to show."""

    id: UUID
    holder: str
    membership: Membership
    valid_from: date
    valid_to: date


def of(work: Work, account_id: UUID) -> list[StandsIn]:
    """Return whom an account stands in for, the earliest first."""
    work.check(MANAGE)
    query = (
        select(Deputy, Membership, Account)
        .join(Membership, col(Deputy.membership_id) == Membership.id)
        .join(Account, col(Membership.account_id) == Account.id)
        .where(Deputy.account_id == account_id)
        .order_by(col(Deputy.valid_from))
    )
    return [
        StandsIn(row.id, account.display_name, membership, row.valid_from, row.valid_to)
        for row, membership, account in work.session.exec(query)
    ]


def add(
    work: Work, account_id: UUID, membership_id: UUID, valid_from: date, valid_to: date
) -> UUID:
    """Let an account stand in for a colleague. Raises Invalid, NotFound; Refused for one's own."""
    check_not_own(work, account_id)
    return people.add_deputy(work, account_id, membership_id, valid_from, valid_to)


def end(work: Work, account_id: UUID, deputy_id: UUID) -> None:
    """Let an account stand in no longer, from its next request on.

    One that begins today or later is taken back whole. Raises NotFound for one of another account;
    Refused for one's own, and for one that is over.
    """
    work.check(MANAGE)
    check_not_own(work, account_id)
    row = work.session.get(Deputy, deputy_id, with_for_update=True)
    if row is None or row.account_id != account_id:
        raise NotFound
    check_end(work, row.valid_to)
    membership = work.session.get_one(Membership, row.membership_id)
    if row.valid_from >= work.today:
        work.session.delete(row)
    else:
        row.valid_to = work.today - timedelta(days=1)
    work.audit(
        "accounts:deputy:end",
        ("accounts", account_id),
        membership.organisation_id,
        role=membership.role,
        stood_in_for=str(membership.account_id),
    )


def check_end(work: Work, valid_to: date) -> None:
    """Raise Refused for standing in that is over already."""
    if valid_to < work.today:
        raise Refused("This standing in is over already.")
