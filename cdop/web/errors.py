"""What people see when something fails, and what the log keeps of it: never what they typed.

Absent, out of scope and not permitted are one page, so that it tells nobody that a record exists.
"""

import logging
import re
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cdop.config import ROOT
from cdop.errors import Denied, Invalid, NotFound, OnlyToRead, Refused
from cdop.web.api.problems import MEDIA, is_for_programs, problem, problem_text
from cdop.web.deps import ConfirmationNeeded, SignInNeeded, identify
from cdop.web.gathering import NO_ANSWERS, read_form
from cdop.web.headers import send_page
from cdop.web.sign_in.confirming import answer_unconfirmed
from cdop.web.templating import render

log = logging.getLogger("cdop.web")

Report = Callable[[Exception], str]

_OURS = re.compile(rf"{re.escape(str(ROOT))}/(cdop|templates|tests)/")


@dataclass(frozen=True)
class ErrorPage:
    """A heading, what to do, and what was typed: shown to be copied, because nothing kept it."""

    title: str
    sentences: tuple[str, ...]
    typed: tuple[tuple[str, str], ...] = ()


_NOT_FOUND = ErrorPage(
    "Page not found",
    (
        "There is no such page, or it is not one that you can see.",
        "If you typed the address, check it. Otherwise start again from your work list.",
    ),
)
PAGES = {
    400: ErrorPage("That could not be read", ("Go back and try again. Nothing has been changed.",)),
    401: ErrorPage(
        "You are no longer signed in",
        (
            "You were signed out after a time without activity. Nothing has been changed.",
            "Sign in again in another tab, open the page there, and copy over what you typed.",
        ),
    ),
    403: ErrorPage(
        "That was not accepted",
        (
            "The page was opened before you last signed in, or the request came from elsewhere.",
            "Nothing has been changed. Open the page again and repeat what you did.",
        ),
    ),
    404: _NOT_FOUND,
    405: ErrorPage(
        "That cannot be done here", ("Go back and try again. Nothing has been changed.",)
    ),
    413: ErrorPage("That is too large", ("Send less at once. Nothing has been changed.",)),
    415: ErrorPage("That could not be read", ("Go back and try again. Nothing has been changed.",)),
}
_BROKEN = ErrorPage(
    "Something went wrong",
    ("It is not your fault, and nothing has been changed.", "Try again in a few minutes."),
)


def plain_page(env: Environment, status: int, incident: str | None = None) -> str:
    """Return the page of a status for when there is no session or database to rely on."""
    page = PAGES.get(status, _BROKEN)
    return env.get_template("errors/plain.html").render(page=page, incident=incident)


def add_error_pages(app: FastAPI) -> None:
    """Give the app a page for each way in which a request can fail."""
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(ConfirmationNeeded, answer_unconfirmed)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(OnlyToRead, _refused)
    app.add_exception_handler(Invalid, _invalid)
    for kind in (NotFound, Denied, RequestValidationError):
        app.add_exception_handler(kind, _not_found)
    app.add_exception_handler(HTTPException, _http)


async def _sign_in(request: Request, _: Exception) -> Response:
    """Lead to the sign-in page, and from there back to a page that was only being read.

    Whoever sent a form is told, and shown what they typed.
    """
    if request.method == "POST" and not request.url.path.startswith("/sign-"):
        return _show(request, 401, replace(PAGES[401], typed=await _typed(request)))
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = "/sign-in"
    if request.method == "GET" and here != "/" and not here.startswith("/sign-"):
        to = f"/sign-in?next={quote(here, safe='/')}"
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)


async def _refused(request: Request, error: Exception) -> Response:
    page = ErrorPage("That cannot be done", (str(error),), await _typed(request))
    return _show(request, 409, page)


async def _typed(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the texts of a sent form, so that a refusal loses nobody's typing."""
    if request.method != "POST":
        return ()
    try:
        posted = await read_form(request)
    except HTTPException:
        return ()
    return tuple(
        (name.replace("_", " ").capitalize(), text)
        for name, texts in posted.fields.items()
        for text in texts
        if text.strip() and name not in NO_ANSWERS | {"answer"} and "password" not in name
    )


def _invalid(request: Request, error: Exception) -> Response:
    """Show the sentences of a service's refusal that no form has taken up."""
    sentences = tuple(error.fields.values()) if isinstance(error, Invalid) else ()
    return _show(request, 422, ErrorPage("That cannot be kept as it is", sentences))


def _not_found(request: Request, _: Exception) -> Response:
    return _show(request, 404, _NOT_FOUND)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    page = PAGES.get(status, _BROKEN)
    if status == 403:
        page = replace(page, typed=await _typed(request))
    response = _show(request, status, page)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def _show(request: Request, status: int, page: ErrorPage) -> Response:
    if is_for_programs(request.url.path):
        return problem(status)
    identify(request)
    return render(request, "errors/page.html", page, status=status)


def log_incident(error: Exception) -> str:
    """Log what kind of error happened where, and return the incident's number.

    An error's message may hold what somebody typed, so it is left out.
    """
    incident = secrets.token_hex(4)
    log.error("incident %s: %s", incident, " from ".join(_outline(error)))
    return incident


def _outline(error: BaseException | None) -> list[str]:
    lines: list[str] = []
    while error is not None and len(lines) < 5:
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames[:-1] if _OURS.match(f.filename)] + frames[-1:]
        places = " > ".join(f"{f.filename}:{f.lineno} {f.name}" for f in ours)
        lines.append(f"{type(error).__module__}.{type(error).__qualname__} at {places}")
        error = error.__cause__ or error.__context__
    return lines


class _Broken(Exception):
    """Ends an answer that had already begun."""


@dataclass
class Incidents:
    """Turns an error that nothing else handles into a page with a number, and a line in the log.

    Here and not in Starlette's own handler, which hands the error on to the server's log.
    """

    app: ASGIApp
    env: Environment
    report: Report = log_incident

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            return  # whoever asked went away in mid-sentence: no fault, and nobody to answer
        except Exception as error:  # noqa: BLE001  the last place that can answer
            incident = self.report(error)
            if scope["type"] != "http" or started:
                raise _Broken(incident) from None
            if is_for_programs(scope["path"]):
                await send_page(send, 500, problem_text(500, incident), MEDIA)
                return
            await send_page(send, 500, plain_page(self.env, 500, incident))
