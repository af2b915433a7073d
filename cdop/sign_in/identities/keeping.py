"""The identities of an account: linking one, listing them, unlinking one."""

from uuid import UUID

from sqlmodel import col, select

from cdop.errors import NotFound, Refused
from cdop.organisations.models import Account
from cdop.organisations.people import MANAGE
from cdop.security.single_sign_on.tokens import Identity
from cdop.security.work import Work
from cdop.sign_in.identities import ending
from cdop.sign_in.identities.models import ExternalIdentity
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind
from cdop.sign_in.passkeys import keeping as passkeys

TAKEN = (
    "That sign-in belongs to another account of this register. "
    "It must be unlinked there before it can be linked here."
)

ONLY_WAY = "This is your only way to sign in. Add a passkey or another provider first."


def of(work: Work, account_id: UUID) -> list[ExternalIdentity]:
    """Return the identities of an account, the oldest first."""
    query = select(ExternalIdentity).where(ExternalIdentity.account_id == account_id)
    return list(work.session.exec(query.order_by(col(ExternalIdentity.id))))


def holders(work: Work) -> set[UUID]:
    """Return the accounts that have an identity at a provider."""
    return set(work.session.exec(select(ExternalIdentity.account_id)))


def find(work: Work, identity: Identity) -> ExternalIdentity | None:
    """Return whose an identity is: by issuer and subject, and by nothing else."""
    query = select(ExternalIdentity).where(
        ExternalIdentity.issuer == identity.issuer, ExternalIdentity.subject == identity.subject
    )
    return work.session.exec(query).one_or_none()


def link(work: Work, account_id: UUID, identity: Identity, how: str) -> ExternalIdentity:
    """Link an identity to an account; one that is linked to it already stays as it is.

    `how` is a word for the audit log: whether by an invitation or in a session. Raises Refused
    when it is another account's.
    """
    row = find(work, identity)
    if row is not None:
        if row.account_id != account_id:
            raise Refused(TAKEN)
        return row
    row = ExternalIdentity(
        account_id=account_id,
        issuer=identity.issuer,
        subject=identity.subject,
        linked_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    tell(work, account_id, Kind.IDENTITY_LINKED)
    work.audit(
        "accounts:identity:link",
        ("accounts", account_id),
        identity=row.id.hex,
        issuer=identity.issuer,
        how=how,
    )
    return row


def check_unlinkable(work: Work, row: ExternalIdentity) -> None:
    """Raise Refused when its owner would have no way to sign in. An administrator can invite."""
    account = work.session.get_one(Account, row.account_id)
    other = len(of(work, account.id)) > 1 or passkeys.any_of(work, account.id)
    if work.actor.account_id == account.id and not (account.password_hash or other):
        raise Refused(ONLY_WAY)


def unlink(work: Work, identity_id: UUID) -> UUID:
    """Unlink an identity, and end the sessions that began by it, but for the present one.

    Returns whose account it was. Raises NotFound, Refused.
    """
    row = get(work, identity_id)
    check_unlinkable(work, row)
    _remove(work, row)
    return row.account_id


def unlink_all(work: Work, account_id: UUID) -> None:
    """Unlink every identity of an account, for who resets it."""
    for row in of(work, account_id):
        _remove(work, row)


def _remove(work: Work, row: ExternalIdentity) -> None:
    ended = ending.of_identity(work, row.id, but=work.actor.session_id)
    work.session.delete(row)
    work.session.flush()
    tell(work, row.account_id, Kind.IDENTITY_UNLINKED)
    work.audit(
        "accounts:identity:unlink",
        ("accounts", row.account_id),
        identity=row.id.hex,
        issuer=row.issuer,
        sessions=ended,
    )


def get(work: Work, identity_id: UUID) -> ExternalIdentity:
    """Return an identity of whoever acts, or of anybody for who manages accounts.

    Raises NotFound.
    """
    row = work.session.get(ExternalIdentity, identity_id)
    if row is None or not (row.account_id == work.actor.account_id or work.actor.may(MANAGE)):
        raise NotFound
    return row
