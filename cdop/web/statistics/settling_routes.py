"""What a second person does in the browser: approve, decline, withdraw; and the download."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.statistics import releasing, settling
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import PostedForm, bind
from cdop.web.statistics.desk_forms import ApproveForm, ReasonForm
from cdop.web.statistics.desk_routes import ONE, model_of
from cdop.web.statistics.ledger_pages import address
from cdop.web.statistics.release_pages import release_page
from cdop.web.templating import go, render

router = APIRouter()


@router.get(f"{ONE}/approve", dependencies=[requires(releasing.APPROVE, confirmed=True)])
def ask_approval(
    request: Request, register: CurrentRegister, actor: CurrentActor, release_id: UUID
) -> Response:
    """Show what is to be approved, to somebody who has just confirmed who they are."""
    with register.reading(actor) as work:
        settling.check_approve(work, releasing.find_release(work, release_id, releasing.APPROVE))
        page = release_page(work, release_id, register.settings.proof_seconds)
    return render(request, "statistics/approve.html", page)


@router.post(f"{ONE}/approve", dependencies=[requires(releasing.APPROVE, confirmed=True)])
def approve(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
) -> Response:
    """Let a release out."""
    bound = bind(ApproveForm, posted)
    settled = model_of(bound).settled == "yes"
    try:
        register.do(actor, settling.approve, release_id, settled=settled)
    except Invalid as invalid:
        with register.reading(actor) as work:
            page = release_page(
                work, release_id, register.settings.proof_seconds, approve=bound.refused(invalid)
            )
        return render(request, "statistics/approve.html", page, status=422)
    return go(request, address(release_id))


@router.post(f"{ONE}/decline", dependencies=[requires(releasing.APPROVE)])
def decline(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
) -> Response:
    """Send a release back."""
    form = "statistics/approve.html"
    return _with_reason(request, register, actor, release_id, posted, settling.decline, form)


@router.post(f"{ONE}/withdraw", dependencies=[requires(releasing.READ)])
def withdraw(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
) -> Response:
    """Take a release back."""
    form = "statistics/release.html"
    return _with_reason(request, register, actor, release_id, posted, settling.withdraw, form)


@router.get(f"{ONE}/package", dependencies=[requires(releasing.READ, confirmed=True, page=ONE)])
def package(register: CurrentRegister, actor: CurrentActor, release_id: UUID) -> Response:
    """Send a release's package; the download is audited, and stands on the desk."""
    name, content = register.do(actor, releasing.package_bytes, release_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)


def _with_reason(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    release_id: UUID,
    posted: PostedForm,
    step: Callable[..., Any],
    form: str,
) -> Response:
    """Take a step that needs a reason, or show its form again."""
    bound = bind(ReasonForm, posted)
    if bound.model:
        try:
            register.do(actor, step, release_id, bound.model.reason)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, address(release_id))
    with register.reading(actor) as work:
        page = release_page(work, release_id, register.settings.proof_seconds, why=bound)
    return render(request, form, page, status=422)
