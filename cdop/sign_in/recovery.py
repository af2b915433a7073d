"""Recovery codes: ten, shown once, each for one time, in place of a second factor that is lost."""

import hashlib
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from cdop.security import passwords
from cdop.security.work import Work
from cdop.sign_in.limits import limits
from cdop.sign_in.models import RecoveryCode
from cdop.sign_in.notices.telling import tell
from cdop.sign_in.notices.words import Kind


def renew(work: Work, account_id: UUID) -> tuple[str, ...]:
    """Make new codes in place of the old ones. Returns them, to be shown once."""
    forget(work, account_id)
    codes = tuple(passwords.recovery_code() for _ in range(limits().recovery_codes))
    for code in codes:
        work.session.add(
            RecoveryCode(account_id=account_id, code_hash=_hash(code), made_at=work.now)
        )
    tell(work, account_id, Kind.CODES)
    work.audit("accounts:recovery:renew", ("accounts", account_id), codes=len(codes))
    return codes


def accepts(work: Work, account_id: UUID, code: str) -> bool:
    """Say whether a code is one of the account's that was not used; then it is used."""
    used = (
        update(RecoveryCode)
        .where(
            col(RecoveryCode.account_id) == account_id,
            col(RecoveryCode.code_hash) == _hash(code),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=work.now)
    )
    if work.session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        return False
    tell(work, account_id, Kind.CODE_USED)
    left = left_of(work, account_id)
    work.audit("accounts:recovery:use", ("accounts", account_id), left=left)
    return True


def left_of(work: Work, account_id: UUID) -> int:
    """Return how many codes of an account were not used yet."""
    query = select(func.count()).where(
        RecoveryCode.account_id == account_id, col(RecoveryCode.used_at).is_(None)
    )
    return work.session.exec(query).one()


def forget(work: Work, account_id: UUID) -> None:
    """Throw all codes of an account away."""
    work.session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))


def _hash(code: str) -> bytes:
    """Return what is kept of a code: 123 random bits need no slow hash (ASVS 5.0, 6.5.2)."""
    letters = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(letters.encode()).digest()
