"""A case in the browser: read it, correct it, summarise it, mark its steps, decide duplicates."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.deaths import queries, service
from cdop.deaths.documents import CIRCUMSTANCES, IDENTITY, NAMES, SUMMARY
from cdop.deaths.service import correcting, reviewing
from cdop.errors import Invalid, Refused
from cdop.security.actor import Actor
from cdop.security.work import Register, Work
from cdop.web.deaths.choices import DeathChoices, death_choices
from cdop.web.deaths.forms import (
    ELSEWHERE,
    CorrectionForm,
    MatchForm,
    SettleForm,
    StepForm,
    SummaryForm,
)
from cdop.web.deaths.pages import Forms, SummaryPage, case_page, notifications_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, PostedForm, bind, blank
from cdop.web.retention.erased import erased_case
from cdop.web.templating import go, render

router = APIRouter()
READ, EDIT, CORRECT = "deaths:case:read", "deaths:case:edit", "deaths:identity:correct"


@dataclass(frozen=True)
class CorrectPage:
    """The correction form, filled with what is kept."""

    id: UUID
    reference: str
    form: Bound[CorrectionForm]
    choices: DeathChoices


@router.get("/deaths/{death_id}", dependencies=[requires(READ)])
def case(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show a case."""
    return _case(request, register, actor, death_id, _forms())


@router.get("/deaths/{death_id}/notifications", dependencies=[requires("deaths:narrative:read")])
def notifications(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show the notifications behind a case."""
    with register.work(actor) as work:
        page = notifications_page(work, queries.get(work, death_id))
    return render(request, "deaths/notifications.html", page)


@router.get("/deaths/{death_id}/correct", dependencies=[requires(CORRECT)])
def ask_correction(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show what is kept about a child, to be corrected."""
    with register.work(actor) as work:
        death = queries.get(work, death_id, CORRECT)
        correcting.check_not_joined(death)
        names, identity = work.open(death, NAMES), work.open(death, IDENTITY)
        kept: dict[str, Any] = {
            "given_names": names.given,
            "family_name": names.family,
            "also_known_as": names.also_known_as,
            "name_answer": names.answer,
            **identity.model_dump(),
            "sex": death.sex,
            "ethnicity": death.ethnicity,
            "expected": death.expected,
            "place_of_death": death.place_of_death,
            "residence_area": death.residence_area_id or ELSEWHERE,
            "death_area": death.death_area_id or ELSEWHERE,
            "revision": death.sealed_revision,
        }
        page = CorrectPage(
            death.id, death.reference, blank(CorrectionForm, kept), death_choices(work)
        )
    return render(request, "deaths/correct.html", page)


@router.post("/deaths/{death_id}/correct", dependencies=[requires(CORRECT)])
def correct(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Correct a child's identity, or show the form again with what is wrong."""
    bound = bind(CorrectionForm, posted)
    if bound.model:
        try:
            register.do(actor, service.correct_identity, death_id, bound.model.command())
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/deaths/{death_id}")
    with register.reading(actor) as work:
        death = queries.get(work, death_id, CORRECT)
        page = CorrectPage(death.id, death.reference, bound, death_choices(work))
    return render(request, "deaths/correct.html", page, block="form", status=422)


@router.get("/deaths/{death_id}/summary", dependencies=[requires(EDIT)])
def ask_summary(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Show the anonymised summary beside the notifications it is written from."""
    with register.work(actor) as work:
        death = queries.get(work, death_id, EDIT)
        form = blank(SummaryForm, {"summary": work.open(death, SUMMARY).text})
        reviewing.check_summary(death)
        page = _summary_page(work, death_id, form)
    return render(request, "deaths/summary.html", page)


@router.post("/deaths/{death_id}/summary", dependencies=[requires(EDIT)])
def write_summary(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Keep the anonymised summary."""
    bound = bind(SummaryForm, posted)
    if bound.model:
        try:
            register.do(actor, service.write_summary, death_id, bound.model.summary or "")
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/deaths/{death_id}")
    with register.work(actor) as work:
        page = _summary_page(work, death_id, bound)
    return render(request, "deaths/summary.html", page, block="form", status=422)


@router.post("/deaths/{death_id}/step", dependencies=[requires(EDIT)])
def mark_step(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Mark a step of a clock as done."""
    bound = bind(StepForm, posted)
    if bound.model:
        try:
            register.do(actor, service.mark_step, death_id, bound.model.step, bound.model.done_on)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/deaths/{death_id}#due")
    return _case(request, register, actor, death_id, replace(_forms(), step=bound), status=422)


@router.post("/deaths/{death_id}/settle", dependencies=[requires(EDIT)])
def settle(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Close a task about another panel or a further notification, with what was agreed."""
    bound = bind(SettleForm, posted)
    if bound.model:
        try:
            register.do(
                actor, service.settle_transfer, death_id, bound.model.kind, bound.model.remark
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/deaths/{death_id}#timeline")
    return _case(request, register, actor, death_id, replace(_forms(), settle=bound), status=422)


@router.post("/deaths/{death_id}/match", dependencies=[requires(EDIT)])
def decide_match(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    death_id: UUID,
    posted: PostedForm,
) -> Response:
    """Decide whether two cases are the same child."""
    bound = bind(MatchForm, posted)
    if bound.model is None:
        raise Refused("Say whether this is the same child with one of the two buttons.")
    stays = register.do(actor, service.decide_match, bound.model.match, bound.model.decision)
    return go(request, f"/deaths/{stays if bound.model.decision == 'same' else death_id}")


@router.post("/deaths/{death_id}/unjoin", dependencies=[requires(EDIT)])
def unjoin(
    request: Request, register: CurrentRegister, actor: CurrentActor, death_id: UUID
) -> Response:
    """Undo the joining of a case to an earlier one."""
    register.do(actor, service.unjoin, death_id)
    return go(request, f"/deaths/{death_id}")


def _forms() -> Forms:
    return Forms(blank(StepForm), blank(SettleForm))


def _case(
    request: Request,
    register: Register,
    actor: Actor,
    death_id: UUID,
    forms: Forms,
    status: int = 200,
) -> Response:
    receipt = request.query_params.get("receipt")
    shown = receipt if receipt and len(receipt) == 10 and receipt[2:].isalnum() else None
    with register.work(actor) as work:
        death = queries.get(work, death_id)
        left = erased_case(work, death)
        page = left or case_page(work, death, forms, shown)
    template = "retention/erased.html" if left else "deaths/case.html"
    return render(request, template, page, status=status)


def _summary_page(work: Work, death_id: UUID, form: Bound[SummaryForm]) -> SummaryPage:
    death = queries.get(work, death_id, EDIT)
    told = [work.open(row, CIRCUMSTANCES).narrative for row in queries.notifications(work, death)]
    return SummaryPage(death.id, death.reference, form, told)
