"""The steps of a review that are open on a referral's page, each with its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from cdop.case_reviews import queries, rules
from cdop.case_reviews.models import CaseReview, Referral
from cdop.case_reviews.rules import RAPID_REVIEW, ReviewSoFar
from cdop.reference import codelist
from cdop.security.work import Work
from cdop.web.case_reviews import words
from cdop.web.case_reviews.forms import CompletionForm, PublicationForm, ResponseForm, StartForm
from cdop.web.case_reviews.words import Choices
from cdop.web.forms import Bound, Form, blank


@dataclass(frozen=True)
class ReviewStep:
    """One small form: what it is about, where it goes, the day it asks for and its choices.

    `field` names the choice that it asks for beside the day, where there is one.
    """

    title: str
    action: str
    form: Bound[Any]
    day: str
    when: str
    button: str
    field: str | None = None
    question: str = ""
    choices: Choices = ()

    def with_typed(self, typed: Mapping[type[Form], Bound[Any]]) -> "ReviewStep":
        """Return this step with what was typed in it, if it was the one that was sent."""
        return replace(self, form=typed.get(self.form.kind, self.form))


def review_steps(work: Work, referral: Referral) -> list[ReviewStep]:
    """Return the steps that can be recorded now, in the order of the work."""
    reviews = queries.reviews(work, referral)
    steps = []
    starting = _starting(work, referral, reviews)
    if starting:
        steps.append(starting)
    for review in reviews:
        if review.completed_on is None:
            steps.append(_completing(work, referral, review))
        elif review.review_kind == RAPID_REVIEW and review.national_panel_response is None:
            steps.append(_answering(work, referral, review))
    last = reviews[-1] if reviews else None
    if last and last.completed_on and not last.published_on:
        steps.append(_publishing(work, referral, last))
    return steps


def _starting(work: Work, referral: Referral, reviews: Sequence[CaseReview]) -> ReviewStep | None:
    decision = queries.live_decision(work, referral)
    if decision is None or decision.decided_on is None:
        return None
    so_far = [ReviewSoFar(r.review_kind, r.completed_on is not None, r.outcome) for r in reviews]
    kind = rules.next_review(decision.review_kind, so_far)
    if kind is None:
        return None
    return ReviewStep(
        title=f"Start: {words.label('review-kinds', kind, decision.decided_on)}",
        action=f"/referrals/{referral.id}/start",
        form=blank(StartForm, {"started_on": work.today}),
        day="started_on",
        when="When did the review start?",
        button="Start the review",
    )


def _completing(work: Work, referral: Referral, review: CaseReview) -> ReviewStep:
    rapid = review.review_kind == RAPID_REVIEW
    return ReviewStep(
        title=f"Complete: {_words(review)}",
        action=_address(referral.id, review.id, "complete"),
        form=blank(CompletionForm, {"completed_on": work.today}),
        day="completed_on",
        when="When was the review completed?",
        button="Complete the review",
        field="outcome" if rapid else None,
        question="What came of the rapid review?",
        choices=codelist("rapid-review-outcomes", work.today).choices() if rapid else (),
    )


def _answering(work: Work, referral: Referral, review: CaseReview) -> ReviewStep:
    return ReviewStep(
        title="Record the national panel’s response",
        action=_address(referral.id, review.id, "respond"),
        form=blank(ResponseForm, {"responded_on": work.today}),
        day="responded_on",
        when="When did the national panel respond?",
        button="Record the response",
        field="response",
        question="What did the national panel say?",
        choices=codelist("national-panel-responses", work.today).choices(),
    )


def _publishing(work: Work, referral: Referral, review: CaseReview) -> ReviewStep:
    return ReviewStep(
        title=f"Publish: {_words(review)}",
        action=_address(referral.id, review.id, "publish"),
        form=blank(PublicationForm, {"published_on": work.today}),
        day="published_on",
        when="When was the review published?",
        button="Record the publication",
    )


def _words(review: CaseReview) -> str:
    return words.review(review.review_kind, review.methodology, review.started_on)


def _address(referral_id: UUID, review_id: UUID, step: str) -> str:
    return f"/referrals/{referral_id}/reviews/{review_id}/{step}"
