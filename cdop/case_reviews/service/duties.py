"""The tasks that a referral gives to its group and its board, each due as its clock says."""

from collections.abc import Iterable
from datetime import date, datetime

from cdop.case_reviews import rules
from cdop.case_reviews.models import CaseReview, Referral
from cdop.clock import local_day
from cdop.reference import Clock, due
from cdop.security.actor import OFFICE
from cdop.security.work import Work
from cdop.tasks.service import open_task

RECOMMEND, DECIDE = "recommend", "decide:"
START, COMPLETE, PUBLISH = "start-review", "complete-review", "publish-review"

RECORD = "case_reviews:review:record"
SUBJECT = "referrals"

RECOMMENDING = "case_reviews:recommendation:record"


def to_recommend(work: Work, referral: Referral, board_kind: str) -> None:
    """Open the group's task to recommend; it shares the day by which the decision is due."""
    clock = rules.decision_clock(board_kind, referral.received_on)
    _open(work, referral, RECOMMEND, clock, referral.received_on)


def to_decide(work: Work, referral: Referral, board_kind: str, offices: Iterable[str]) -> None:
    """Open a task for each office to decide, counted from the day the referral was received."""
    clock = rules.decision_clock(board_kind, referral.received_on)
    for office in offices:
        _open(work, referral, DECIDE + office, clock, referral.received_on, office)


def to_start(work: Work, referral: Referral) -> None:
    """Open the group's task to start a review."""
    _open(work, referral, START)


def to_complete(work: Work, referral: Referral, review: CaseReview, decided_on: date) -> None:
    """Open the group's tasks to complete a started review and, where a clock runs, to publish."""
    day = review.started_on
    clock = rules.review_clock(review.review_kind, day, "review-completed")
    start = decided_on if clock and clock.starts == "decision" else day
    _open(work, referral, COMPLETE, clock, start)
    publication = rules.review_clock(review.review_kind, day, "publication")
    if publication:
        _open(work, referral, PUBLISH, publication, day)


def _open(
    work: Work,
    referral: Referral,
    kind: str,
    clock: Clock | None = None,
    start: date | None = None,
    office: str | None = None,
) -> None:
    ends = due(clock, start) if clock and start else None
    open_task(
        work,
        kind,
        organisation_id=referral.board_id if office else referral.organisation_id,
        permission=OFFICE + office if office else (RECOMMENDING if kind == RECOMMEND else RECORD),
        subject=(SUBJECT, referral.id),
        reference=referral.reference,
        due_on=local_day(ends) if isinstance(ends, datetime) else ends,
        clock=clock.code if clock else None,
        standing=clock.standing if clock else None,
    )
