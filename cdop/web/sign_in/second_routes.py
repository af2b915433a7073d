"""The second step of signing in: a code, or the first authenticator app."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from cdop.sign_in import steps
from cdop.sign_in.delays import TooSoon
from cdop.sign_in.steps import Gone
from cdop.web.deps import (
    CurrentBegun,
    CurrentRegister,
    SignInNeeded,
    half_signed_in,
    visitor_of,
)
from cdop.web.forms import Bound, PostedForm, bind
from cdop.web.sign_in.answers import let_in
from cdop.web.sign_in.forms import Code
from cdop.web.sign_in.pages import CodesPage, safe_path
from cdop.web.sign_in.showing import seed_of, show_code, show_enrolling
from cdop.web.templating import go, render

router = APIRouter()

WRONG = "That code is not right, or was used before"
NOT_THE_APPS = "That is not the code that the app shows now"


@router.get("/sign-in/code", dependencies=[half_signed_in()])
def ask_for_code(request: Request, register: CurrentRegister, begun: CurrentBegun) -> Response:
    """Ask for the second factor."""
    next = safe_path(request.query_params.get("next"))
    if not begun.has_factor:
        return go(request, "/sign-in/enrol")
    return show_code(request, register, begun, next)


@router.post("/sign-in/code", dependencies=[half_signed_in()])
def take_code(
    request: Request, register: CurrentRegister, begun: CurrentBegun, posted: PostedForm
) -> Response:
    """Start the session by a code of the app or a recovery code."""
    bound = bind(Code, posted)
    to, status = safe_path(bound.value("next")), 422
    if bound.model:
        fault = WRONG
        try:
            token = steps.with_code(register, begun, bound.model.code, visitor_of(request))
        except Gone:
            raise SignInNeeded from None
        except TooSoon as error:
            token, status, fault = None, 429, str(error)
        if token:
            return let_in(request, register, token, go(request, to or "/"))
        bound = _refused(bound, fault)
    return show_code(request, register, begun, to, typed=bound, status=status)


@router.get("/sign-in/enrol", dependencies=[half_signed_in()])
def offer_app(request: Request, begun: CurrentBegun) -> Response:
    """Show the seed of a first authenticator app."""
    if begun.has_factor:
        return go(request, "/sign-in/code")
    next = safe_path(request.query_params.get("next"))
    return show_enrolling(request, begun, next)


@router.post("/sign-in/enrol", dependencies=[half_signed_in()])
def add_app(
    request: Request, register: CurrentRegister, begun: CurrentBegun, posted: PostedForm
) -> Response:
    """Add the first authenticator app, start the session and show the recovery codes."""
    bound = bind(Code, posted)
    to = safe_path(bound.value("next"))
    if bound.model:
        secret, code = seed_of(request), "".join(bound.model.code.split())
        try:
            made = steps.enrol(register, begun, secret, code, visitor_of(request))
        except Gone:
            raise SignInNeeded from None
        if made:
            token, codes = made
            page = CodesPage(codes, begun.username, to or "/")
            return let_in(request, register, token, render(request, "sign_in/codes.html", page))
        bound = _refused(bound, NOT_THE_APPS)
    return show_enrolling(request, begun, to, typed=bound, status=422)


def _refused(bound: Bound[Code], fault: str) -> Bound[Code]:
    kept = {name: texts for name, texts in bound.values.items() if name != "code"}
    return replace(bound, model=None, values=kept, errors={"code": fault})
