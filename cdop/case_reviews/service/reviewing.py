"""The review that was decided: its start, its completion and what follows."""

from datetime import date
from uuid import UUID

from sqlmodel import col, select

from cdop.case_reviews import queries, rules
from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.case_reviews.rules import ReviewSoFar, Step
from cdop.case_reviews.service import duties
from cdop.errors import Invalid, NotFound, Refused
from cdop.reference import codelist
from cdop.reference.derive import financial_year
from cdop.security.work import Work
from cdop.tasks.service import close_task

RECORD = duties.RECORD


def start_review(work: Work, referral_id: UUID, started_on: date) -> UUID:
    """Start the review that was decided or, after a rapid review, that its outcome calls for.

    Returns the review's id. Raises Invalid for a day in the future or before the decision, Refused
    when no review is to start.
    """
    referral = queries.get(work, referral_id, RECORD, lock=True)
    after = rules.status_after(Step.START_REVIEW, referral.status)
    decision = _decision(work, referral)
    decided_on = decision.decided_on or decision.proposed_on
    kind = _next(work, referral, decision)
    if kind is None:
        raise Refused("No review is to start: none was decided, or it has started already.")
    _check_day("started_on", started_on, work, decided_on, "the decision")
    review = CaseReview(
        organisation_id=referral.organisation_id,
        referral_id=referral.id,
        review_kind=kind,
        methodology=decision.methodology if kind == decision.review_kind else None,
        started_on=started_on,
    )
    work.session.add(review)
    work.session.flush()
    referral.status = after
    close_task(work, duties.START, referral.id)
    duties.to_complete(work, referral, review, decided_on)
    _audit(work, "case_reviews:review:start", referral, review, "started_on")
    return review.id


def complete_review(
    work: Work, review_id: UUID, completed_on: date, outcome: str | None = None
) -> None:
    """Complete a review. A rapid review has an outcome, a code of `rapid-review-outcomes`.

    Raises Invalid for a day in the future or before the start, or an outcome that does not fit;
    Refused when the review is complete.
    """
    review, referral = _review(work, review_id)
    if review.completed_on:
        raise Refused("This review is complete already.")
    after = rules.status_after(Step.COMPLETE_REVIEW, referral.status)
    _check_day("completed_on", completed_on, work, review.started_on, "the review's start")
    faults = rules.outcome_faults(review.review_kind, outcome, completed_on)
    if faults:
        raise Invalid(faults)
    review.completed_on = completed_on
    review.completed_year = financial_year(completed_on)
    review.outcome = outcome
    work.session.flush()
    close_task(work, duties.COMPLETE, referral.id)
    if _next(work, referral, _decision(work, referral)):
        duties.to_start(work, referral)
    else:
        referral.status = after
    _audit(work, "case_reviews:review:complete", referral, review, "completed_on", "outcome")


def publish(work: Work, review_id: UUID, published_on: date) -> None:
    """Record that a completed review was published. Raises Invalid, Refused."""
    review, referral = _review(work, review_id)
    completed_on = _completed(review)
    if review.published_on:
        raise Refused("This review is published already.")
    _check_day("published_on", published_on, work, completed_on, "the review was completed")
    review.published_on = published_on
    close_task(work, duties.PUBLISH, referral.id)
    _audit(work, "case_reviews:review:publish", referral, review, "published_on")


def record_national_panel_response(
    work: Work, review_id: UUID, response: str, responded_on: date | None = None
) -> None:
    """Record what the national panel answered to a rapid review, today unless said.

    `response` is a code of `national-panel-responses`; a later response takes its place. Raises
    Invalid, and Refused for a review of another kind or one that is not complete.
    """
    review, referral = _review(work, review_id)
    if review.review_kind != rules.RAPID_REVIEW:
        raise Refused("The national panel answers rapid reviews only.")
    completed_on = _completed(review)
    day = responded_on or work.today
    _check_day("responded_on", day, work, completed_on, "the rapid review was completed")
    if response not in codelist("national-panel-responses", day):
        raise Invalid({"response": "Choose the national panel's response"})
    review.national_panel_response = response
    review.national_panel_on = day
    _audit(work, "case_reviews:review:respond", referral, review, "national_panel_response")


def _review(work: Work, review_id: UUID) -> tuple[CaseReview, Referral]:
    """Return a review and its referral, held for a change. Raises Denied, NotFound."""
    work.check(RECORD)
    review = work.session.exec(
        select(CaseReview).where(col(CaseReview.id) == review_id).with_for_update()
    ).one_or_none()
    if review is None:
        raise NotFound(("case_reviews", review_id), RECORD)
    return review, queries.get(work, review.referral_id, RECORD, lock=True)


def _decision(work: Work, referral: Referral) -> Decision:
    decision = queries.live_decision(work, referral)
    if decision is None or decision.decided_on is None:
        raise Refused("A review starts once it has been decided.")
    return decision


def _next(work: Work, referral: Referral, decision: Decision) -> str | None:
    so_far = [
        ReviewSoFar(r.review_kind, r.completed_on is not None, r.outcome)
        for r in queries.reviews(work, referral)
    ]
    return rules.next_review(decision.review_kind, so_far)


def _completed(review: CaseReview) -> date:
    if review.completed_on is None:
        raise Refused("This review is not complete yet.")
    return review.completed_on


def _check_day(name: str, day: date, work: Work, not_before: date, what: str) -> None:
    faults = rules.day_faults(name, day, today=work.today, not_before=not_before, what=what)
    if faults:
        raise Invalid(faults)


def _audit(work: Work, action: str, referral: Referral, review: CaseReview, *fields: str) -> None:
    work.audit(
        action,
        ("referrals", referral.id),
        referral.organisation_id,
        fields=list(fields),
        review_kind=review.review_kind,
    )
