"""Administering accounts. Each page with a form asks for a second factor just given."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.organisations.people import MANAGE
from cdop.sign_in import addresses, administering, invitations
from cdop.sign_in.handing_over import hand_over
from cdop.sign_in.limits import limits
from cdop.web.accounts.forms import Address, Find, NewAccount, Nothing, Reset
from cdop.web.accounts.pages import InvitedPage, account_page, list_page, role_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind, blank
from cdop.web.templating import go, render

router = APIRouter()

CONFIRMED = requires(MANAGE, confirmed=True)


@router.get("/accounts", dependencies=[requires(MANAGE)])
def listed(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the accounts."""
    with register.reading(actor) as work:
        page = list_page(work, blank(Find))
    return render(request, "accounts/list.html", page)


@router.post("/accounts", dependencies=[requires(MANAGE)])
def find(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """List the accounts whose names hold what was typed."""
    bound = bind(Find, posted)
    with register.reading(actor) as work:
        page = list_page(work, bound)
    return render(request, "accounts/list.html", page, status=200 if bound.model else 422)


@router.get("/accounts/new", dependencies=[CONFIRMED])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form for a new account."""
    with register.reading(actor) as work:
        page = role_page(work)
    return render(request, "accounts/role.html", page)


@router.post("/accounts/new", dependencies=[CONFIRMED])
def add(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Add an account with a first role, and show its invitation."""
    bound = bind(NewAccount, posted)
    if bound.model:
        try:
            account_id, secret = register.do(
                actor,
                administering.add,
                bound.model.username,
                bound.model.display_name,
                bound.model.appointment(),
                bound.model.email,
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return _invited(request, register, actor, account_id, secret)
    with register.reading(actor) as work:
        page = role_page(work, form=bound)
    return render(request, "accounts/role.html", page, status=422)


@router.get("/accounts/{account_id}", dependencies=[requires(MANAGE)])
def shown(
    request: Request, register: CurrentRegister, actor: CurrentActor, account_id: UUID
) -> Response:
    """Show one account."""
    with register.reading(actor) as work:
        page = account_page(work, account_id, request.query_params.get("notice"))
    return render(request, "accounts/account.html", page)


@router.post("/accounts/{account_id}/invite", dependencies=[CONFIRMED])
def invite(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Make a new invitation, and show it once."""
    bind(Nothing, posted)
    secret = register.do(actor, invitations.invite, account_id)
    return _invited(request, register, actor, account_id, secret)


@router.post("/accounts/{account_id}/reset", dependencies=[CONFIRMED])
def reset(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Take a password away, or the second factor too, and show a new invitation once."""
    bound = bind(Reset, posted)
    lost = bool(bound.model and bound.model.factor)
    secret = register.do(actor, invitations.reset, account_id, with_factors=lost)
    return _invited(request, register, actor, account_id, secret)


@router.post("/accounts/{account_id}/address", dependencies=[CONFIRMED])
def set_address(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Set or remove an account's address."""
    bound = bind(Address, posted)
    if bound.model:
        try:
            register.do(actor, addresses.set_address, account_id, bound.model.email)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/accounts/{account_id}?notice=address")
    with register.reading(actor) as work:
        page = account_page(work, account_id, address=bound)
    return render(request, "accounts/account.html", page, status=422)


@router.post("/accounts/{account_id}/disable", dependencies=[CONFIRMED])
def disable(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Shut an account."""
    bind(Nothing, posted)
    register.do(actor, administering.disable, account_id)
    return go(request, f"/accounts/{account_id}?notice=disabled")


@router.post("/accounts/{account_id}/enable", dependencies=[CONFIRMED])
def enable(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    posted: PostedForm,
) -> Response:
    """Open an account again."""
    bind(Nothing, posted)
    register.do(actor, administering.enable, account_id)
    return go(request, f"/accounts/{account_id}?notice=enabled")


def _invited(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    account_id: UUID,
    secret: str,
) -> Response:
    with register.reading(actor) as work:
        account = invitations.get(work, account_id)
    handed = hand_over(register, actor, account_id, secret)
    page = InvitedPage(account, handed, limits().invitation_hours)
    return render(request, "accounts/invited.html", page)
