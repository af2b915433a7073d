"""A provider is asked little, and one that is down or strange holds nobody up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked, Unavailable
from cdop.security.single_sign_on.configuration import Trusted
from cdop.security.single_sign_on.flow import Answer, Question
from cdop.security.single_sign_on.tokens import NotProved
from tests.unit.security.single_sign_on.conftest import AT, NOW, Sign, provider_with

ISSUER = "https://id.example.org"
METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


class Answering:
    """Stands in for the network: what each path answers, and how often each was asked for."""

    def __init__(self, key: RSAKey) -> None:
        self.paths: dict[str, Any] = {
            "/.well-known/openid-configuration": METADATA,
            "/keys": {"keys": [key.as_dict(private=False)]},
        }
        self.asked: list[str] = []
        self.now = NOW

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        said = self.paths[request.url.path]
        if isinstance(said, Exception):
            raise said
        if isinstance(said, int):
            return httpx.Response(said)
        return httpx.Response(200, json=said)

    def time(self) -> datetime:
        return self.now


@pytest.fixture
def network(key: RSAKey) -> Answering:
    return Answering(key)


@pytest.fixture
def asked(network: Answering) -> Asked:
    trusted = Trusted(provider=provider_with(), secret="invented", key=None)
    return Asked(trusted, network.time, httpx.MockTransport(network))


def test_what_it_says_of_itself_is_kept_for_an_hour(asked: Asked, network: Answering) -> None:
    for _ in range(3):
        asked.metadata()
        asked.signing_keys()
    assert network.asked == ["/.well-known/openid-configuration", "/keys"]
    network.now += timedelta(hours=1)
    asked.metadata()
    assert len(network.asked) == 4


def test_one_that_is_down_is_left_alone_for_a_while(asked: Asked, network: Answering) -> None:
    network.paths["/.well-known/openid-configuration"] = httpx.ConnectTimeout("silence")
    for _ in range(5):
        with pytest.raises(Unavailable):
            asked.metadata()
    assert len(network.asked) == 1
    network.paths["/.well-known/openid-configuration"] = METADATA
    network.now += timedelta(seconds=20)
    assert asked.metadata().token_endpoint == f"{ISSUER}/token"


def test_what_it_last_said_serves_while_it_is_down(asked: Asked, network: Answering) -> None:
    asked.metadata()
    network.now += timedelta(hours=2)
    network.paths["/.well-known/openid-configuration"] = 503
    assert asked.metadata().token_endpoint == f"{ISSUER}/token"


@pytest.mark.parametrize(
    "said",
    [
        500,
        404,
        [],
        {},
        METADATA | {"issuer": "https://other.example.org"},
        METADATA | {"issuer": f"{ISSUER}/"},
        METADATA | {"token_endpoint": "http://id.example.org/token"},
        METADATA | {"authorization_endpoint": "javascript:alert(1)"},
        {name: value for name, value in METADATA.items() if name != "jwks_uri"},
    ],
    ids=str,
)
def test_one_that_does_not_answer_as_it_should_is_not_asked_further(
    asked: Asked, network: Answering, said: Any
) -> None:
    network.paths["/.well-known/openid-configuration"] = said
    with pytest.raises(Unavailable):
        asked.metadata()
    assert network.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{"kty": "oct", "k": "c2VjcmV0"}],
        [{"kty": "OKP", "crv": "X25519"}],
        [{"kty": "RSA"}],
        ["key"],
    ],
    ids=str,
)
def test_keys_that_verify_nothing_are_no_keys(
    asked: Asked, network: Answering, keys: list[Any]
) -> None:
    network.paths["/keys"] = {"keys": keys}
    with pytest.raises(Unavailable):
        asked.signing_keys()


def test_a_key_for_another_use_is_left_out(asked: Asked, network: Answering, key: RSAKey) -> None:
    mine = key.as_dict(private=False)
    network.paths["/keys"] = {"keys": [mine | {"use": "enc", "kid": "other"}, mine]}
    assert [each.kid for each in asked.signing_keys()] == [key.kid]


QUESTION = Question("state", "nonce", "verifier")
BACK = "https://cdop.example.org/sign-in/from/county"


@pytest.fixture
def token(network: Answering) -> Callable[[str], None]:
    def answer_with(id_token: str) -> None:
        network.paths["/token"] = {"id_token": id_token, "access_token": "a"}

    return answer_with


def claims() -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": "cdop",
        "sub": "248289761001",
        "iat": AT,
        "exp": AT + 300,
        "nonce": "nonce",
    }


def test_a_new_key_is_found_at_once_and_the_old_one_is_gone(
    asked: Asked, network: Answering, sign: Sign, token: Callable[[str], None]
) -> None:
    asked.signing_keys()
    network.now += timedelta(seconds=30)
    new = RSAKey.generate_key(2048, auto_kid=True)
    network.paths["/keys"] = {"keys": [new.as_dict(private=False)]}
    token(sign(claims(), by=new, kid=new.kid))
    found = flow.identity(asked, QUESTION, Answer("state", "code", None), BACK)
    assert found.subject == "248289761001"
    token(sign(claims()))
    with pytest.raises(NotProved):
        flow.identity(asked, QUESTION, Answer("state", "code", None), BACK)


def test_unknown_keys_do_not_make_us_ask_all_day(
    asked: Asked, network: Answering, sign: Sign, token: Callable[[str], None]
) -> None:
    other = RSAKey.generate_key(2048, auto_kid=True)
    token(sign(claims(), by=other, kid=other.kid))
    for _ in range(5):
        with pytest.raises(NotProved):
            flow.identity(asked, QUESTION, Answer("state", "code", None), BACK)
    assert network.asked.count("/keys") == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("another state", "code", None), "state"),
        (Answer("", "code", None), "state"),
        (Answer("state", None, None), "refused"),
        (Answer("state", "code", "https://other.example.org"), "iss"),
    ],
    ids=["state", "no state", "no code", "issuer"],
)
def test_an_answer_to_another_question_redeems_nothing(
    asked: Asked, network: Answering, answer: Answer, why: str
) -> None:
    with pytest.raises(NotProved) as caught:
        flow.identity(asked, QUESTION, answer, BACK)
    assert caught.value.why == why
    assert "/token" not in network.asked


def test_a_provider_that_names_itself_must_do_so(asked: Asked, network: Answering) -> None:
    network.paths["/.well-known/openid-configuration"] = METADATA | {
        "authorization_response_iss_parameter_supported": True
    }
    with pytest.raises(NotProved) as caught:
        flow.identity(asked, QUESTION, Answer("state", "code", None), BACK)
    assert caught.value.why == "iss"


def test_a_code_that_is_not_taken_proves_nothing(asked: Asked, network: Answering) -> None:
    network.paths["/token"] = 400
    for _ in range(2):  # and whoever makes codes up does not make us leave the provider alone
        with pytest.raises(NotProved):
            flow.identity(asked, QUESTION, Answer("state", "code", None), BACK)
