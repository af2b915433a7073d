"""Retention in the browser: the preview, proposals, approvals, erasing, and periods."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.retention import erasing, listing, periods
from cdop.security.work import Work
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.retention.forms import PeriodForm, ProposeForm
from cdop.web.retention.pages import erasure_page, periods_page, preview_page
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/retention", dependencies=[requires(listing.LIST)])
def preview(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show what is past its period today."""
    page = register.do(actor, preview_page)
    return render(request, "retention/preview.html", page)


@router.post("/retention", dependencies=[requires(erasing.PROPOSE)])
def propose(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Propose records for erasure: all of the chosen, or none."""
    bound = bind(ProposeForm, posted)
    if bound.model:
        try:
            register.do(actor, _propose, bound.model.chosen())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, "/retention")
    page = register.do(actor, preview_page, bound)
    return render(request, "retention/preview.html", page, status=422)


@router.get("/retention/erasures/{erasure_id}", dependencies=[requires(listing.LIST)])
def erasure(
    request: Request, register: CurrentRegister, actor: CurrentActor, erasure_id: UUID
) -> Response:
    """Show one erasure."""
    with register.work(actor) as work:  # asks what other organisations still need, with a line
        page = erasure_page(work, erasure_id)
    return render(request, "retention/erasure.html", page)


@router.post(
    "/retention/erasures/{erasure_id}/approve",
    dependencies=[requires(erasing.APPROVE, confirmed=True)],
)
def approve(
    request: Request, register: CurrentRegister, actor: CurrentActor, erasure_id: UUID
) -> Response:
    """Approve what somebody else proposed."""
    register.do(actor, erasing.approve, erasure_id)
    return go(request, f"/retention/erasures/{erasure_id}")


@router.post("/retention/erasures/{erasure_id}/withdraw", dependencies=[requires(listing.LIST)])
def withdraw(
    request: Request, register: CurrentRegister, actor: CurrentActor, erasure_id: UUID
) -> Response:
    """Take a proposal back, or refuse it."""
    register.do(actor, erasing.withdraw, erasure_id)
    return go(request, f"/retention/erasures/{erasure_id}")


@router.post(
    "/retention/erasures/{erasure_id}/erase",
    dependencies=[requires(erasing.PROPOSE, confirmed=True)],
)
def erase(
    request: Request, register: CurrentRegister, actor: CurrentActor, erasure_id: UUID
) -> Response:
    """Erase an approved record for good."""
    erasing.carry_out(register, actor, erasure_id)
    return go(request, f"/retention/erasures/{erasure_id}")


@router.get("/retention/periods", dependencies=[requires(listing.LIST)])
def ask_period(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form for a period."""
    with register.reading(actor) as work:
        page = periods_page(work)
    return render(request, "retention/periods.html", page)


@router.post("/retention/periods", dependencies=[requires(listing.LIST)])
def set_period(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Set a period as its organisation has decided."""
    bound = bind(PeriodForm, posted)
    if bound.model:
        try:
            register.do(actor, periods.set_period, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, "/retention")
    with register.reading(actor) as work:
        page = periods_page(work, bound)
    return render(request, "retention/periods.html", page, block="form", status=422)


def _propose(work: Work, chosen: list[tuple[str, UUID]]) -> None:
    for record in chosen:
        erasing.propose(work, record)
