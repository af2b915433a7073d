"""The second factors of an account, whatever their kind. A new kind is counted and removed here."""

from uuid import UUID

from cdop.errors import Refused
from cdop.security.work import Work
from cdop.sign_in import authenticators, recovery
from cdop.sign_in.identities import keeping as identities
from cdop.sign_in.passkeys import keeping as passkeys

LAST = "This is your only second factor. Add another one first."


def has_any(work: Work, account_id: UUID) -> bool:
    """Say whether an account has a second factor to show. Recovery codes alone are none."""
    return bool(authenticators.of(work, account_id)) or passkeys.any_of(work, account_id)


def check_removable(work: Work, account_id: UUID) -> None:
    """Raise Refused when an account would be left without a second factor."""
    held = len(authenticators.of(work, account_id)) + len(passkeys.of(work, account_id))
    if held < 2:
        raise Refused(LAST)


def holders(work: Work) -> set[UUID]:
    """Return the accounts that have a second factor."""
    return authenticators.holders(work) | passkeys.holders(work)


def remove_all(work: Work, account_id: UUID) -> None:
    """Remove every second factor, recovery code and identity at a provider of an account."""
    for row in authenticators.of(work, account_id):
        authenticators.remove(work, row)
    for passkey in passkeys.of(work, account_id):
        passkeys.remove(work, passkey)
    recovery.forget(work, account_id)
    identities.unlink_all(work, account_id)
