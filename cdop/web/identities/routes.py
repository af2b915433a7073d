"""Linking and unlinking identities: one's own, and for an administrator anybody's."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.organisations.models import Account
from cdop.sign_in.identities import keeping
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.web.buttons import Button, why_not
from cdop.web.deps import CurrentActor, CurrentRegister, providers_of, signed_in
from cdop.web.forms import PostedForm, bind
from cdop.web.identities.forms import Nothing, To
from cdop.web.identities.pages import UnlinkPage, identities_page, row_of
from cdop.web.identities.sign_in_routes import HERE, provider_by, send
from cdop.web.sign_in.pages import safe_path
from cdop.web.templating import go, render

router = APIRouter()


@router.get(HERE, dependencies=[signed_in()])
def list_identities(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the identities of whoever is signed in."""
    done = request.query_params.get("done")
    with register.reading(actor) as work:
        page = identities_page(work, providers_of(request), done, None)
    return render(request, "identities/list.html", page)


@router.post(HERE + "/{provider}/link", dependencies=[signed_in(confirmed=True)])
def link(
    request: Request,
    provider: str,
    register: CurrentRegister,
    actor: CurrentActor,
    posted: PostedForm,
) -> Response:
    """Send the browser to a provider, to link who signs in there to this account."""
    bind(Nothing, posted)
    why = Why(Purpose.LINK, session_id=actor.session_id)
    return send(request, register, provider_by(request, provider), why)


@router.post("/confirm/with/{provider}", dependencies=[signed_in()])
def confirm_with(
    request: Request,
    provider: str,
    register: CurrentRegister,
    actor: CurrentActor,
    posted: PostedForm,
) -> Response:
    """Send the browser to a provider, to sign in there anew and so confirm who is signed in."""
    to = safe_path(bind(To, posted).value("next"))
    why = Why(Purpose.CONFIRM, session_id=actor.session_id, next=to)
    return send(request, register, provider_by(request, provider), why)


@router.get(HERE + "/{identity_id}/unlink", dependencies=[signed_in(confirmed=True)])
def ask_to_unlink(
    request: Request, identity_id: UUID, register: CurrentRegister, actor: CurrentActor
) -> Response:
    """Ask whether an identity is to be unlinked."""
    whose = None
    with register.reading(actor) as work:
        row = keeping.get(work, identity_id)
        if row.account_id != actor.account_id:
            whose = work.session.get_one(Account, row.account_id).username
        refusal = why_not(keeping.check_unlinkable, work, row)
    unlink = Button("Unlink", f"{HERE}/{identity_id}/unlink", refusal)
    page = UnlinkPage(row_of(row, providers_of(request)), whose, unlink)
    return render(request, "identities/unlink.html", page)


@router.post(HERE + "/{identity_id}/unlink", dependencies=[signed_in(confirmed=True)])
def unlink(
    request: Request,
    identity_id: UUID,
    register: CurrentRegister,
    actor: CurrentActor,
    posted: PostedForm,
) -> Response:
    """Unlink an identity: from this moment on it signs nobody in."""
    bind(Nothing, posted)
    whose = register.do(actor, keeping.unlink, identity_id)
    if whose == actor.account_id:
        return go(request, HERE + "?done=unlinked")
    return go(request, f"/accounts/{whose}?notice=unlinked")
