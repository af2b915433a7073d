"""Going to a provider and coming back. A page between carries the browser there: a form's own
redirect off this host is what the page's policy forbids.
"""

import secrets

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid, NotFound, Refused
from cdop.security.single_sign_on.asking import Asked, Unavailable
from cdop.security.single_sign_on.flow import Answer
from cdop.security.single_sign_on.tokens import NotProved
from cdop.security.work import Register
from cdop.sign_in import delays, invitations
from cdop.sign_in.delays import TooSoon
from cdop.sign_in.identities import arriving, asking
from cdop.sign_in.identities.arriving import NotAsked, NotLinked
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.web.deps import (
    SENT,
    CurrentRegister,
    identify,
    providers_of,
    public,
    visitor_of,
)
from cdop.web.forms import PostedForm, bind
from cdop.web.identities.forms import JoinWith, To
from cdop.web.identities.pages import OnwardPage, identities_page
from cdop.web.sign_in.answers import forget, go_on, remember
from cdop.web.sign_in.pages import safe_path
from cdop.web.sign_in.showing import show_sign_in
from cdop.web.templating import go, render

router = APIRouter()

HERE = "/account/identities"


@router.post("/sign-in/with/{provider}", dependencies=[public()])
def sign_in_with(
    request: Request, provider: str, register: CurrentRegister, posted: PostedForm
) -> Response:
    """Send the browser to a provider, to sign in."""
    to = safe_path(bind(To, posted).value("next"))
    return send(request, register, provider_by(request, provider), Why(Purpose.SIGN_IN, next=to))


@router.post("/join/with/{provider}", dependencies=[public()])
def join_with(
    request: Request, provider: str, register: CurrentRegister, posted: PostedForm
) -> Response:
    """Send the browser to a provider, to take up an invitation without a password."""
    asked, bound = provider_by(request, provider), bind(JoinWith, posted)
    fault = next(iter(bound.errors.values()), invitations.OVER)
    if bound.model:
        try:
            invitation = invitations.pending_id(register, bound.model.invitation)
        except Invalid:
            return show_sign_in(request, None, fault=fault, status=422)
        return send(request, register, asked, Why(Purpose.JOIN, invitation_id=invitation))
    return show_sign_in(request, None, fault=fault, status=422)


@router.get("/sign-in/from/{provider}", dependencies=[public()])
def come_back(request: Request, provider: str, register: CurrentRegister) -> Response:
    """Take what a browser brings back from a provider; what it brought serves once."""
    asked, actor = provider_by(request, provider), identify(request)
    try:
        arrival = arriving.arrive(
            register,
            asked,
            request.cookies.get(SENT, ""),
            _answer_in(request),
            visitor_of(request),
            actor,
        )
    except TooSoon as error:
        response = _turned_away(request, register, str(error), 429)
    except (NotAsked, NotProved, NotLinked, Unavailable, Refused, Invalid) as error:
        response = _turned_away(request, register, _sentence(error, asked), 422)
    else:
        if arrival.step:
            response = go_on(request, register, arrival.step, arrival.why.next)
        elif arrival.why.purpose is Purpose.LINK:
            response = go(request, HERE + "?done=linked")
        else:
            response = go(request, arrival.why.next or "/")
    forget(response, SENT)
    return response


def send(request: Request, register: Register, asked: Asked, why: Why) -> Response:
    """Send the browser to a provider, with a secret in a cookie by which it is known again."""
    secret = secrets.token_urlsafe(32)
    try:
        if why.session_id is None:
            delays.count_question(register, visitor_of(request))
        address = asking.ask(register, asked, secret, why)
    except TooSoon as error:
        return _turned_away(request, register, str(error), 429)
    except Unavailable as error:
        return _turned_away(request, register, _sentence(error, asked), 503)
    page = OnwardPage(asked.provider.label, address)
    response = render(request, "identities/onward.html", page)
    response.headers["Refresh"] = f"0; url={address}"
    remember(response, SENT, secret)
    return response


def provider_by(request: Request, id: str) -> Asked:
    """Return the trusted provider of that id. Raises NotFound."""
    found = [each for each in providers_of(request) if each.provider.id == id]
    if not found:
        raise NotFound
    return found[0]


def _answer_in(request: Request) -> Answer:
    query = request.query_params
    return Answer(query.get("state", ""), query.get("code"), query.get("iss"))


def _turned_away(request: Request, register: Register, fault: str, status: int) -> Response:
    """Show what went wrong where somebody can do something about it."""
    actor = identify(request)
    if actor is None:
        return show_sign_in(request, None, fault=fault, status=status)
    with register.reading(actor) as work:
        page = identities_page(work, providers_of(request), None, fault)
    return render(request, "identities/list.html", page, status=status)


def _sentence(error: Exception, asked: Asked) -> str:
    """Return what to do next; nothing of what a provider or a stranger sent."""
    label = asked.provider.label
    match error:
        case Unavailable():
            return (
                f"{label} cannot be reached at the moment. Sign in with your password or a "
                "passkey, or try again in a few minutes"
            )
        case NotLinked():
            return (
                f"No account of this register is linked to your {label}. Sign in another way and "
                "link it under Your account, or ask an administrator for an invitation"
            )
        case NotAsked():
            return "That took too long, or was begun in another browser. Begin again"
        case NotProved(why="refused"):
            return f"{label} did not sign you in. Try again, or sign in another way"
        case NotProved():
            return f"What {label} sent does not prove who you are. Begin again"
    return str(error)
