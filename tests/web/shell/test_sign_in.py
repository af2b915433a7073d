"""Signing in and out."""

import pytest

from cdop.organisations import sessions
from cdop.web.deps import ASKED, BEGUN, COOKIE, SENT
from cdop.web.sign_in.pages import safe_path
from tests.client import Client, code_for
from tests.web.shell.sample import PASSWORD, USERNAME


def first_step(web, **more):
    return web.submit("/sign-in", {"username": USERNAME, "password": PASSWORD, **more})


def second_step(web, code, **more):
    csrf = sessions.csrf(web.cookies[BEGUN])
    return web.post("/sign-in/code", data={"code": code, "csrf": csrf, **more})


def test_a_right_password_leads_to_the_second_factor_and_opens_nothing(stranger):
    answer = first_step(stranger, next="/sample/parts")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in/code?next=/sample/parts"
    cookies = answer.headers.get_list("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [BEGUN]
    assert stranger.get("/sample/parts").headers["Location"].startswith("/sign-in?next=")


def test_a_right_code_starts_a_session_and_leads_on(stranger, register):
    first_step(stranger, next="/sample/parts")
    assert "Your second factor" in stranger.get("/sign-in/code?next=/sample/parts").text
    answer = second_step(stranger, code_for(register, USERNAME), next="/sample/parts")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sample/parts")
    cookies = answer.headers.get_list("Set-Cookie")
    (cookie,) = [each for each in cookies if each.startswith(f"{COOKIE}=")]
    for attribute in ("HttpOnly", "Secure", "Path=/", "SameSite=lax"):
        assert attribute in cookie
    assert "Domain" not in cookie
    assert stranger.get("/sample/parts").status_code == 200


def test_the_second_step_needs_the_first_and_its_token(stranger, register):
    code = code_for(register, USERNAME)
    answer = stranger.post("/sign-in/code", data={"code": code})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    first_step(stranger)
    assert stranger.post("/sign-in/code", data={"code": code}).status_code == 403
    assert second_step(stranger, code).status_code == 303


def test_a_code_signs_in_once(stranger, app, register):
    code = code_for(register, USERNAME)
    for expected in (303, 422):
        web = Client(app)
        first_step(web)
        assert second_step(web, code).status_code == expected


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(stranger):
    answers = [
        stranger.submit("/sign-in", {"username": name, "password": word})
        for name, word in ((USERNAME, "not the password"), ("nobody", PASSWORD))
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "The user name or the password is wrong" in answer.text
        assert "Set-Cookie" not in answer.headers
    first, second = (answer.text for answer in answers)
    assert first.replace(USERNAME, "nobody") == second


def test_the_password_is_never_written_back(stranger):
    answer = stranger.submit("/sign-in", {"username": "", "password": "a secret of mine"})
    assert answer.status_code == 422
    assert "a secret of mine" not in answer.text
    assert "Enter your user name" in answer.text


def test_signing_in_again_ends_the_session_before(client, register):
    before = client.cookies[COOKIE]
    first_step(client)
    assert sessions.actor_for(register, before), "half a sign-in ends nothing"
    answer = second_step(client, code_for(register, USERNAME))
    assert f"{COOKIE}={before}" not in answer.headers["Set-Cookie"], "no session is taken over"
    assert sessions.actor_for(register, before) is None


def test_signing_out_ends_the_session_and_clears_the_browser(client, register):
    token = client.cookies[COOKIE]
    answer = client.submit("/sign-out", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?notice=signed-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    gone = [c for c in answer.headers.get_list("Set-Cookie") if "Max-Age=0" in c]
    assert {cookie.partition("=")[0] for cookie in gone} == {COOKIE, BEGUN, ASKED, SENT}
    assert sessions.actor_for(register, token) is None
    assert "You have signed out." in client.get("/sign-in?notice=signed-out").text


def test_signing_out_is_no_link(client, register):
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out", data={"csrf": "x"}).status_code == 403
    assert sessions.actor_for(register, client.cookies[COOKIE])


@pytest.mark.parametrize("path", ["/", "/deaths/1?year=2013-14", "/a/b#c"])
def test_a_path_of_ours_may_follow(path):
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "deaths",
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "/sign-out",
        "/a\r\nSet-Cookie: x=y",
    ],
)
def test_no_other_may(path):
    assert safe_path(path) is None


def test_a_next_that_leads_away_is_dropped(stranger, register):
    answer = first_step(stranger, next="//elsewhere.example")
    assert answer.headers["Location"] == "/sign-in/code"
    answer = second_step(stranger, code_for(register, USERNAME), next="//elsewhere.example")
    assert answer.headers["Location"] == "/"
    assert "elsewhere" not in stranger.get("/sign-in?next=//elsewhere.example").text


def test_a_form_sent_after_the_session_ended_is_shown_back_to_be_copied(client, register):
    sessions.sign_out(register, client.cookies[COOKIE])
    typed = {"name": "An hour <b>of typing</b>", "password": "not shown"}
    answer = client.submit("/sample/form", typed)
    assert answer.status_code == 401
    assert "An hour &lt;b&gt;of typing&lt;/b&gt;" in answer.text
    assert "not shown" not in answer.text


def test_typing_counts_as_activity(client, register):
    assert client.get("/still-here").status_code == 204
    sessions.sign_out(register, client.cookies[COOKIE])
    assert client.get("/still-here").status_code == 303
