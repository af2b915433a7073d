"""Passwords: Argon2id with RFC 9106's second set of parameters; never logged, never shown."""

import secrets
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 64 MiB each: two at a time bound the memory that sign-ins can take.
_AT_ONCE = BoundedSemaphore(2)
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)

# No letters or digits that are mistaken for each other when read from a screen.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str) -> str:
    """Return the Argon2id hash to keep."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the one that was hashed; takes as long when none is kept."""
    with _AT_ONCE:
        nobody = _nobody()  # whichever is compared: the first to ask pays for it, known or not
        try:
            _HASHER.verify(kept or nobody, password)
            return bool(kept)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """Return a hash that nobody's password has; made when first needed, for it takes its time."""
    return _HASHER.hash(secrets.token_hex())


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


def generate() -> str:
    """Return a new password of four groups of five characters (about 98 bits)."""
    return _groups(4)


def recovery_code() -> str:
    """Return a new code that stands in for a second factor: five groups of five (123 bits)."""
    return _groups(5)


def _groups(number: int) -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(number))
    return "-".join(groups)
