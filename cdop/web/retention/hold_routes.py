"""Legal holds in the browser."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.retention import holds
from cdop.retention.models import HOLD
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.retention.forms import HoldForm, LiftForm
from cdop.web.retention.pages import hold_list_page, holds_page
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/holds", dependencies=[requires(HOLD)])
def every(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the holds in force."""
    with register.reading(actor) as work:
        page = hold_list_page(work)
    return render(request, "retention/hold_list.html", page)


@router.get("/holds/{kind}/{record_id}", dependencies=[requires(HOLD)])
def on_record(
    request: Request, register: CurrentRegister, actor: CurrentActor, kind: str, record_id: UUID
) -> Response:
    """Show the holds on a record, opened."""
    page = register.do(actor, holds_page, kind, record_id)
    return render(request, "retention/holds.html", page)


@router.post("/holds/{kind}/{record_id}", dependencies=[requires(HOLD)])
def set_hold(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    kind: str,
    record_id: UUID,
    posted: PostedForm,
) -> Response:
    """Hold a record."""
    bound = bind(HoldForm, posted)
    form = bound.model
    if form:
        try:
            register.do(actor, holds.set_hold, (kind, record_id), form.why, form.reason)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/holds/{kind}/{record_id}")
    page = register.do(actor, holds_page, kind, record_id, bound)
    return render(request, "retention/holds.html", page, status=422)


@router.post("/holds/{kind}/{record_id}/lift", dependencies=[requires(HOLD)])
def lift(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    kind: str,
    record_id: UUID,
    posted: PostedForm,
) -> Response:
    """Lift a hold."""
    bound = bind(LiftForm, posted)
    form = bound.model
    if form:
        try:
            register.do(actor, holds.lift_hold, form.hold, form.lift_reason)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/holds/{kind}/{record_id}")
    page = register.do(actor, holds_page, kind, record_id, None, bound)
    return render(request, "retention/holds.html", page, status=422)
