"""A provider ends sessions here, by a token that only it can sign."""

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from joserfc.jwk import RSAKey
from sqlmodel import select

from cdop.organisations import sessions
from cdop.organisations.sessions import GATE
from cdop.security.models import AuditEntry
from cdop.security.single_sign_on import configuration
from cdop.web.deps import COOKIE
from tests.client import Client
from tests.factories import Herefordshire
from tests.web.identities.conftest import WHO, Desk
from tests.web.identities.test_sign_in_with import BELIEVED, START

PATH = "/single-sign-on/county/logout"


@pytest.fixture
def web(desk: Desk, county: Herefordshire, tmp_path: Path) -> Client:
    """A browser that is signed in with the provider, as `anna` there."""
    desk.configure(tmp_path, **BELIEVED)
    desk.link(county.actors[WHO])
    web = desk.browser()
    desk.come_back(web, desk.go_there(web, START))
    assert is_signed_in(desk, web)
    return web


def is_signed_in(desk: Desk, web: Client) -> bool:
    return sessions.current(desk.register, web.cookies[COOKIE]) is not None


def claims(desk: Desk, **more: Any) -> dict[str, Any]:
    (trusted,) = configuration.load(desk.register.settings.oidc)
    return {
        "iss": desk.provider.issuer,
        "aud": trusted.provider.client_id,
        "sub": "anna",
        "iat": int(time.time()),
        "jti": secrets.token_hex(),
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    } | more


def send(desk: Desk, token: str) -> Response:
    """Send a token as a provider does: from no browser, with no cookie and no origin."""
    provider = Client(desk.app)
    del provider.headers["Sec-Fetch-Site"]
    answer: Response = provider.post(PATH, data={"logout_token": token})
    return answer


def test_the_sessions_of_the_person_end(desk: Desk, web: Client) -> None:
    answer = send(desk, desk.provider.sign(claims(desk), typ="logout+jwt"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not is_signed_in(desk, web)
    with desk.register.reading(GATE) as work:
        query = select(AuditEntry).where(AuditEntry.action == "accounts:session:end-by-provider")
        assert work.session.exec(query).one().detail["sessions"] == 1


def test_a_session_that_began_otherwise_goes_on(
    desk: Desk, web: Client, county: Herefordshire
) -> None:
    own = desk.browser(county.actors[WHO])
    assert send(desk, desk.provider.sign(claims(desk))).status_code == 200
    assert is_signed_in(desk, own)


def test_somebody_elses_sessions_go_on(desk: Desk, web: Client) -> None:
    assert send(desk, desk.provider.sign(claims(desk, sub="bert"))).status_code == 200
    assert is_signed_in(desk, web)


def test_a_token_serves_once(desk: Desk, web: Client) -> None:
    token = desk.provider.sign(claims(desk, sub="bert"))
    assert [send(desk, token).status_code for _ in range(2)] == [200, 400]


def test_any_other_token_ends_nothing(desk: Desk, web: Client) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"iat": 1},
        {"events": {}},
        {"nonce": "x"},
    )
    for change in changes:
        token = desk.provider.sign(claims(desk, **change))
        assert send(desk, token).status_code == 400, change
    assert is_signed_in(desk, web)


def test_a_token_that_somebody_else_signed_ends_nothing(desk: Desk, web: Client) -> None:
    forged = RSAKey.generate_key(2048)
    forger = replace(desk.provider, key=forged)
    for header in ({"kid": desk.provider.key.kid}, {"kid": "unknown"}):
        assert send(desk, forger.sign(claims(desk), **header)).status_code == 400
    assert send(desk, "no token").status_code == 400
    assert is_signed_in(desk, web)
