"""What an administrator does to the accounts of others: list, appoint, disable, invite, reset.

Nobody appoints or disables themselves: rights over a child's record are never one's own gift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col, select

from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import people, sessions
from cdop.organisations.models import Account, Membership, SignIn
from cdop.organisations.people import MANAGE
from cdop.reference import codelist
from cdop.security.permissions import ANYWHERE, LABELS, Role, needs_second_factor
from cdop.security.work import Work
from cdop.sign_in import addresses, factors, invitations
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.invitations import get

IN_USE, DISABLED = "in use", "disabled"
OWN = "Nobody changes their own rights. Ask another administrator."


@dataclass(frozen=True)
class Standing:
    """An account as its administrator sees it. `invited_until` when an invitation is open.

    `is_linked`: it has an identity at a provider, who asks for the factors.
    """

    account: Account
    roles: tuple[Membership, ...]
    is_linked: bool
    has_factor: bool
    invited_until: datetime | None
    last_seen_at: datetime | None


@dataclass(frozen=True)
class Appointment:
    """A role to be given: at an organisation (none: the whole register), between two days."""

    role: Role
    organisation_id: UUID | None
    office: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def listed(work: Work, words: str = "") -> list[Standing]:
    """Return the accounts, by user name, whose names hold all these words; all of them without."""
    work.check(MANAGE)
    query = select(Account).order_by(Account.username)
    for word in words.split():
        query = query.where(
            or_(
                col(Account.username).icontains(word, autoescape=True),
                col(Account.display_name).icontains(word, autoescape=True),
            )
        )
    held = {account.id: roles for account, roles in people.everyone(work)}
    return _standings(work, work.session.exec(query).all(), held)


def standing(work: Work, account_id: UUID) -> Standing:
    """Return one account, with every role it held, holds or will hold. Raises NotFound."""
    work.check(MANAGE)
    account = get(work, account_id)
    query = select(Membership).where(Membership.account_id == account_id)
    roles = work.session.exec(query.order_by(col(Membership.valid_from))).all()
    return _standings(work, [account], {account_id: roles})[0]


def of(found: Standing, membership_id: UUID) -> Membership:
    """Return one role of an account. Raises NotFound for one of another account."""
    for row in found.roles:
        if row.id == membership_id:
            return row
    raise NotFound


def add(
    work: Work, username: str, display_name: str, appointment: Appointment, email: str = ""
) -> tuple[UUID, str]:
    """Add an account with one role, both or neither. Returns its id and its invitation's secret.

    Raises Invalid.
    """
    check_appointment(work, appointment)
    addresses.check(email)
    account_id = people.add_account(work, username, display_name)
    addresses.set_address(work, account_id, email)
    appoint(work, account_id, appointment)
    return account_id, invitations.invite(work, account_id)


def appoint(work: Work, account_id: UUID, appointment: Appointment) -> UUID:
    """Give an account a role. Raises Invalid; NotFound; Refused for one's own account."""
    check_not_own(work, account_id)
    get(work, account_id)
    check_appointment(work, appointment)
    return people.add_membership(
        work,
        account_id,
        appointment.role,
        appointment.organisation_id,
        office=appointment.office,
        valid_from=appointment.valid_from,
        valid_to=appointment.valid_to,
    )


def end_role(work: Work, membership_id: UUID, valid_to: date) -> Membership:
    """Let a role end with a day, which is its last: before its first, it was never held.

    Raises NotFound; Refused for one's own, and for one that has ended already.
    """
    work.check(MANAGE)
    row = work.session.get(Membership, membership_id)
    if row is None:
        raise NotFound
    check_not_own(work, row.account_id)
    if row.valid_to and row.valid_to < work.today:
        raise Refused("This role has ended already.")
    row.valid_to = valid_to
    subject = ("accounts", row.account_id)
    work.audit("accounts:membership:end", subject, row.organisation_id, role=row.role)
    return row


def disable(work: Work, account_id: UUID) -> None:
    """Shut an account: its sessions end now, and nobody signs in to it. Refused for one's own."""
    work.check(MANAGE)
    check_not_own(work, account_id)
    account = get(work, account_id)
    if account.disabled_at is None:
        account.disabled_at = work.now
        sessions.end_others(work, account_id)
        work.audit("accounts:account:disable", ("accounts", account_id))


def enable(work: Work, account_id: UUID) -> None:
    """Open an account that was disabled. Its password and second factor are as they were."""
    work.check(MANAGE)
    check_not_own(work, account_id)
    account = get(work, account_id)
    if account.disabled_at:
        account.disabled_at = None
        # One that began at the moment of disabling, unseen by it, does not come alive again.
        sessions.end_others(work, account_id)
        work.audit("accounts:account:enable", ("accounts", account_id))


def check_not_own(work: Work, account_id: UUID) -> None:
    """Raise Refused when an administrator would change their own rights."""
    if account_id == work.actor.account_id:
        raise Refused(OWN)


def check_appointment(work: Work, appointment: Appointment) -> None:
    """Raise Invalid for a role without the organisation or office that it needs."""
    role, faults = appointment.role, {}
    if appointment.organisation_id is None and role not in ANYWHERE:
        faults["organisation_id"] = f"{LABELS[role]}: name the organisation"
    if role is Role.DECISION_MAKER and not appointment.office:
        faults["office"] = "A decision maker holds an office, for example children-chair"
    if appointment.office and appointment.office not in codelist("offices", work.today):
        faults["office"] = "There is no such office"
    begins = appointment.valid_from or work.today
    if appointment.valid_to and appointment.valid_to < begins:
        faults["valid_to"] = "The last day must not be before the first"
    if faults:
        raise Invalid(faults)


def state_of(each: Standing) -> str:
    """Return in words what keeps an account from signing in, or that nothing does."""
    if each.account.disabled_at:
        return DISABLED
    if each.invited_until:
        return "invited"
    if each.is_linked:
        return IN_USE
    if not each.account.password_hash:
        return "invitation expired"
    needs = any(needs_second_factor(Role(row.role)) for row in each.roles)
    return "no second factor yet" if needs and not each.has_factor else IN_USE


def yesterday(work: Work) -> date:
    """Return the last day of what ends at once."""
    return work.today - timedelta(days=1)


def _standings(
    work: Work, accounts: Sequence[Account], held: Mapping[UUID, Sequence[Membership]]
) -> list[Standing]:
    invited, seen = invitations.pending(work), _last_seen(work)
    proved, linked = factors.holders(work), identities.holders(work)
    return [
        Standing(
            account,
            tuple(held.get(account.id, ())),
            is_linked=account.id in linked,
            has_factor=account.id in proved,
            invited_until=invited.get(account.id),
            last_seen_at=seen.get(account.id),
        )
        for account in accounts
    ]


def _last_seen(work: Work) -> dict[UUID, datetime]:
    query = select(SignIn.account_id, func.max(SignIn.seen_at)).group_by(col(SignIn.account_id))
    return dict(work.session.exec(query).all())
