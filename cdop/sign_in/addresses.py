"""The work address of an account: where its invitations go, and word of changed ways to sign in."""

import re
from uuid import UUID

from cdop.errors import Invalid
from cdop.organisations.people import MANAGE
from cdop.security.work import Work
from cdop.sign_in import invitations
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind

# Enough to keep a message's header whole; whether it is somebody's, only a message shows.
_FORM = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+", re.ASCII)
_MOST = 254


def check(address: str) -> str | None:
    """Return an address as it is kept, None for an empty one. Raises Invalid on `email`."""
    typed = address.strip()
    if typed and (len(typed) > _MOST or not _FORM.fullmatch(typed)):
        raise Invalid({"email": "Enter an e-mail address, such as name@example.org"})
    return typed or None


def set_address(work: Work, account_id: UUID, address: str) -> None:
    """Set or (empty) remove the address of an account. The one before is told of it.

    Whoever takes an address from an account makes it no invitation for some days.
    Raises Invalid on `email`, NotFound.
    """
    work.check(MANAGE)
    account, new = invitations.get(work, account_id), check(address)
    if new == account.email:
        return
    before, account.email = account.email, new
    if before:
        account.email_left_at, account.email_left_by = work.now, work.actor.name
        tell(work, account_id, Kind.ADDRESS, before)
    work.audit("accounts:address:set", ("accounts", account_id), had_one=before is not None)
