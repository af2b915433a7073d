"""An ID token proves who signed in only when every one of its claims is as it must be."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import KeySet, OctKey, RSAKey

from cdop.security.single_sign_on.configuration import Provider
from cdop.security.single_sign_on.tokens import Identity, NotProved, UnknownKey, identity_from
from tests.unit.security.single_sign_on.conftest import AT, NOW, Sign, provider_with

NONCE = "the nonce of the question"
GOOD: dict[str, Any] = {
    "iss": "https://id.example.org",
    "aud": "cdop",
    "sub": "248289761001",
    "sid": "08a5019c",
    "iat": AT,
    "exp": AT + 300,
    "nonce": NONCE,
    "auth_time": AT - 60,
}


def read(provider: Provider, key: RSAKey, token: str) -> Identity:
    keys = KeySet([key])
    return identity_from(
        provider,
        keys,
        token,
        nonce=NONCE,
        access_token=None,
        now=NOW,
        longest_ago=provider.longest_ago,
    )


def test_a_good_token_says_who_it_is(provider: Provider, key: RSAKey, sign: Sign) -> None:
    identity = read(provider, key, sign(GOOD))
    assert identity == Identity(
        "https://id.example.org", "248289761001", "08a5019c", False, NOW - timedelta(minutes=1)
    )


@pytest.mark.parametrize(
    ("told", "proved_at"),
    [
        (AT - 36_000, NOW - timedelta(hours=10)),
        (AT, NOW),
        (AT + 60, NOW),
        (1e300, NOW),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        *((wrong, None) for wrong in (None, -1, True, float("nan"))),
    ],
)
def test_when_somebody_signed_in_there_is_what_the_token_says_and_never_to_come(
    provider: Provider, key: RSAKey, sign: Sign, told: object, proved_at: datetime | None
) -> None:
    assert read(provider, key, sign(GOOD | {"auth_time": told})).proved_at == proved_at


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://other.example.org"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another", "third"]}, "aud"),
        ({"aud": ["cdop", "another"]}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": 7}, "sub"),
        ({"exp": AT - 61}, "exp"),
        ({"exp": None}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": AT + 600}, "iat"),
        ({"nbf": AT + 600}, "nbf"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
    ],
    ids=str,
)
def test_a_claim_that_is_wrong_or_lacking_proves_nothing(
    provider: Provider, key: RSAKey, sign: Sign, change: dict[str, Any], why: str
) -> None:
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(NotProved) as caught:
        read(provider, key, sign(claims))
    assert caught.value.why == why


@pytest.mark.filterwarnings("ignore:JWS algorithm")
def test_a_token_signed_by_nobody_proves_nothing(
    provider: Provider, key: RSAKey, sign: Sign
) -> None:
    unsigned = sign(GOOD, by=OctKey.generate_key(), alg="none")
    bare = unsigned.rpartition(".")[0] + "."
    for token in (unsigned, bare):
        with pytest.raises(NotProved):
            read(provider, key, token)


def test_a_public_key_is_no_shared_secret(provider: Provider, key: RSAKey) -> None:
    """The classic confusion: a token signed by HMAC with the published key."""
    head, body = (_part(each) for each in ({"alg": "HS256", "kid": key.kid}, GOOD))
    mac = hmac.digest(key.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    with pytest.raises(NotProved):
        read(provider, key, f"{head}.{body}.{_encoded(mac)}")


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def test_a_signature_by_an_algorithm_that_is_not_configured_is_refused(
    provider: Provider, key: RSAKey, sign: Sign
) -> None:
    token = sign(GOOD, alg="PS256")
    with pytest.raises(NotProved):
        read(provider, key, token)
    assert read(provider_with(signed_by=["PS256"]), key, token).subject == GOOD["sub"]


def test_another_key_of_the_same_name_is_refused(
    provider: Provider, key: RSAKey, sign: Sign
) -> None:
    other = RSAKey.generate_key(2048)
    with pytest.raises(NotProved):
        read(provider, key, sign(GOOD, by=other))


def test_an_unknown_key_is_told_apart(provider: Provider, key: RSAKey, sign: Sign) -> None:
    other = RSAKey.generate_key(2048, auto_kid=True)
    with pytest.raises(UnknownKey):
        read(provider, key, sign(GOOD, by=other, kid=other.kid))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_token_that_was_changed_is_refused(
    provider: Provider, key: RSAKey, sign: Sign, place: int
) -> None:
    parts = sign(GOOD).split(".")
    middle = len(parts[place]) // 2
    letter = "A" if parts[place][middle] != "A" else "B"
    parts[place] = parts[place][:middle] + letter + parts[place][middle + 1 :]
    with pytest.raises(NotProved):
        read(provider, key, ".".join(parts))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 20_001, "é.é.é"])
def test_what_is_no_token_is_refused(provider: Provider, key: RSAKey, token: str) -> None:
    with pytest.raises(NotProved):
        read(provider, key, token)


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ({"tid": "our tenant"}, True),
        ({"tid": "another tenant"}, False),
        ({"tid": ["our tenant"]}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_pinned_claim_must_be_there_exactly(
    key: RSAKey, sign: Sign, said: dict[str, Any], accepted: bool
) -> None:
    """Entra's `tid`: a token of another tenant is somebody else's."""
    provider = provider_with(claims={"tid": "our tenant"})
    if accepted:
        assert read(provider, key, sign(GOOD | said)).subject == GOOD["sub"]
        return
    with pytest.raises(NotProved) as caught:
        read(provider, key, sign(GOOD | said))
    assert caught.value.why == "tid"


@pytest.mark.parametrize(("said", "accepted"), [(True, True), (1, False), ("true", False)])
def test_true_is_not_one(key: RSAKey, sign: Sign, said: object, accepted: bool) -> None:
    provider = provider_with(claims={"email_verified": True})
    token = sign(GOOD | {"email_verified": said})
    if accepted:
        assert read(provider, key, token)
        return
    with pytest.raises(NotProved):
        read(provider, key, token)


@pytest.mark.parametrize(
    ("said", "vouches"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": []}, False),
        ({"amr": [["mfa"]]}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_second_factor_is_believed_only_when_the_token_says_so(
    key: RSAKey, sign: Sign, said: dict[str, Any], vouches: bool
) -> None:
    provider = provider_with(second_factor={"claim": "amr", "any_of": ["mfa"]})
    assert read(provider, key, sign(GOOD | said)).second_factor is vouches
    assert read(provider_with(), key, sign(GOOD | said)).second_factor is False


def test_a_level_that_is_one_word_counts_too(key: RSAKey, sign: Sign) -> None:
    provider = provider_with(
        second_factor={"claim": "authentication_assurance_level", "any_of": ["2", "3"]}
    )
    for level, vouches in (("3", True), ("1", False), (3, False)):
        token = sign(GOOD | {"authentication_assurance_level": level})
        assert read(provider, key, token).second_factor is vouches


@pytest.mark.parametrize(
    ("auth_time", "accepted"),
    [(AT - 600, True), (AT - 661, False), (None, False), ("now", False), (True, False)],
)
def test_how_long_ago_somebody_signed_in_is_checked_and_not_only_asked(
    key: RSAKey, sign: Sign, auth_time: object, accepted: bool
) -> None:
    provider = provider_with(longest_ago_minutes=10)
    claims = {k: v for k, v in (GOOD | {"auth_time": auth_time}).items() if v is not None}
    if accepted:
        assert read(provider, key, sign(claims))
        return
    with pytest.raises(NotProved) as caught:
        read(provider, key, sign(claims))
    assert caught.value.why == "auth_time"


def test_a_token_that_names_an_access_token_came_with_that_one(
    provider: Provider, key: RSAKey, sign: Sign
) -> None:
    """`at_hash` is the first half of the access token's hash. OpenID Connect Core 1.0, 3.1.3.6."""
    half = urlsafe_b64encode(hashlib.sha256(b"its own").digest()[:16]).rstrip(b"=").decode()

    def subject(access_token: str) -> str:
        return identity_from(
            provider,
            KeySet([key]),
            sign(GOOD | {"at_hash": half}),
            nonce=NONCE,
            access_token=access_token,
            now=NOW,
            longest_ago=None,
        ).subject

    assert subject("its own") == GOOD["sub"]
    with pytest.raises(NotProved) as caught:
        subject("another")
    assert caught.value.why == "at_hash"
