"""One's own account. What changes a second factor asks for it first."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.sign_in import own
from cdop.sign_in.delays import TooSoon
from cdop.web.account.forms import ChangePassword, Nothing
from cdop.web.account.pages import account_page
from cdop.web.deps import COOKIE, CurrentActor, CurrentRegister, signed_in, visitor_of
from cdop.web.forms import Bound, PostedForm, bind, blank
from cdop.web.sign_in.answers import leave
from cdop.web.sign_in.forms import Code
from cdop.web.sign_in.pages import CodesPage, enrol_page
from cdop.web.templating import go, render

router = APIRouter()

CONFIRMED = signed_in(confirmed=True)
NEW_APP = "/account/apps/new"


@router.get("/account", dependencies=[signed_in()])
def account(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show one's own account."""
    with register.reading(actor) as work:
        page = account_page(work, notice=request.query_params.get("notice"))
    return render(request, "account/page.html", page)


@router.post("/account/password", dependencies=[signed_in()])
def change_password(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Change one's own password, by the present one."""
    bound, status = bind(ChangePassword, posted), 422
    if bound.model:
        visitor = visitor_of(request)
        try:
            own.change_password(register, actor, bound.model.current, bound.model.password, visitor)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        except TooSoon as error:
            bound, status = bound.refused(Invalid({"current": str(error)})), 429
        else:
            return go(request, "/account?notice=password")
    with register.reading(actor) as work:
        page = account_page(work, replace(bound, values={}))
    return render(request, "account/page.html", page, status=status)


@router.get(NEW_APP, dependencies=[CONFIRMED])
def offer_app(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the seed of a further authenticator app."""
    return _offering(request, register, actor, blank(Code))


@router.post(NEW_APP, dependencies=[CONFIRMED])
def add_app(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Add an authenticator app; for the first one, show the recovery codes."""
    bound = bind(Code, posted)
    if bound.model:
        code = "".join(bound.model.code.split())
        codes = register.do(actor, own.add_app, request.cookies[COOKIE], code)
        if codes:
            page = CodesPage(codes, actor.name, "/account")
            return render(request, "sign_in/codes.html", page)
        if codes is not None:
            return go(request, "/account?notice=app")
        bound = bound.refused(Invalid({"code": "That is not the code that the app shows now"}))
    return _offering(request, register, actor, replace(bound, values={}), status=422)


@router.post("/account/apps/{app_id}/remove", dependencies=[CONFIRMED])
def remove_app(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    app_id: UUID,
    posted: PostedForm,
) -> Response:
    """Remove an authenticator app."""
    bind(Nothing, posted)
    register.do(actor, own.remove_app, app_id)
    return go(request, "/account?notice=removed")


@router.post("/account/recovery-codes", dependencies=[CONFIRMED])
def renew_codes(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Make new recovery codes, and show them once."""
    bind(Nothing, posted)
    codes = register.do(actor, own.renew_codes)
    return render(request, "sign_in/codes.html", CodesPage(codes, actor.name, "/account"))


@router.post("/account/sessions/{session_id}/end", dependencies=[signed_in()])
def end_session(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    session_id: UUID,
    posted: PostedForm,
) -> Response:
    """End one session."""
    bind(Nothing, posted)
    register.do(actor, own.end_session, session_id)
    return go(request, "/account?notice=ended")


@router.post("/account/sign-out-everywhere", dependencies=[signed_in()])
def sign_out_everywhere(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """End every session of the account, this one too."""
    bind(Nothing, posted)
    register.do(actor, own.end_all_sessions)
    return leave(request, "everywhere")


@router.post("/account/elsewhere", dependencies=[signed_in()])
def see_elsewhere(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Stop telling of a sign-in elsewhere: its owner knows of it."""
    bind(Nothing, posted)
    register.do(actor, own.see_elsewhere)
    return go(request, "/")


def _offering(
    request: Request,
    register: Register,
    actor: Actor,
    bound: Bound[Code],
    status: int = 200,
) -> Response:
    with register.reading(actor) as work:
        secret = own.offered_secret(work, request.cookies[COOKIE])
    page = enrol_page(bound, secret, actor.name, NEW_APP, None)
    return render(request, "sign_in/enrol.html", page, status=status)
