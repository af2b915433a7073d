"""A logout token ends sessions only when it is one: fresh, addressed to us, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import KeySet, RSAKey

from cdop.security.single_sign_on.configuration import Provider
from cdop.security.single_sign_on.tokens import NotProved, logout_from
from tests.unit.security.single_sign_on.conftest import AT, NOW, Sign

EVENT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
GOOD: dict[str, Any] = {
    "iss": "https://id.example.org",
    "aud": "cdop",
    "sub": "248289761001",
    "sid": "08a5019c",
    "iat": AT,
    "exp": AT + 120,
    "jti": "bWJq",
    "events": EVENT,
}


@pytest.mark.parametrize("typ", ["logout+jwt", "JWT"])
@pytest.mark.parametrize("left_out", [{"sub"}, {"sid"}, {"exp"}, set()], ids=str)
def test_a_good_one_names_a_person_or_a_session(
    provider: Provider, key: RSAKey, sign: Sign, typ: str, left_out: set[str]
) -> None:
    claims = {name: value for name, value in GOOD.items() if name not in left_out}
    logout = logout_from(provider, KeySet([key]), sign(claims, typ=typ), NOW)
    assert logout.subject == claims.get("sub")
    assert logout.sid == claims.get("sid")
    assert logout.jti == "bWJq"
    assert logout.expires_at == NOW + timedelta(minutes=7), "until it can be no replay"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example.org"},
        {"aud": "another"},
        {"iat": None},
        {"iat": AT - 361},
        {"iat": AT + 600},
        {"exp": AT - 61},
        {"jti": None},
        {"jti": 7},
        {"events": None},
        {"events": []},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
        {"nonce": "any"},
        {"sub": None, "sid": None},
        {"sub": 7},
        {"sid": 7},
    ],
    ids=str,
)
def test_anything_else_ends_nothing(
    provider: Provider, key: RSAKey, sign: Sign, change: dict[str, Any]
) -> None:
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(NotProved):
        logout_from(provider, KeySet([key]), sign(claims), NOW)


def test_an_id_token_is_no_logout_token(provider: Provider, key: RSAKey, sign: Sign) -> None:
    claims = {name: value for name, value in GOOD.items() if name not in ("events", "jti")}
    with pytest.raises(NotProved):
        logout_from(provider, KeySet([key]), sign(claims | {"nonce": "n"}), NOW)


def test_an_access_token_is_no_logout_token(provider: Provider, key: RSAKey, sign: Sign) -> None:
    with pytest.raises(NotProved):
        logout_from(provider, KeySet([key]), sign(GOOD, typ="at+jwt"), NOW)
