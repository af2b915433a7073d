"""Referrals in the browser: the list, a new one, and one from a panel's case."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.case_reviews import queries, service
from cdop.errors import Invalid, NotFound
from cdop.web.case_reviews.forms import PanelReferralForm, ReferralForm
from cdop.web.case_reviews.pages import (
    RECORD,
    case_address,
    from_panel_page,
    list_page,
    new_page,
)
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.templating import go, render

router = APIRouter()


@router.get("/referrals", dependencies=[requires(queries.READ)])
def listed(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the referrals in the actor's scope. Nothing sealed is opened."""
    with register.reading(actor) as work:
        page = list_page(work, _after(request))
    return render(request, "case_reviews/list.html", page)


@router.get("/referrals/new", dependencies=[requires(RECORD)])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form for a referral that arrived."""
    with register.reading(actor) as work:
        page = new_page(work)
    if not page.boards:
        raise NotFound
    return render(request, "case_reviews/new.html", page)


@router.post("/referrals/new", dependencies=[requires(RECORD)])
def refer(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Record a referral, or show the form again with what is wrong."""
    bound = bind(ReferralForm, posted)
    if bound.model:
        try:
            referral_id = register.do(actor, service.refer, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/referrals/{referral_id}")
    with register.reading(actor) as work:
        page = new_page(work, bound)
    return render(request, "case_reviews/new.html", page, block="form", status=422)


@router.get("/deaths/{death_id}/refer", dependencies=[requires(RECORD)])
def ask_from_panel(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show the form for a concern that the panel found."""
    with register.reading(actor) as work:
        page = from_panel_page(work, death_id)
    return render(request, "case_reviews/from_panel.html", page)


@router.post("/deaths/{death_id}/refer", dependencies=[requires(RECORD)])
def refer_from_panel(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Refer a panel's concern, and go back to its case: the referral is the group's to see."""
    bound = bind(PanelReferralForm, posted)
    form = bound.model
    if form:
        try:
            register.do(
                actor,
                service.refer_from_panel,
                death_id,
                form.board_id,
                form.narrative,
                id=form.id,
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            with register.reading(actor) as work:
                return go(request, case_address(work, death_id))
    with register.reading(actor) as work:
        page = from_panel_page(work, death_id, bound)
    return render(request, "case_reviews/from_panel.html", page, block="form", status=422)


def _after(request: Request) -> tuple[date, UUID] | None:
    typed = request.query_params.get("after")
    if typed is None:
        return None
    on, _, id = typed.partition("_")
    try:
        return date.fromisoformat(on), UUID(id)
    except ValueError:
        raise NotFound from None
