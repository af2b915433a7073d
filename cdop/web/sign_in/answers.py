"""Cookies and redirects after a step of signing in."""

import secrets
from datetime import timedelta
from urllib.parse import quote

from fastapi import Request, Response

from cdop.organisations import sessions
from cdop.security.work import Register
from cdop.sign_in import delays
from cdop.sign_in.limits import limits
from cdop.sign_in.steps import Next, Step
from cdop.web.deps import ASKED, BEGUN, COOKIE, KNOWN, SENT
from cdop.web.templating import go

_PATHS = {Next.CODE: "/sign-in/code", Next.ENROL: "/sign-in/enrol"}


def go_on(request: Request, register: Register, step: Step, to: str | None) -> Response:
    """Lead on after the first step: to the second, or into the register."""
    if step.next is Next.SESSION:
        return let_in(request, register, step.token, go(request, to or "/"))
    response = go(request, _PATHS[step.next] + (f"?next={quote(to, safe='/')}" if to else ""))
    _set(response, BEGUN, step.token)
    return response


def let_in(request: Request, register: Register, token: str, response: Response) -> Response:
    """Give the browser the session's secret, and end the session that it had before."""
    old = request.cookies.get(COOKIE)
    if old:
        sessions.sign_out(register, old)
    _set(response, COOKIE, token)
    forget(response, BEGUN)
    forget(response, ASKED)
    _remember(register, token, response)
    return response


def remember(response: Response, name: str, secret: str) -> None:
    """Let the browser keep a secret by which its answer is known as its own, for some minutes."""
    _set(response, name, secret, timedelta(minutes=limits().question_minutes))


def leave(request: Request, notice: str, came_from: str | None = None) -> Response:
    """Lead back to the sign-in page, and have the browser forget what it holds of this register.

    It goes on knowing whose browser it is: that opens nothing, and spares its owner delays.
    `came_from` is the provider where the person is still signed in.
    """
    response = go(
        request, f"/sign-in?notice={notice}" + (f"&from={came_from}" if came_from else "")
    )
    for name in (COOKIE, BEGUN, ASKED, SENT):
        forget(response, name)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def forget(response: Response, name: str) -> None:
    """Have the browser forget one thing that it keeps."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def _remember(register: Register, token: str, response: Response) -> None:
    """Let the browser be known as this account's, so that strangers' guesses delay it no more."""
    actor = sessions.actor_for(register, token)
    if actor:
        kept = delays.remembered(register, actor.name, secrets.token_hex(8))
        _set(response, KNOWN, kept, timedelta(days=limits().known_browser_days))


def _set(response: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()) if lasts else None,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
