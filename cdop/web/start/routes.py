"""The start page of each role is that role's work list, not a menu."""

from fastapi import APIRouter, Request, Response

from cdop.web.deps import CurrentActor, CurrentRegister, signed_in
from cdop.web.start.pages import start_page
from cdop.web.templating import render

router = APIRouter()


@router.get("/", dependencies=[signed_in()])
def start(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the actor's work list. Nothing sealed is opened for it."""
    with register.reading(actor) as work:
        page = start_page(work)
    return render(request, "start/page.html", page)
