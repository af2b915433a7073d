"""The second factors of an account, whatever their kind. A new kind is counted and removed here."""

from uuid import UUID

from cdop.security.work import Work
from cdop.sign_in import authenticators, recovery


def has_any(work: Work, account_id: UUID) -> bool:
    """Say whether an account has a second factor to show. Recovery codes alone are none."""
    return bool(authenticators.of(work, account_id))


def remove_all(work: Work, account_id: UUID) -> None:
    """Remove every second factor and recovery code of an account."""
    for row in authenticators.of(work, account_id):
        authenticators.remove(work, row)
    recovery.forget(work, account_id)
