"""Requests about rights in the browser. Every search and every copy is a POST: no term in a URL."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.retention.rights import service
from cdop.retention.rights.models import HANDLE
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Form, Posted, PostedForm, bind
from cdop.web.rights.forms import CloseForm, CopyForm, ExtendForm, LinkForm, RequestForm
from cdop.web.rights.pages import (
    choose_page,
    copy_page,
    list_page,
    new_page,
    request_page,
    search_page,
)
from cdop.web.templating import go, render

router = APIRouter()
F = TypeVar("F", bound=Form)


@router.get("/rights", dependencies=[requires(HANDLE)])
def listed(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the requests."""
    with register.reading(actor) as work:
        page = list_page(work)
    return render(request, "rights/list.html", page)


@router.get("/rights/new", dependencies=[requires(HANDLE)])
def ask(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form for a request that arrived."""
    with register.reading(actor) as work:
        page = new_page(work)
    return render(request, "rights/new.html", page)


@router.post("/rights/new", dependencies=[requires(HANDLE)])
def record(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Record a request."""
    bound = bind(RequestForm, posted)
    if bound.model:
        try:
            request_id = register.do(actor, service.record, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/rights/{request_id}")
    with register.reading(actor) as work:
        page = new_page(work, bound)
    return render(request, "rights/new.html", page, block="form", status=422)


@router.get("/rights/{request_id}", dependencies=[requires(HANDLE)])
def shown(
    request: Request, register: CurrentRegister, actor: CurrentActor, request_id: UUID
) -> Response:
    """Show a request: it is opened, and that is audited."""
    page = register.do(actor, request_page, request_id)
    return render(request, "rights/request.html", page)


@router.post("/rights/{request_id}/find", dependencies=[requires(HANDLE)])
def find(
    request: Request, register: CurrentRegister, actor: CurrentActor, request_id: UUID
) -> Response:
    """Search the records for the person, and offer what was found."""
    page = register.do(actor, search_page, request_id)
    return render(request, "rights/request.html", page)


@router.post("/rights/{request_id}/link", dependencies=[requires(HANDLE)])
def link(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    request_id: UUID,
    posted: PostedForm,
) -> Response:
    """Link records that are about the person."""

    def step(form: LinkForm) -> None:
        register.do(actor, service.link, request_id, form.chosen())

    return _step(request, register, actor, request_id, posted, LinkForm, step)


@router.post("/rights/{request_id}/extend", dependencies=[requires(HANDLE)])
def extend(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    request_id: UUID,
    posted: PostedForm,
) -> Response:
    """Take two further months."""

    def step(form: ExtendForm) -> None:
        register.do(actor, service.extend, request_id, form.reason)

    return _step(request, register, actor, request_id, posted, ExtendForm, step)


@router.post("/rights/{request_id}/close", dependencies=[requires(HANDLE)])
def close(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    request_id: UUID,
    posted: PostedForm,
) -> Response:
    """Close a request with its outcome."""

    def step(form: CloseForm) -> None:
        register.do(actor, service.close, request_id, form.outcome, form.exemptions, form.answer)

    return _step(request, register, actor, request_id, posted, CloseForm, step)


@router.get("/rights/{request_id}/copy", dependencies=[requires(HANDLE, confirmed=True)])
def choose(
    request: Request, register: CurrentRegister, actor: CurrentActor, request_id: UUID
) -> Response:
    """Show the parts that may be disclosed."""
    with register.reading(actor) as work:
        page = choose_page(work, request_id)
    return render(request, "rights/choose.html", page)


@router.post("/rights/{request_id}/copy", dependencies=[requires(HANDLE, confirmed=True)])
def copy(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    request_id: UUID,
    posted: PostedForm,
) -> Response:
    """Make the redacted copy of what was chosen, to be read through, printed and sent."""
    bound = bind(CopyForm, posted)
    if bound.model is None:
        with register.reading(actor) as work:
            page = choose_page(work, request_id, bound)
        return render(request, "rights/choose.html", page, status=422)
    made = register.do(actor, copy_page, request_id, bound.model)
    return render(request, "rights/copy.html", made)


def _step(
    request: Request,
    register: Register,
    actor: Actor,
    request_id: UUID,
    posted: Posted,
    kind: type[F],
    step: Callable[[F], None],
) -> Response:
    """Take a step with a posted form, or show the page again with what is wrong."""
    bound = bind(kind, posted)
    if bound.model:
        try:
            step(bound.model)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/rights/{request_id}")
    page = register.do(actor, request_page, request_id, bound)
    return render(request, "rights/request.html", page, status=422)
