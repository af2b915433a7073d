"""What the page of one's own account shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cdop.organisations import sessions
from cdop.organisations.models import Method
from cdop.security.actor import Grant
from cdop.security.permissions import LABELS, needs_second_factor
from cdop.security.work import Work
from cdop.sign_in import authenticators, factors, own, recovery
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.passkeys import keeping as passkeys
from cdop.web.account.forms import ChangePassword
from cdop.web.buttons import Button, why_not
from cdop.web.forms import Bound, blank

NOTICES = {
    "password": "Your password is changed. Every other session was ended.",
    "app": "The authenticator app was added. Every other session was ended.",
    "removed": "The authenticator app was removed. Every other session was ended.",
    "ended": "The session was ended.",
}
_METHODS = {
    Method.PASSWORD: "password",
    Method.TOTP: "password and authenticator app",
    Method.RECOVERY: "password and recovery code",
    Method.PASSKEY: "passkey",
    Method.OIDC: "your organisation's sign-in",
}


@dataclass(frozen=True)
class App:
    """An authenticator app: when it was added, and the button that removes it."""

    id: UUID
    added_at: datetime
    remove: Button


@dataclass(frozen=True)
class Session:
    """Where the account is signed in. `here` is the browser that asks."""

    id: UUID
    browser: str
    how: str
    started_at: datetime
    seen_at: datetime
    here: bool


@dataclass(frozen=True)
class AccountPage:
    """One's own account. `needed` says that a second factor cannot be done without."""

    form: Bound[ChangePassword]
    username: str
    roles: tuple[str, ...]
    needed: bool
    apps: tuple[App, ...]
    passkeys: int
    identities: int
    codes_left: int
    sessions: tuple[Session, ...]
    notice: str | None


def account_page(
    work: Work, form: Bound[ChangePassword] | None = None, notice: str | None = None
) -> AccountPage:
    """Return the page of whoever acts."""
    account = own.own(work)
    return AccountPage(
        form=form or blank(ChangePassword),
        username=account.username,
        roles=tuple(dict.fromkeys(_role(grant) for grant in work.actor.grants)),
        needed=any(needs_second_factor(grant.role) for grant in work.actor.grants),
        apps=_apps(work, account.id),
        passkeys=len(passkeys.of(work, account.id)),
        identities=len(identities.of(work, account.id)),
        codes_left=recovery.left_of(work, account.id),
        sessions=_sessions(work, account.id),
        notice=NOTICES.get(notice or ""),
    )


def _role(grant: Grant) -> str:
    label = LABELS[grant.role] if grant.role else "Access in an emergency"
    return f"{label} (standing in)" if grant.stands_in_for else label


def _apps(work: Work, account_id: UUID) -> tuple[App, ...]:
    refusal = why_not(factors.check_removable, work, account_id)
    return tuple(
        App(row.id, row.added_at, Button("Remove", f"/account/apps/{row.id}/remove", refusal))
        for row in authenticators.of(work, account_id)
    )


def _sessions(work: Work, account_id: UUID) -> tuple[Session, ...]:
    return tuple(
        Session(
            row.id,
            row.browser,
            _METHODS[Method(row.method)],
            row.started_at,
            row.seen_at,
            here=row.id == work.actor.session_id,
        )
        for row in sessions.alive(work, account_id)
    )
