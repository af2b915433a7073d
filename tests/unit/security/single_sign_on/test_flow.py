"""What a provider is asked and what its answer must bring: each part holds the others together."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import KeySet, RSAKey

from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked, Metadata
from cdop.security.single_sign_on.configuration import Provider
from cdop.security.single_sign_on.flow import Answer, Question
from cdop.security.single_sign_on.tokens import NotProved, UnknownKey
from tests.unit.security.single_sign_on.conftest import AT, NOW, Sign, provider_with

ISSUER, BACK = "https://id.example.org", "https://cdop.example/sign-in/from/county"
QUESTION = Question("the state", "the nonce", "the verifier")
ANSWER = Answer("the state", "a code", None)


@dataclass
class Stand:
    """Stands for a provider that answers at once, and keeps what it was asked to redeem."""

    provider: Provider
    keys: KeySet
    token: str = ""
    newer: KeySet | None = None
    ends_at: str | None = None
    names_itself: bool = False
    redeemed: list[tuple[str, str, str]] = field(default_factory=list)

    def metadata(self) -> Metadata:
        return Metadata(
            f"{ISSUER}/authorize", f"{ISSUER}/token", f"{ISSUER}/keys", self.ends_at,
            self.names_itself,
        )  # fmt: skip

    def signing_keys(self) -> KeySet:
        return self.keys

    def signing_keys_again(self) -> KeySet:
        return self.newer or self.keys

    def tokens_for(self, code: str, verifier: str, redirect_uri: str) -> tuple[str, None]:
        self.redeemed.append((code, verifier, redirect_uri))
        return self.token, None

    def now(self) -> datetime:
        return NOW

    @property
    def asked(self) -> Asked:
        return cast("Asked", self)


@pytest.fixture
def stand(key: RSAKey, sign: Sign) -> Stand:
    claims = {
        "iss": ISSUER, "aud": "cdop", "sub": "anna", "iat": AT, "exp": AT + 300,
        "nonce": "the nonce", "auth_time": AT - 400,
    }  # fmt: skip
    return Stand(provider_with(), KeySet([key]), sign(claims))


def question(stand: Stand, **how: Any) -> dict[str, str]:
    address = flow.address(stand.asked, QUESTION, BACK, **how)
    assert address.startswith(f"{ISSUER}/authorize?")
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}


def test_the_secrets_of_a_question_come_of_the_browsers_and_tell_nothing_of_each_other() -> None:
    one, other = flow.question_of("a secret"), flow.question_of("another")
    assert one == flow.question_of("a secret")
    parts = {one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}
    assert len(parts) == 6
    assert {len(part) for part in parts} == {64}
    assert "a secret" not in repr(one) + str(one.state)


def test_a_question_is_for_a_code_that_only_its_asker_redeems(stand: Stand) -> None:
    challenge = urlsafe_b64encode(hashlib.sha256(b"the verifier").digest()).rstrip(b"=")
    assert question(stand) == {
        "response_type": "code",
        "client_id": "cdop",
        "redirect_uri": BACK,
        "scope": "openid",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }


def test_what_the_configuration_asks_besides_is_asked(stand: Stand) -> None:
    stand.provider = provider_with(ask={"acr_values": "AAL2"}, longest_ago_minutes=10)
    asked = question(stand)
    assert (asked["acr_values"], asked["max_age"]) == ("AAL2", "600")
    assert "prompt" not in asked
    fresh = question(stand, fresh=True)
    assert (fresh["max_age"], fresh["prompt"]) == ("300", "login")


def test_an_answer_is_redeemed_with_the_verifier_and_read(stand: Stand) -> None:
    found = flow.identity(stand.asked, QUESTION, ANSWER, BACK)
    assert (found.issuer, found.subject) == (ISSUER, "anna")
    assert stand.redeemed == [("a code", "the verifier", BACK)]


@pytest.mark.parametrize(
    ("change", "names_itself", "why"),
    [
        ({"state": "another"}, False, "state"),
        ({"state": "thé state"}, False, "state"),
        ({"issuer": "https://other.example"}, False, "iss"),
        ({"issuer": "https://other.example"}, True, "iss"),
        ({}, True, "iss"),
        ({"code": None}, False, "refused"),
        ({"code": ""}, False, "refused"),
        ({"issuer": ISSUER}, False, None),
        ({"issuer": ISSUER}, True, None),
    ],
)
def test_an_answer_is_to_this_question_and_by_this_provider_or_nothing_is_redeemed(
    stand: Stand, change: dict[str, Any], names_itself: bool, why: str | None
) -> None:
    stand.names_itself, answer = names_itself, replace(ANSWER, **change)
    if why is None:
        assert flow.identity(stand.asked, QUESTION, answer, BACK)
        return
    with pytest.raises(NotProved) as caught:
        flow.identity(stand.asked, QUESTION, answer, BACK)
    assert caught.value.why == why
    assert stand.redeemed == []


def test_a_token_for_another_question_is_not_read(stand: Stand) -> None:
    with pytest.raises(NotProved) as caught:
        flow.identity(stand.asked, replace(QUESTION, nonce="another"), ANSWER, BACK)
    assert caught.value.why == "nonce"


@pytest.mark.parametrize(
    ("minutes", "fresh", "accepted"),
    [(None, False, True), (None, True, False), (10, False, True), (5, False, False),
     (10, True, False)],
)  # fmt: skip
def test_whoever_was_to_sign_in_anew_has_done_so(
    stand: Stand, minutes: int | None, fresh: bool, accepted: bool
) -> None:
    """The token says that it was six minutes and forty seconds ago."""
    stand.provider = provider_with(longest_ago_minutes=minutes)
    if accepted:
        found = flow.identity(stand.asked, QUESTION, ANSWER, BACK, fresh=fresh)
        assert found.proved_at == NOW - timedelta(seconds=400)
        return
    with pytest.raises(NotProved) as caught:
        flow.identity(stand.asked, QUESTION, ANSWER, BACK, fresh=fresh)
    assert caught.value.why == "auth_time"


def test_keys_that_have_changed_are_read_anew_once(stand: Stand, key: RSAKey, sign: Sign) -> None:
    other = KeySet([RSAKey.generate_key(2048, auto_kid=True)])
    said = {"iss": ISSUER, "aud": "cdop", "iat": AT, "jti": "one", "sub": "anna"}
    said |= {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}
    token = sign(said)
    for read in (
        lambda: flow.identity(stand.asked, QUESTION, ANSWER, BACK).subject,
        lambda: flow.logout(stand.asked, token).subject,
    ):
        stand.keys, stand.newer = KeySet([key]), None
        assert read() == "anna"
        stand.keys, stand.newer = other, KeySet([key])
        assert read() == "anna"
        stand.newer = None
        with pytest.raises(UnknownKey):
            read()


def test_leaving_the_provider_too_leads_back_here(stand: Stand) -> None:
    assert flow.leaving(stand.asked, BACK) is None
    told = {"client_id": ["cdop"], "post_logout_redirect_uri": [BACK]}
    for there in (f"{ISSUER}/end", f"{ISSUER}/end?tenant=one"):
        stand.ends_at = there
        address = flow.leaving(stand.asked, BACK)
        assert address
        assert address.startswith(there)
        found = parse_qs(urlsplit(address).query)
        assert found == told | ({"tenant": ["one"]} if "?" in there else {})
