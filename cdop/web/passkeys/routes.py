"""Listing, adding and removing one's own passkeys. What changes them asks for confirmation."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.security.passkeys import Site
from cdop.sign_in import own
from cdop.sign_in.passkeys import keeping
from cdop.web.buttons import Button, why_not
from cdop.web.deps import CurrentActor, CurrentRegister, signed_in
from cdop.web.forms import PostedForm, bind, blank
from cdop.web.passkeys.forms import NewPasskey
from cdop.web.passkeys.pages import DONE, AddPage, PasskeysPage, RemovePage, row_of, rows_of
from cdop.web.sign_in.pages import CodesPage
from cdop.web.templating import go, render

router = APIRouter()

HERE = "/account/passkeys"


@router.get(HERE, dependencies=[signed_in()])
def list_passkeys(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the passkeys of whoever is signed in."""
    assert actor.account_id
    with register.reading(actor) as work:
        rows = rows_of(keeping.of(work, actor.account_id))
    page = PasskeysPage(rows, DONE.get(request.query_params.get("done", "")))
    return render(request, "passkeys/list.html", page)


@router.get(HERE + "/add", dependencies=[signed_in(confirmed=True)])
def offer_passkey(request: Request) -> Response:
    """Show how to add a passkey."""
    return render(request, "passkeys/add.html", AddPage(blank(NewPasskey)))


@router.post(HERE + "/options", dependencies=[signed_in(confirmed=True)])
def ask_for_passkey(register: CurrentRegister, actor: CurrentActor) -> Response:
    """Return what a browser needs to make a passkey (JSON, for our own script)."""
    assert actor.session_id
    site = Site(register.settings.origin)
    text = register.do(actor, keeping.offer, site, actor.session_id.hex)
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(HERE, dependencies=[signed_in(confirmed=True)])
def add_passkey(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Keep the passkey that was just made."""
    assert actor.session_id
    bound = bind(NewPasskey, posted)
    if bound.model:
        try:
            made = keeping.made(register, actor.session_id.hex, bound.model.answer)
            codes = register.do(actor, own.add_passkey, made, bound.model.name)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            if codes:
                page = CodesPage(codes, actor.name, HERE)
                return render(request, "sign_in/codes.html", page)
            return go(request, HERE + "?done=added")
    return render(request, "passkeys/add.html", AddPage(bound), status=422)


@router.get(HERE + "/{passkey_id}/remove", dependencies=[signed_in(confirmed=True)])
def ask_to_remove(
    request: Request, passkey_id: UUID, register: CurrentRegister, actor: CurrentActor
) -> Response:
    """Ask whether a passkey is to go; the only second factor cannot."""
    with register.reading(actor) as work:
        row = keeping.get_own(work, passkey_id)
        refusal = why_not(own.check_passkey_removable, work)
    remove = Button("Remove this passkey", f"{HERE}/{passkey_id}/remove", refusal)
    return render(request, "passkeys/remove.html", RemovePage(row_of(row), remove))


@router.post(HERE + "/{passkey_id}/remove", dependencies=[signed_in(confirmed=True)])
def remove_passkey(
    request: Request, passkey_id: UUID, register: CurrentRegister, actor: CurrentActor
) -> Response:
    """Remove a passkey: from this moment on it signs nobody in."""
    register.do(actor, own.remove_passkey, passkey_id)
    return go(request, HERE + "?done=removed")
