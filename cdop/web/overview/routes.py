"""The panel's pages: read a case, classify it, sign the review off."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid, Refused
from cdop.overview import queries, service
from cdop.overview.models import READ
from cdop.overview.service import DRAFT, SIGN, Stale
from cdop.security.work import Work
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, PostedForm, bind
from cdop.web.overview import classifying
from cdop.web.overview.forms import ClassifyForm, SignOffForm, typed_lines
from cdop.web.overview.pages import case_page
from cdop.web.templating import go, render

router = APIRouter()
FORM = "overview/classify.html"
SIGN_PAGE = "overview/sign_off.html"


@router.get("/overview/{death_id}", dependencies=[requires(READ)])
def case(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show a case as the panel sees it, and its review."""
    with register.work(actor) as work:
        page = case_page(work, death_id)
    return render(request, "overview/case.html", page)


@router.get("/overview/{death_id}/classify", dependencies=[requires(DRAFT)])
def ask(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show the analysis form with what is kept; a review signed off is only read."""
    with register.work(actor) as work:
        kept = queries.review_of(work, death_id)
        if kept and kept.is_signed_off:
            return go(request, f"/overview/{death_id}")
        page = classifying.first_view(work, death_id, saved="saved" in request.query_params)
    return render(request, FORM, page)


@router.post("/overview/{death_id}/classify", dependencies=[requires(DRAFT)])
def classify(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Save the panel's answers; or show the form with one more line, or with what is wrong."""
    bound = bind(ClassifyForm, posted)
    if bound.value("action") == "add":
        with register.work(actor) as work:
            page = classifying.one_more_line(classifying.view(work, death_id, bound))
        return render(request, FORM, page)
    if bound.model:
        with register.reading(actor) as work:
            draft = bound.model.draft(marks=queries.form_for(work, death_id).factor_has_modifiable)
        try:
            register.do(actor, service.save_draft, death_id, draft, bound.model.version)
        except Invalid as invalid:
            bound = bound.refused(_on_page(invalid, bound))
        except Stale:
            with register.work(actor) as work:
                page = classifying.view(work, death_id, bound)
                page = classifying.beside_theirs(page, work, draft)
            return render(request, FORM, page, status=409)
        else:
            after = "#review" if bound.value("action") == "check" else "/classify?saved=1"
            return go(request, f"/overview/{death_id}{after}")
    with register.work(actor) as work:
        page = classifying.view(work, death_id, bound)
    return render(request, FORM, page, status=422)


def _on_page(invalid: Invalid, bound: Bound[ClassifyForm]) -> Invalid:
    """Return a refusal whose lines are numbered as on the page, where empty lines count."""
    numbers = typed_lines(bound)
    fields = {}
    for name, sentence in invalid.fields.items():
        head, _, rest = name.partition("-")
        index, _, part = rest.partition("-")
        fields[f"lines-{numbers[int(index)]}-{part}" if head == "lines" else name] = sentence
    return Invalid(fields)


@router.get("/overview/{death_id}/sign-off", dependencies=[requires(SIGN)])
def ask_sign_off(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show the answers to check, before the chair signs them off."""
    with register.work(actor) as work:
        _check_signs_here(work, death_id)
        page = case_page(work, death_id)
    return render(request, SIGN_PAGE, page)


@router.post("/overview/{death_id}/sign-off", dependencies=[requires(SIGN)])
def sign_off(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Sign a review off."""
    bound = bind(SignOffForm, posted)
    version = bound.model.version if bound.model else 0
    try:
        register.do(actor, service.sign_off, death_id, version)
    except Refused as refused:
        with register.work(actor) as work:
            page = replace(case_page(work, death_id), refusal=str(refused))
        return render(request, SIGN_PAGE, page, status=409)
    return go(request, f"/overview/{death_id}")


def _check_signs_here(work: Work, death_id: UUID) -> None:
    queries.case(work, death_id, SIGN)
