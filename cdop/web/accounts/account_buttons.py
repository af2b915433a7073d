"""What an administrator does with an account by a press, and why not with their own."""

from dataclasses import dataclass

from cdop.organisations.models import Account
from cdop.security.work import Work
from cdop.sign_in import invitations
from cdop.sign_in.administering import check_not_own
from cdop.web.buttons import Button, why_not


@dataclass(frozen=True)
class AccountButtons:
    """The buttons of an account; None for what its state leaves nothing to do."""

    role: Button
    deputy: Button
    invite: Button | None
    reset: Button | None
    reset_all: Button | None
    disable: Button | None
    enable: Button | None


def account_buttons(work: Work, account: Account) -> AccountButtons:
    """Return what may be done with an account: it is opened or shut, and invited or reset."""
    here = f"/accounts/{account.id}"
    not_invited = why_not(invitations.check_invite, work, account)
    own = why_not(check_not_own, work, account.id)
    no_reset = why_not(invitations.check_reset, work, account)
    again = Button("Make a new invitation", f"{here}/invite", not_invited)
    shut, known = account.disabled_at is not None, bool(account.password_hash)
    reset = Button("Reset the password", f"{here}/reset", no_reset)
    reset_all = Button("Reset password and second factor", f"{here}/reset", no_reset)
    return AccountButtons(
        role=Button("Give a role", f"{here}/roles/new", own),
        deputy=Button("Let stand in for a colleague", f"{here}/deputy", own),
        invite=None if shut or known else again,
        reset=reset if known and not shut else None,
        reset_all=reset_all if known and not shut else None,
        disable=None if shut else Button("Disable", f"{here}/disable", own),
        enable=Button("Enable", f"{here}/enable", own) if shut else None,
    )
