"""A provider's configuration and keys, and a clock that stands."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from cdop.security.single_sign_on.configuration import Provider

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())

Sign = Callable[..., str]


@pytest.fixture(scope="session")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture
def provider() -> Provider:
    return provider_with()


def provider_with(**more: Any) -> Provider:
    return Provider.model_validate(
        {
            "id": "county",
            "label": "County sign-in",
            "issuer": "https://id.example.org",
            "client_id": "cdop",
            "secret_file": "secret",
        }
        | more
    )


@pytest.fixture
def sign(key: RSAKey) -> Sign:
    def signed(claims: dict[str, Any], *, by: Any = key, **header: Any) -> str:
        head = {"alg": "RS256", "kid": key.kid} | header
        return jwt.encode(head, claims, by, algorithms=[head["alg"]])

    return signed
