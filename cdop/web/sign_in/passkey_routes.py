"""Passkeys while signing in: by themselves, as the second step, as the first second factor.

Each has two addresses: what the device is to sign (JSON, for our own script), and the answer.
"""

import secrets

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from cdop.errors import Invalid
from cdop.organisations.sessions import GATE
from cdop.security.passkeys import Site
from cdop.security.work import Register
from cdop.sign_in import delays, steps
from cdop.sign_in.delays import TooSoon
from cdop.sign_in.passkeys import keeping, proving
from cdop.sign_in.passkeys.proving import Asking
from cdop.sign_in.steps import Gone
from cdop.web.deps import (
    ASKED,
    CurrentActor,
    CurrentBegun,
    CurrentRegister,
    SignInNeeded,
    half_signed_in,
    public,
    signed_in,
    visitor_of,
)
from cdop.web.forms import PostedForm, bind
from cdop.web.sign_in.answers import let_in, remember
from cdop.web.sign_in.forms import Answer, NewPasskey
from cdop.web.sign_in.pages import CodesPage, safe_path
from cdop.web.sign_in.showing import show_code, show_enrolling, show_sign_in
from cdop.web.templating import go, render

router = APIRouter()

REFUSED = "That passkey was not accepted. Try again, or sign in another way"


@router.post("/sign-in/passkey/options", dependencies=[public()])
def ask_anybody(request: Request, register: CurrentRegister) -> Response:
    """Return what any passkey is to sign; a cookie says later that this browser was asked."""
    try:
        delays.count_question(register, visitor_of(request))
    except TooSoon as error:
        raise HTTPException(429, headers={"Retry-After": str(error.seconds)}) from None
    secret = secrets.token_urlsafe(32)
    response = _options(register, proving.of_anybody(secret))
    remember(response, ASKED, secret)
    return response


@router.post("/sign-in/passkey", dependencies=[public()])
def sign_in(request: Request, register: CurrentRegister, posted: PostedForm) -> Response:
    """Sign in by a passkey alone: it has verified who holds it."""
    bound = bind(Answer, posted)
    to, secret = safe_path(bound.value("next")), request.cookies.get(ASKED)
    status, fault = 422, REFUSED
    if bound.model and secret:
        try:
            token = proving.sign_in(register, secret, bound.model.answer, visitor_of(request))
        except TooSoon as error:
            token, status, fault = None, 429, str(error)
        if token:
            return let_in(request, register, token, go(request, to or "/"))
    return show_sign_in(request, to, fault=fault, status=status)


@router.post("/sign-in/code/passkey/options", dependencies=[half_signed_in()])
def ask_second(register: CurrentRegister, begun: CurrentBegun) -> Response:
    """Return what a passkey of this account is to sign as its second factor."""
    return _options(register, proving.of_begun(begun))


@router.post("/sign-in/code/passkey", dependencies=[half_signed_in()])
def take_second(
    request: Request, register: CurrentRegister, begun: CurrentBegun, posted: PostedForm
) -> Response:
    """Take the second step by a passkey."""
    bound = bind(Answer, posted)
    to, status, fault = safe_path(bound.value("next")), 422, REFUSED
    if bound.model:
        try:
            token = proving.second(register, begun, bound.model.answer, visitor_of(request))
        except Gone:
            raise SignInNeeded from None
        except TooSoon as error:
            token, status, fault = None, 429, str(error)
        if token:
            return let_in(request, register, token, go(request, to or "/"))
    return show_code(request, register, begun, to, fault=fault, status=status)


@router.post("/sign-in/enrol/passkey/options", dependencies=[half_signed_in()])
def offer_first(register: CurrentRegister, begun: CurrentBegun) -> Response:
    """Return what makes a passkey for somebody who has no second factor yet."""
    return _json(register.do(begun.actor, keeping.offer, _site(register), begun.id.hex))


@router.post("/sign-in/enrol/passkey", dependencies=[half_signed_in()])
def add_first(
    request: Request, register: CurrentRegister, begun: CurrentBegun, posted: PostedForm
) -> Response:
    """Add the first passkey, start the session and show the recovery codes."""
    bound = bind(NewPasskey, posted)
    to = safe_path(bound.value("next"))
    fault = next(iter(bound.errors.values()), keeping.NOT_ADDED)
    if bound.model:
        try:
            made = keeping.made(register, begun.id.hex, bound.model.answer)
            started = steps.enrol_passkey(
                register, begun, made, bound.model.name, visitor_of(request)
            )
        except Gone:
            raise SignInNeeded from None
        except Invalid:
            started = None
        if started:
            token, codes = started
            page = CodesPage(codes, begun.username, to or "/")
            return let_in(request, register, token, render(request, "sign_in/codes.html", page))
    return show_enrolling(request, begun, to, fault=fault, status=422)


@router.post("/confirm/passkey/options", dependencies=[signed_in()])
def ask_to_confirm(register: CurrentRegister, actor: CurrentActor) -> Response:
    """Return what a passkey is to sign, to confirm who is signed in."""
    return _options(register, proving.of_session(actor))


def _options(register: Register, asking: Asking) -> Response:
    return _json(register.do(GATE, proving.ask, _site(register), asking))


def _json(text: str) -> Response:
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


def _site(register: Register) -> Site:
    return Site(register.settings.origin)
