"""Ending sessions that began at a provider: because it says so, or the identity is unlinked."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select

from cdop.organisations.models import BegunSignIn, SignIn
from cdop.organisations.sessions import LONGEST, hash_of
from cdop.security.single_sign_on.tokens import Logout
from cdop.security.work import Work
from cdop.sign_in.identities.models import ExternalIdentity, LogoutToken, ProviderSession

# The longest session, and the half sign-in before it.
_NO_LONGER = LONGEST + timedelta(hours=1)


def hold(work: Work, held_by: UUID, identity_id: UUID, sid: str | None) -> None:
    """Keep by which identity a session, or a half sign-in, began."""
    old = work.now - _NO_LONGER
    work.session.execute(delete(ProviderSession).where(col(ProviderSession.began_at) < old))
    work.session.add(
        ProviderSession(held_by=held_by, identity_id=identity_id, sid=sid, began_at=work.now)
    )


def hand_on(work: Work, begun_id: UUID, session_id: UUID) -> None:
    """Let a session take over from the half sign-in that it came of."""
    work.session.execute(
        update(ProviderSession)
        .where(col(ProviderSession.held_by) == begun_id)
        .values(held_by=session_id)
    )


def of_identity(work: Work, identity_id: UUID, but: UUID | None = None) -> int:
    """End the sessions that began by an identity, but for one. Returns how many were alive."""
    return _end(work, col(ProviderSession.identity_id) == identity_id, but)


def by_provider(work: Work, logout: Logout) -> int | None:
    """End what a logout token ends. Returns how many sessions; None for one that came before.

    A session whose provider gave no `sid` ends with its person.
    """
    if not _is_first(work, logout):
        return None
    theirs = select(ExternalIdentity.id).where(ExternalIdentity.issuer == logout.issuer)
    if logout.subject:
        theirs = theirs.where(ExternalIdentity.subject == logout.subject)
    where: Any = col(ProviderSession.identity_id).in_(theirs)
    if logout.sid:
        same = col(ProviderSession.sid) == logout.sid
        where &= same | col(ProviderSession.sid).is_(None) if logout.subject else same
    ended = _end(work, where, None)
    work.audit("accounts:session:end-by-provider", issuer=logout.issuer, sessions=ended)
    return ended


def issuer_behind(work: Work, session_id: UUID) -> str | None:
    """Return by which provider a session began, if by one."""
    query = (
        select(ExternalIdentity.issuer)
        .join(ProviderSession, col(ProviderSession.identity_id) == ExternalIdentity.id)
        .where(ProviderSession.held_by == session_id)
    )
    return work.session.exec(query).one_or_none()


def _is_first(work: Work, logout: Logout) -> bool:
    work.session.execute(delete(LogoutToken).where(col(LogoutToken.expires_at) < work.now))
    key = hash_of(f"logout:{logout.issuer}:{logout.jti}")
    if work.session.get(LogoutToken, key):
        return False
    work.session.add(LogoutToken(token_hash=key, expires_at=logout.expires_at))
    work.session.flush()
    return True


def _end(work: Work, where: Any, but: UUID | None) -> int:
    held = set(work.session.exec(select(ProviderSession.held_by).where(where))) - {but}
    work.session.execute(delete(BegunSignIn).where(col(BegunSignIn.id).in_(held)))
    rows = work.session.exec(
        select(SignIn).where(col(SignIn.id).in_(held), col(SignIn.ended_at).is_(None))
    ).all()
    for row in rows:
        row.ended_at = work.now
        work.audit("accounts:session:end", ("accounts", row.account_id), by="provider")
    work.session.execute(delete(ProviderSession).where(col(ProviderSession.held_by).in_(held)))
    return len(rows)
