"""Giving an account a role, ending one, and letting somebody stand in for a colleague."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.organisations.people import MANAGE
from cdop.sign_in import administering, deputies, invitations
from cdop.web.accounts.forms import DeputyForm, EndRole, Nothing, RoleForm
from cdop.web.accounts.pages import deputy_page, end_page, role_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.templating import go, render

router = APIRouter()

CONFIRMED = requires(MANAGE, confirmed=True)


@router.get("/accounts/{account_id}/roles/new", dependencies=[CONFIRMED])
def ask_role(
    request: Request, register: CurrentRegister, actor: CurrentActor, account_id: UUID
) -> Response:
    """Show the form for a further role."""
    with register.reading(actor) as work:
        page = role_page(work, invitations.get(work, account_id))
    return render(request, "accounts/role.html", page)


@router.post("/accounts/{account_id}/roles/new", dependencies=[CONFIRMED])
def give_role(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Give an account a role."""
    bound = bind(RoleForm, posted)
    if bound.model:
        try:
            register.do(actor, administering.appoint, account_id, bound.model.appointment())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/accounts/{account_id}?notice=role")
    with register.reading(actor) as work:
        page = role_page(work, invitations.get(work, account_id), bound)
    return render(request, "accounts/role.html", page, status=422)


@router.get("/accounts/{account_id}/roles/{membership_id}/end", dependencies=[CONFIRMED])
def ask_end(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    membership_id: UUID,
) -> Response:
    """Ask for the last day of a role."""
    with register.reading(actor) as work:
        page = end_page(work, account_id, membership_id)
    return render(request, "accounts/end.html", page)


@router.post("/accounts/{account_id}/roles/{membership_id}/end", dependencies=[CONFIRMED])
def end_role(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    membership_id: UUID,
    posted: PostedForm,
) -> Response:
    """End a role with a day."""
    bound = bind(EndRole, posted)
    with register.reading(actor) as work:
        page = end_page(work, account_id, membership_id, bound)
    if bound.model is None:
        return render(request, "accounts/end.html", page, status=422)
    register.do(actor, administering.end_role, membership_id, bound.model.valid_to)
    return go(request, f"/accounts/{account_id}?notice=ended")


@router.get("/accounts/{account_id}/deputy", dependencies=[CONFIRMED])
def ask_deputy(
    request: Request, register: CurrentRegister, actor: CurrentActor, account_id: UUID
) -> Response:
    """Show the form for standing in for a colleague."""
    with register.reading(actor) as work:
        page = deputy_page(work, account_id)
    return render(request, "accounts/deputy.html", page)


@router.post("/accounts/{account_id}/deputy", dependencies=[CONFIRMED])
def add_deputy(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Let an account stand in for a colleague between two days."""
    bound = bind(DeputyForm, posted)
    if bound.model:
        asked = bound.model
        try:
            register.do(
                actor,
                deputies.add,
                account_id,
                asked.membership_id,
                asked.valid_from,
                asked.valid_to,
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/accounts/{account_id}?notice=deputy")
    with register.reading(actor) as work:
        page = deputy_page(work, account_id, bound)
    return render(request, "accounts/deputy.html", page, status=422)


@router.post("/accounts/{account_id}/deputies/{deputy_id}/end", dependencies=[CONFIRMED])
def end_deputy(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    deputy_id: UUID,
    posted: PostedForm,
) -> Response:
    """Let an account stand in for a colleague no longer."""
    bind(Nothing, posted)
    register.do(actor, deputies.end, account_id, deputy_id)
    return go(request, f"/accounts/{account_id}?notice=deputy-ended")
