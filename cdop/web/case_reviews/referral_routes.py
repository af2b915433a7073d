"""One referral in the browser: read it, recommend, decide, and record its review."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Request, Response

from cdop.case_reviews import queries, service
from cdop.case_reviews.service.duties import RECORD
from cdop.errors import Invalid
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.web.case_reviews.forms import (
    CompletionForm,
    DecisionForm,
    PublicationForm,
    RecommendationForm,
    ResponseForm,
    StartForm,
)
from cdop.web.case_reviews.referral_page import DECIDE, RECOMMEND, referral_page
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Form, Posted, PostedForm, bind
from cdop.web.retention.erased import erased_referral
from cdop.web.templating import go, render

router = APIRouter()
F = TypeVar("F", bound=Form)


@router.get("/referrals/{referral_id}", dependencies=[requires(queries.READ)])
def referral(
    request: Request, register: CurrentRegister, actor: CurrentActor, referral_id: UUID
) -> Response:
    """Show a referral: it is opened, and that is audited."""
    with register.work(actor) as work:
        left = erased_referral(work, queries.get(work, referral_id))
        page = left or referral_page(work, referral_id)
    template = "retention/erased.html" if left else "case_reviews/referral.html"
    return render(request, template, page)


@router.post("/referrals/{referral_id}/recommend", dependencies=[requires(RECOMMEND)])
def recommend(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    posted: PostedForm,
) -> Response:
    """Record what the group recommends."""

    def step(form: RecommendationForm) -> None:
        register.do(actor, service.recommend, referral_id, form.command())

    return _take(request, register, actor, referral_id, RecommendationForm, posted, step)


@router.post("/referrals/{referral_id}/decide", dependencies=[requires(DECIDE)])
def decide(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    posted: PostedForm,
) -> Response:
    """Decide, or assent to what is proposed."""

    def step(form: DecisionForm) -> None:
        register.do(actor, service.decide, referral_id, form.command())

    return _take(request, register, actor, referral_id, DecisionForm, posted, step)


@router.post("/referrals/{referral_id}/withdraw", dependencies=[requires(DECIDE)])
def withdraw(
    request: Request, register: CurrentRegister, actor: CurrentActor, referral_id: UUID
) -> Response:
    """Withdraw the decision that is proposed."""
    register.do(actor, service.withdraw_decision, referral_id)
    return go(request, f"/referrals/{referral_id}")


@router.post("/referrals/{referral_id}/start", dependencies=[requires(RECORD)])
def start(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    posted: PostedForm,
) -> Response:
    """Start the review that was decided."""

    def step(form: StartForm) -> None:
        register.do(actor, service.start_review, referral_id, form.started_on)

    return _take(request, register, actor, referral_id, StartForm, posted, step)


@router.post(
    "/referrals/{referral_id}/reviews/{review_id}/complete", dependencies=[requires(RECORD)]
)
def complete(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    review_id: UUID,
    posted: PostedForm,
) -> Response:
    """Complete a review."""

    def step(form: CompletionForm) -> None:
        register.do(actor, service.complete_review, review_id, form.completed_on, form.outcome)

    return _take(request, register, actor, referral_id, CompletionForm, posted, step)


@router.post(
    "/referrals/{referral_id}/reviews/{review_id}/publish", dependencies=[requires(RECORD)]
)
def publish(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    review_id: UUID,
    posted: PostedForm,
) -> Response:
    """Record that a review was published."""

    def step(form: PublicationForm) -> None:
        register.do(actor, service.publish, review_id, form.published_on)

    return _take(request, register, actor, referral_id, PublicationForm, posted, step)


@router.post(
    "/referrals/{referral_id}/reviews/{review_id}/respond", dependencies=[requires(RECORD)]
)
def respond(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    referral_id: UUID,
    review_id: UUID,
    posted: PostedForm,
) -> Response:
    """Record what the national panel answered."""

    def step(form: ResponseForm) -> None:
        register.do(
            actor,
            service.record_national_panel_response,
            review_id,
            form.response,
            form.responded_on,
        )

    return _take(request, register, actor, referral_id, ResponseForm, posted, step)


def _take(
    request: Request,
    register: Register,
    actor: Actor,
    referral_id: UUID,
    kind: type[F],
    posted: Posted,
    step: Callable[[F], Any],
) -> Response:
    """Take a step with a posted form, or show the page again with what is wrong."""
    bound = bind(kind, posted)
    if bound.model:
        try:
            step(bound.model)
        except Invalid as invalid:
            bound = bound.refused(invalid)
        else:
            return go(request, f"/referrals/{referral_id}")
    with register.work(actor) as work:
        page = referral_page(work, referral_id, {kind: bound})
    return render(request, "case_reviews/referral.html", page, block="steps", status=422)
