"""How long a provider's signing keys count, where it publishes certificates of them."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography.x509 import load_der_x509_certificate
from joserfc.jwk import KeySet


def last_end(keys: KeySet) -> datetime | None:
    """Return when the last of the keys' certificates expires; None if a key has none."""
    ends = [_end(key.as_dict(private=False).get("x5c")) for key in keys]
    return None if None in ends else max((each for each in ends if each), default=None)


def _end(chain: object) -> datetime | None:
    first = next(iter(chain), None) if isinstance(chain, Iterable) else None
    if first is None:
        return None
    try:
        return load_der_x509_certificate(base64.b64decode(str(first))).not_valid_after_utc
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
