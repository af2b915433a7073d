"""What the pages of accounts show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cdop.organisations import queries
from cdop.organisations.models import Account, Membership
from cdop.reference import codelist
from cdop.security.permissions import LABELS, Role
from cdop.security.work import Work
from cdop.sign_in import administering, deputies
from cdop.sign_in.administering import Standing, state_of
from cdop.sign_in.handing_over import Handed
from cdop.sign_in.identities import keeping as identities
from cdop.web.accounts.account_buttons import AccountButtons, account_buttons
from cdop.web.accounts.forms import Address, DeputyForm, EndRole, Find, NewAccount, RoleForm
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, blank
from cdop.web.templating import day, moment

Choices = tuple[tuple[str, str], ...]
NOTICES = {
    "role": "The role was given. It counts from the account's next request.",
    "ended": "The role ends. That counts from the account's next request.",
    "deputy": "The deputy was entered.",
    "deputy-ended": "The standing in was ended. That counts from the account's next request.",
    "address": "The address was set. The one before is told of it.",
    "disabled": "The account is disabled, and its sessions were ended.",
    "enabled": "The account is enabled.",
    "unlinked": "The sign-in was unlinked, and its sessions were ended.",
}


@dataclass(frozen=True)
class ListPage:
    """The accounts that were looked for, or all."""

    form: Bound[Find]
    rows: list[list[object]]


@dataclass(frozen=True)
class HeldRole:
    """A role of an account, as read: where, when, and the address to end it, if it can be."""

    text: str
    days: str
    end: str | None


@dataclass(frozen=True)
class StoodInFor:
    """For whom an account stands in, and the button that ends it while it is not over."""

    text: str
    end: Button | None


@dataclass(frozen=True)
class HeldIdentity:
    """By which provider an account can be signed in to as well, since when."""

    id: UUID
    issuer: str
    linked: str


@dataclass(frozen=True)
class AccountPage:
    """One account, with what may be done with it."""

    id: UUID
    account: Account
    facts: list[tuple[str, str]]
    roles: tuple[HeldRole, ...]
    deputies: tuple[StoodInFor, ...]
    identities: tuple[HeldIdentity, ...]
    buttons: AccountButtons
    address: Bound[Address]
    notice: str | None


@dataclass(frozen=True)
class RolePage:
    """A role to be given, to somebody new when there is no account yet."""

    form: Bound[NewAccount] | Bound[RoleForm]
    account: Account | None
    roles: Choices
    organisations: Choices
    offices: Choices


@dataclass(frozen=True)
class EndPage:
    """A role to be ended."""

    form: Bound[EndRole]
    account: Account
    role: str
    to: str


@dataclass(frozen=True)
class DeputyPage:
    """Somebody to stand in for a colleague."""

    form: Bound[DeputyForm]
    account: Account
    memberships: Choices


@dataclass(frozen=True)
class InvitedPage:
    """An invitation: mailed to its owner, or shown this once."""

    account: Account
    handed: Handed
    hours: int


def list_page(work: Work, form: Bound[Find]) -> ListPage:
    """Return the accounts whose names hold what was typed."""
    words = form.model.words if form.model else ""
    return ListPage(form, [_row(work, each) for each in administering.listed(work, words)])


def account_page(
    work: Work,
    account_id: UUID,
    notice: str | None = None,
    address: Bound[Address] | None = None,
) -> AccountPage:
    """Return one account's page."""
    found = administering.standing(work, account_id)
    own = account_id == work.actor.account_id
    return AccountPage(
        id=account_id,
        account=found.account,
        facts=_facts(found),
        roles=tuple(_held(work, found.roles, own)),
        deputies=tuple(_stand_ins(work, account_id)),
        identities=tuple(
            HeldIdentity(row.id, row.issuer, moment(row.linked_at))
            for row in identities.of(work, account_id)
        ),
        buttons=account_buttons(work, found.account),
        address=address or blank(Address, {"email": found.account.email or ""}),
        notice=NOTICES.get(notice or ""),
    )


