"""The group's recommendation to the board."""

from datetime import date
from uuid import UUID

from cdop.case_reviews import queries, rules
from cdop.case_reviews.commands import NewRecommendation
from cdop.case_reviews.models import RECOMMENDED_BECAUSE, Rationale, Recommendation, Referral
from cdop.case_reviews.rules import Step
from cdop.case_reviews.service import duties
from cdop.errors import Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.tasks.service import close_task

RECORD = "case_reviews:recommendation:record"


def recommend(work: Work, referral_id: UUID, new: NewRecommendation) -> UUID:
    """Record what the group recommends; the board's task to decide opens. Returns its id.

    A later recommendation takes the place of an earlier one until somebody proposes a decision.
    Raises Invalid for a kind or method that the board cannot hold on that day, Refused when it is
    too late or the very same was recorded already.
    """
    referral = queries.get(work, referral_id, RECORD, lock=True)
    board = organisations.get(work.session, referral.board_id)
    day = new.recommended_on or work.today
    after = rules.status_after(Step.RECOMMEND, referral.status)
    if queries.live_decision(work, referral):
        raise Refused("A decision has been proposed already: it must be withdrawn first.")
    faults = rules.day_faults(
        "recommended_on",
        day,
        today=work.today,
        not_before=referral.received_on,
        what="the referral was received",
    )
    faults = faults or rules.choice_faults(
        new.review_kind, new.methodology, board.board_kind or "", day
    )
    if not new.rationale.strip():
        faults["rationale"] = "Give the reasons for the recommendation"
    if faults:
        raise Invalid(faults)
    _check_new(work, referral, new, day)
    row = Recommendation(
        subject_id=referral.id,
        organisation_id=referral.organisation_id,
        referral_id=referral.id,
        meeting_id=new.meeting_id,
        review_kind=new.review_kind,
        methodology=new.methodology,
        recommended_on=day,
        recorded_by=work.actor.name,
    )
    work.seal(row, {RECOMMENDED_BECAUSE: Rationale(text=new.rationale, dissent=new.dissent)})
    work.session.add(row)
    referral.status = after
    close_task(work, duties.RECOMMEND, referral.id)
    who = rules.who_decides(board.board_kind or "", work.today, board.slug)
    duties.to_decide(work, referral, board.board_kind or "", who.offices)
    work.audit(
        RECORD,
        ("referrals", referral.id),
        referral.organisation_id,
        fields=["review_kind", "methodology", "rationale"],
        review_kind=new.review_kind,
        methodology=new.methodology,
    )
    return row.id


def _check_new(work: Work, referral: Referral, new: NewRecommendation, day: date) -> None:
    """Refuse the same form sent twice; the referral is locked, so the second sees the first."""
    said = (new.review_kind, new.methodology, day, work.actor.name)
    for row in queries.recommendations(work, referral):
        if (row.review_kind, row.methodology, row.recommended_on, row.recorded_by) == said:
            raise Refused("This recommendation has been recorded already.")
