"""One's own account: what changes ends other sessions, and shows secrets once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI

from cdop.clock import FixedClock
from cdop.organisations import sessions
from cdop.security import one_time_codes
from cdop.sign_in import steps
from cdop.sign_in.delays import Visitor
from cdop.web.deps import COOKIE
from tests.client import Client, session_of
from tests.factories import Herefordshire
from tests.web.sign_in.conftest import PASSWORD

WHO, CHOSEN = "coordinator", "eleven grey herons"
HOME = Visitor("192.0.2.1", "Firefox on Windows")


@pytest.fixture
def other(county: Herefordshire) -> str:
    """The token of another session of the same account."""
    return session_of(county.register, county.actors[WHO].account_id)


@pytest.fixture
def mine(app: FastAPI, county: Herefordshire, enrolled: Callable[[str], str], other: str) -> Client:
    """The browser in which the account is looked at."""
    enrolled(WHO)
    return Client(app).act_as(county.register, county.actors[WHO])


def alive(county: Herefordshire, token: str) -> bool:
    return sessions.actor_for(county.register, token) is not None


def test_the_page_shows_factors_codes_and_sessions(mine: Client) -> None:
    page = mine.get("/account").text
    assert "CDOP coordinator" in page
    assert page.count("Authenticator app, added") == 1
    assert "0 left" in page
    assert page.count("by password and authenticator app") == 2
    assert page.count("(here)") == 1


def test_a_password_is_changed_by_the_present_one_and_ends_other_sessions(
    mine: Client, county: Herefordshire, other: str
) -> None:
    wrong = mine.submit("/account/password", {"current": "not mine", "password": CHOSEN})
    assert wrong.status_code == 422
    assert "That is not your password" in wrong.text
    short = mine.submit("/account/password", {"current": PASSWORD, "password": "short"})
    assert "at least 12 characters" in short.text
    assert CHOSEN not in wrong.text + short.text
    assert alive(county, other)
    done = mine.submit("/account/password", {"current": PASSWORD, "password": CHOSEN})
    assert done.headers["Location"] == "/account?notice=password"
    assert not alive(county, other)
    assert mine.get("/account").status_code == 200
    assert steps.with_password(county.register, WHO, CHOSEN, HOME)
    assert steps.with_password(county.register, WHO, PASSWORD, HOME) is None


def test_an_app_is_added_once_it_shows_a_code_and_the_old_one_can_go(
    mine: Client, county: Herefordshire, other: str, clock: FixedClock
) -> None:
    page = mine.get("/account/apps/new").text
    secret = re.search(r'cdop-key">([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
    assert "<svg" in page
    assert "style=" not in page.partition("<svg")[2].partition("</svg>")[0]
    wrong = mine.submit("/account/apps/new", {"code": "000000"})
    assert wrong.status_code == 422
    assert page.partition('cdop-key">')[2][:30] in wrong.text, "the same seed is offered again"
    code = one_time_codes.code_of(secret, one_time_codes.step_at(clock.at))
    assert mine.submit("/account/apps/new", {"code": code}).headers["Location"].endswith("=app")
    assert not alive(county, other)
    shown = mine.get("/account").text
    removes = re.findall(r'action="(/account/apps/[^"]+/remove)"', shown)
    assert len(removes) == 2
    assert mine.submit(removes[0], {}).status_code == 303
    last = mine.submit(removes[1], {})
    assert last.status_code == 409
    assert "This is your only second factor" in last.text


def test_recovery_codes_are_shown_once(mine: Client) -> None:
    page = mine.submit("/account/recovery-codes", {}).text
    codes = re.findall(r"<code>([a-z0-9-]{29})</code>", page)
    assert len(set(codes)) == 10
    again = mine.get("/account").text
    assert "10 left" in again
    assert not any(code in again for code in codes)


@pytest.mark.parametrize("path", ["/account/apps/new", "/account/recovery-codes"])
def test_what_changes_a_factor_asks_for_one_first(
    mine: Client, clock: FixedClock, path: str
) -> None:
    clock.at += timedelta(minutes=5)
    assert mine.submit(path, {"code": "123456"}).status_code == 401


def test_a_sign_in_elsewhere_is_told_until_it_is_recognised(
    mine: Client, county: Herefordshire
) -> None:
    assert "signed in to elsewhere" not in mine.get("/").text
    session_of(county.register, county.actors[WHO].account_id)
    for path in ("/", "/deaths"):
        assert "signed in to elsewhere: 20 November 2026, 09:00, a browser" in mine.get(path).text
    mine.submit("/account/elsewhere", {})
    assert "signed in to elsewhere" not in mine.get("/").text


def test_one_session_elsewhere_is_ended_and_nobody_elses(
    mine: Client, county: Herefordshire, other: str
) -> None:
    foreign = session_of(county.register, county.actors["analyst"].account_id)
    row = sessions.actor_for(county.register, foreign).session_id
    assert mine.submit(f"/account/sessions/{row}/end", {}).status_code == 404
    assert alive(county, foreign)
    (path,) = re.findall(r'action="(/account/sessions/[^"]+/end)"', mine.get("/account").text)
    mine.submit(path, {})
    assert not alive(county, other)
    assert mine.get("/account").status_code == 200


def test_signing_out_everywhere_ends_every_session_of_the_account_at_once(
    mine: Client, county: Herefordshire, other: str
) -> None:
    here = mine.cookies[COOKIE]
    foreign = session_of(county.register, county.actors["analyst"].account_id)
    answer = mine.submit("/account/sign-out-everywhere", {})
    assert answer.headers["Location"] == "/sign-in?notice=everywhere"
    assert answer.headers["Clear-Site-Data"]
    assert not alive(county, other)
    assert not alive(county, here)
    assert alive(county, foreign)
