"""Confirming who it is before a page that asks for it. A form carries its code along with it."""

from fastapi import APIRouter, Request, Response

from cdop.web.deps import CurrentRegister, signed_in
from cdop.web.forms import PostedForm, bind
from cdop.web.sign_in.confirming import confirm_page
from cdop.web.sign_in.forms import Confirm
from cdop.web.sign_in.pages import safe_path
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/confirm", dependencies=[signed_in()])
def ask_to_confirm(request: Request, register: CurrentRegister) -> Response:
    """Ask for a second factor, and lead back."""
    to = safe_path(request.query_params.get("next")) or "/"
    page = confirm_page(request, register, "/confirm", (("next", to),))
    return render(request, "sign_in/confirm.html", page)


@router.post("/confirm", dependencies=[signed_in(confirmed=True)])
def confirm(request: Request, posted: PostedForm) -> Response:
    """Lead back: what the route asks for has been given."""
    bound = bind(Confirm, posted)
    return go(request, safe_path(bound.value("next")) or "/")