def role_page(
    work: Work,
    account: Account | None = None,
    form: Bound[NewAccount] | Bound[RoleForm] | None = None,
) -> RolePage:
    """Return the page that gives a role. Raises Refused for one's own account."""
    if account:
        administering.check_not_own(work, account.id)
    empty: Any = RoleForm if account else NewAccount
    return RolePage(
        form=form or blank(empty),
        account=account,
        roles=tuple((role.value, LABELS[role]) for role in Role),
        organisations=_organisations(work),
        offices=codelist("offices", work.today).choices(),
    )


def end_page(
    work: Work, account_id: UUID, membership_id: UUID, form: Bound[EndRole] | None = None
) -> EndPage:
    """Return the page that ends a role. Raises NotFound for one of another account."""
    found = administering.standing(work, account_id)
    row = administering.of(found, membership_id)
    yesterday = {"valid_to": administering.yesterday(work)}
    to = f"/accounts/{account_id}/roles/{membership_id}/end"
    return EndPage(form or blank(EndRole, yesterday), found.account, _text(work, row), to)


def deputy_page(work: Work, account_id: UUID, form: Bound[DeputyForm] | None = None) -> DeputyPage:
    """Return the page on which somebody is let stand in. Raises Refused for one's own account."""
    administering.check_not_own(work, account_id)
    account = administering.standing(work, account_id).account
    choices = tuple(
        (str(row.id), f"{other.account.display_name}: {_text(work, row)}")
        for other in administering.listed(work)
        if other.account.id != account_id
        for row in other.roles
    )
    return DeputyPage(form or blank(DeputyForm, {"valid_from": work.today}), account, choices)


def _row(work: Work, each: Standing) -> list[object]:
    name = {"text": each.account.display_name, "href": f"/accounts/{each.account.id}"}
    roles = ", ".join(_text(work, row) for row in each.roles)
    return [name, each.account.username, roles or "None", state_of(each).capitalize()]


def _facts(found: Standing) -> list[tuple[str, str]]:
    last = found.last_seen_at
    facts = [
        ("User name", found.account.username),
        ("E-mail address", found.account.email or "None"),
        ("State", state_of(found).capitalize()),
        ("Second factor", "Yes" if found.has_factor else "None"),
        ("Last seen", moment(last) if last else "Never"),
    ]
    if found.invited_until:
        facts.append(("Invitation ends", moment(found.invited_until)))
    return facts


def _held(work: Work, rows: Sequence[Membership], own: bool) -> list[HeldRole]:
    held = []
    for row in rows:
        over = row.valid_to is not None and row.valid_to < work.today
        end = None if over or own else f"/accounts/{row.account_id}/roles/{row.id}/end"
        held.append(HeldRole(_text(work, row), _days(row.valid_from, row.valid_to), end))
    return held


def _stand_ins(work: Work, account_id: UUID) -> list[StoodInFor]:
    own = why_not(administering.check_not_own, work, account_id)
    return [
        StoodInFor(
            f"{each.holder}: {_text(work, each.membership)}, "
            f"{_days(each.valid_from, each.valid_to)}",
            Button("End", f"/accounts/{account_id}/deputies/{each.id}/end", own)
            if each.valid_to >= work.today
            else None,
        )
        for each in deputies.of(work, account_id)
    ]


def _text(work: Work, row: Membership) -> str:
    """Return a role in words, with its office and where it is held."""
    text = LABELS[Role(row.role)]
    if row.office:
        text += f" ({codelist('offices', work.today).label(row.office)})"
    if row.organisation_id:
        text += f" at {queries.name_on(work.session, row.organisation_id, work.today)}"
    return text


def _days(first: date, last: date | None) -> str:
    if last is None:
        return f"from {day(first)}"
    if last < first:
        return "never held"
    return f"{day(first)} to {day(last)}"


def _organisations(work: Work) -> Choices:
    ids = [row.id for row in queries.existing(work.session, work.today)]
    names = queries.names_on(work.session, ids, work.today)
    return tuple(sorted(((str(id), name) for id, name in names.items()), key=lambda pair: pair[1]))
