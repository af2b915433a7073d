"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, half a minute), and its seed."""

import base64
import hmac
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS, SECONDS = 6, 30
SEED_BYTES = 20
# The clocks of a telephone and of this machine may differ by a step either way.
_AROUND = (-1, 0, 1)


def new_secret() -> str:
    """Return a new seed of 160 random bits in base 32, as an authenticator app takes it."""
    return base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode()


def secret_from(token: str, purpose: str) -> str:
    """Return the seed that goes with a secret token: the same for the same token and purpose."""
    seed = hmac.digest(token.encode(), purpose.encode(), "sha256")[:SEED_BYTES]
    return base64.b32encode(seed).decode()


def step_at(at: datetime) -> int:
    """Return the number of the half minute in which a moment lies."""
    return int(at.timestamp()) // SECONDS


def code_of(secret: str, step: int) -> str:
    """Return the code of a step."""
    # SHA-1 is what authenticator apps speak; as an HMAC it is not broken.
    hotp = HOTP(base64.b32decode(secret), DIGITS, SHA1())  # noqa: S303
    return hotp.generate(step).decode()


def step_of(secret: str, code: str, at: datetime, after: int = 0) -> int | None:
    """Return the step whose code this is, no more than one away from now and later than `after`.

    None when it is the code of none of them.
    """
    found = None
    for step in (step_at(at) + around for around in _AROUND):
        same = hmac.compare_digest(code_of(secret, step).encode(), code.encode())
        if same and step > after and found is None:
            found = step
    return found


def address_of(secret: str, username: str, issuer: str) -> str:
    """Return the address (otpauth://) by which an authenticator app takes up the seed."""
    totp = TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS)  # noqa: S303
    return totp.get_provisioning_uri(username, issuer)
