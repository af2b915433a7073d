"""Setting a password: what it must be like, and keeping it."""

from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from cdop.errors import Invalid
from cdop.organisations.models import Account
from cdop.security import passwords
from cdop.security.work import Work
from cdop.sign_in.limits import limits
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind

# Longer ones take longer to reckon than they are worth: what stands here is enough by itself.
_LOOKED_AT = 64
# A shorter user name may stand in any word: "ada" in "canada".
_SHORT = 4


def check(password: str, username: str) -> None:
    """Raise Invalid, on `password`, for one that is too short, too long or easily guessed.

    No rule asks for kinds of characters: length is what helps (ASVS 5.0, 6.2). How soon it would
    be guessed is reckoned from the 30,000 commonest passwords, words, names, dates, rows of keys.
    """
    least, most = limits().password_least, limits().password_most
    if len(password) < least:
        raise _fault(f"The password must have at least {least} characters")
    if len(password) > most:
        raise _fault(f"The password must have {most} characters or fewer")
    if len(username) > _SHORT and username in password.lower():
        raise _fault("The password must not contain your user name")
    if _guesses(password, username) < limits().password_guesses:
        raise _fault("That password is easily guessed. Add a few unrelated words")


def keep(work: Work, account_id: UUID, hashed: str) -> None:
    """Keep the hash of a new password that was checked: to make one takes long, so beforehand."""
    work.session.get_one(Account, account_id).password_hash = hashed
    tell(work, account_id, Kind.PASSWORD)
    work.audit("accounts:password:set", ("accounts", account_id))


def exchange(work: Work, account_id: UUID, kept: str, hashed: str) -> bool:
    """Put one hash in place of another. False when that is not the account's any more.

    For who was asked for the password: while it was looked at, which takes long, somebody may have
    changed it, taken it away or disabled the account. One statement, which writes even where both
    are the same, so that whoever does that at this moment waits, or is waited for.
    """
    changed = (
        update(Account)
        .where(
            col(Account.id) == account_id,
            col(Account.password_hash) == kept,
            col(Account.disabled_at).is_(None),
        )
        .values(password_hash=hashed)
    )
    return bool(work.session.execute(changed).rowcount == 1)  # type: ignore[attr-defined]


def set_for(work: Work, account_id: UUID, password: str) -> None:
    """Check, hash and keep a password. Raises Invalid."""
    check(password, work.session.get_one(Account, account_id).username)
    keep(work, account_id, passwords.hash_password(password))


def _guesses(password: str, username: str) -> float:
    """Return in how many attempts somebody guesses it who knows the place, as a power of ten."""
    # Its lists take longer to load than most commands take to run.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    words = [*limits().password_words, *username.replace("-", ".").split(".")]
    looked_at = password[:_LOOKED_AT]
    return float(zxcvbn(looked_at, user_inputs=words)["guesses_log10"])


def _fault(sentence: str) -> Invalid:
    return Invalid({"password": sentence})
