"""Signing in by name and password, and out. A wrong name and a wrong password get one answer."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from cdop.organisations import sessions
from cdop.sign_in import steps
from cdop.sign_in.delays import TooSoon
from cdop.web.deps import COOKIE, CurrentActor, CurrentRegister, public, signed_in, visitor_of
from cdop.web.forms import Bound, PostedForm, bind
from cdop.web.sign_in.answers import go_on, leave
from cdop.web.sign_in.forms import SignIn
from cdop.web.sign_in.pages import safe_path
from cdop.web.sign_in.showing import provider_behind, show_sign_in

router = APIRouter()

WRONG = "The user name or the password is wrong"


@router.get("/sign-in", dependencies=[public()])
def ask_to_sign_in(request: Request) -> Response:
    """Show the sign-in page."""
    return show_sign_in(request, safe_path(request.query_params.get("next")))


@router.post("/sign-in", dependencies=[public()])
def sign_in(request: Request, register: CurrentRegister, posted: PostedForm) -> Response:
    """Take the first step, and lead to the second or to the page that was asked for."""
    bound = bind(SignIn, posted)
    to = safe_path(bound.value("next"))
    asked, status, fault = bound.model, 422, WRONG
    if asked:
        try:
            step = steps.with_password(
                register, asked.username, asked.password, visitor_of(request)
            )
        except TooSoon as error:
            status, fault = 429, str(error)
        else:
            if step:
                return go_on(request, register, step, to)
        bound = replace(bound, model=None, errors={"username": fault})
    return show_sign_in(request, to, typed=_forgetting_password(bound), status=status)


@router.post("/sign-out", dependencies=[signed_in()])
def sign_out(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """End the session, and have the browser forget what it holds of this register."""
    came_from = provider_behind(request, register, actor)
    sessions.sign_out(register, request.cookies[COOKIE])
    return leave(request, "signed-out", came_from)


@router.get("/still-here", dependencies=[signed_in()])
def still_here() -> Response:
    """Count typing as activity: asked by a page on which somebody types for long."""
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


def _forgetting_password(bound: Bound[SignIn]) -> Bound[SignIn]:
    return replace(bound, values={k: v for k, v in bound.values.items() if k != "password"})
