"""Setting a password: what it must be like, and keeping it."""

from uuid import UUID

from cdop.errors import Invalid
from cdop.organisations.models import Account
from cdop.security import passwords
from cdop.security.work import Work
from cdop.sign_in.limits import limits


def check(password: str, username: str) -> None:
    """Raise Invalid, on `password`, for one that is too short, too long or easily guessed.

    No rule asks for kinds of characters: length is what helps (ASVS 5.0, 6.2).
    """
    least, most = limits().password_least, limits().password_most
    if len(password) < least:
        raise _fault(f"The password must have at least {least} characters")
    if len(password) > most:
        raise _fault(f"The password must have {most} characters or fewer")
    if username and username in password.lower():
        raise _fault("The password must not contain your user name")


def keep(work: Work, account_id: UUID, hashed: str) -> None:
    """Keep the hash of a new password that was checked: to make one takes long, so beforehand."""
    work.session.get_one(Account, account_id).password_hash = hashed
    work.audit("accounts:password:set", ("accounts", account_id))


def set_for(work: Work, account_id: UUID, password: str) -> None:
    """Check, hash and keep a password. Raises Invalid."""
    check(password, work.session.get_one(Account, account_id).username)
    keep(work, account_id, passwords.hash_password(password))


def _fault(sentence: str) -> Invalid:
    return Invalid({"password": sentence})
