"""Break-glass in the browser. Breaking it asks for a second factor given just now."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.break_glass import service
from cdop.break_glass.documents import OPEN, READ, REVIEW
from cdop.errors import Invalid
from cdop.web.break_glass.forms import OpenForm, ReviewForm
from cdop.web.break_glass.pages import access_page, list_page, open_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/break-glass", dependencies=[requires(READ)])
def listed(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the accesses within sight."""
    with register.reading(actor) as work:
        page = list_page(work)
    return render(request, "break_glass/list.html", page)


@router.get("/break-glass/open", dependencies=[requires(OPEN)])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form by which the glass is broken."""
    with register.reading(actor) as work:
        page = open_page(work)
    return render(request, "break_glass/open.html", page)


@router.post("/break-glass/open", dependencies=[requires(OPEN, confirmed=True)])
def break_it(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Break the glass: the panel's cases are within reach from the next request on."""
    bound = bind(OpenForm, posted)
    if bound.model:
        chosen = bound.model
        try:
            register.do(
                actor, service.break_glass, chosen.organisation_id, chosen.reason, chosen.need
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, "/search")
    with register.reading(actor) as work:
        page = open_page(work, bound)
    return render(request, "break_glass/open.html", page, block="form", status=422)


@router.get("/break-glass/{access_id}", dependencies=[requires(READ)])
def access(
    request: Request, register: CurrentRegister, actor: CurrentActor, access_id: UUID
) -> Response:
    """Show one access; to its reviewer with its words, which is audited."""
    page = register.do(actor, access_page, access_id)
    return render(request, "break_glass/access.html", page)


@router.post("/break-glass/{access_id}/end", dependencies=[requires(READ)])
def end(
    request: Request, register: CurrentRegister, actor: CurrentActor, access_id: UUID
) -> Response:
    """End an access before its time."""
    register.do(actor, service.end, access_id)
    return go(request, f"/break-glass/{access_id}")


@router.post("/break-glass/{access_id}/see", dependencies=[requires("deaths:case:edit")])
def see(
    request: Request, register: CurrentRegister, actor: CurrentActor, access_id: UUID
) -> Response:
    """Take note of an access."""
    register.do(actor, service.see, access_id)
    return go(request, f"/break-glass/{access_id}")


@router.post("/break-glass/{access_id}/review", dependencies=[requires(REVIEW)])
def review(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    access_id: UUID,
    posted: PostedForm,
) -> Response:
    """Say whether an access was right."""
    bound = bind(ReviewForm, posted)
    if bound.model:
        try:
            register.do(actor, service.review, access_id, bound.model.verdict, bound.model.text)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/break-glass/{access_id}")
    page = register.do(actor, access_page, access_id, bound)
    return render(request, "break_glass/access.html", page, status=422)
