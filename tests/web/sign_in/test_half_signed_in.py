"""Half a sign-in opens nothing: not one route, by any method, with any path."""

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from cdop.organisations import sessions
from cdop.web.deps import BEGUN, COOKIE, Access, HalfAccess
from tests.client import Client, code_for
from tests.factories import Herefordshire
from tests.web.sign_in.conftest import PASSWORD

SOME = "0198f000-0000-7000-8000-000000000000"


def routes_for(app: FastAPI, kind: type) -> list[tuple[str, str]]:
    """Return (method, path) of the routes that declare a kind of access."""
    return [
        (method, context.path)
        for context in iter_route_contexts(app.routes)
        if hasattr(context, "dependant")
        and any(isinstance(d.call, kind) for d in context.dependant.dependencies)
        for method in context.methods
    ]


def filled(path: str) -> str:
    parts = [SOME if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


def begun(web: Client, who: str) -> str:
    """Take the first step. Returns the token of the half sign-in."""
    web.post("/sign-in", data={"username": who, "password": PASSWORD})
    token: str = web.cookies[BEGUN]
    assert token
    return token


def test_no_route_lets_the_half_signed_in_further(
    app: FastAPI, web: Client, enrolled: Callable[[str], str]
) -> None:
    """With the half sign-in's own cookie, and with its token passed off as a session's."""
    token = begun(web, enrolled("coordinator"))
    walked = routes_for(app, Access)
    assert len(walked) > 60
    for pretended in (False, True):
        if pretended:
            web.cookies.set(COOKIE, token)
        for method, path in walked:
            fields = {"csrf": sessions.csrf(token)}
            options = {"data": fields} if method == "POST" else {}
            answer = web.request(method, filled(path), **options)
            shown = (method, path, answer.status_code)
            if method == "POST" and not path.startswith("/sign-"):
                assert answer.status_code == 401, shown
                assert "You are no longer signed in" in answer.text, shown
            else:
                assert answer.status_code == 303, shown
                assert answer.headers["Location"].startswith("/sign-in"), shown


def test_the_second_steps_routes_are_for_the_half_signed_in_only(
    app: FastAPI, county: Herefordshire
) -> None:
    walked = routes_for(app, HalfAccess)
    assert {"/sign-in/code", "/sign-in/enrol"} <= {path for _, path in walked}
    assert all(path.startswith("/sign-in/") for _, path in walked)
    for who in (None, "coordinator"):
        web = Client(app)
        if who:
            web.act_as(county.register, county.actors[who])
        for method, path in walked:
            answer = web.request(method, path)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), path


def test_a_session_has_a_token_of_its_own_and_the_half_one_is_used_up(
    app: FastAPI, web: Client, county: Herefordshire, enrolled: Callable[[str], str]
) -> None:
    """No token from before the sign-in is one after it: nobody plants a session on another."""
    who = enrolled("coordinator")
    web.cookies.set(COOKIE, "planted by somebody else")
    half = begun(web, who)
    fields = {"code": code_for(county.register, who), "csrf": sessions.csrf(half)}
    answer = web.post("/sign-in/code", data=fields)
    given = answer.headers["Set-Cookie"]
    assert answer.status_code == 303
    assert "planted" not in given
    assert f"{COOKIE}={half}" not in given
    again = Client(app)
    again.cookies.set(BEGUN, half)
    assert again.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_who_has_a_factor_is_not_offered_another_before_showing_it(
    web: Client, enrolled: Callable[[str], str]
) -> None:
    half = begun(web, enrolled("coordinator"))
    assert web.get("/sign-in/enrol").headers["Location"] == "/sign-in/code"
    fields = {"code": "123456", "csrf": sessions.csrf(half)}
    assert web.post("/sign-in/enrol", data=fields).status_code == 422


def test_a_wait_is_said_on_the_page_and_alike_for_a_name_that_nobody_has(
    web: Client, enrolled: Callable[[str], str]
) -> None:
    enrolled("coordinator")
    pages = []
    for name in ("coordinator", "nobody-at-all"):
        for _ in range(6):
            answer = web.post("/sign-in", data={"username": name, "password": "wrong wrong"})
        pages.append((answer.status_code, answer.text.replace(name, "")))
    assert pages[0] == pages[1]
    assert pages[0][0] == 429
    assert "Try again in 2 seconds" in pages[0][1]
