"""The decision, by whoever the kind of board and the day name: one chair, or partners together."""

from datetime import date
from uuid import UUID

from cdop.case_reviews import queries, rules
from cdop.case_reviews.commands import DecisionState, NewDecision
from cdop.case_reviews.models import DECIDED_BECAUSE, Assent, Decision, Rationale, Referral
from cdop.case_reviews.rules import Choice, Step
from cdop.case_reviews.service import duties
from cdop.errors import Invalid, Refused
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.reference import Deciders
from cdop.security.work import Work
from cdop.tasks.service import close_task

DECIDE = "case_reviews:decision:decide"


def decide(work: Work, referral_id: UUID, new: NewDecision) -> DecisionState:
    """Give the word of the office one holds: propose a decision, or assent to the one proposed.

    It stands once every office that must agree has assented; then, unless the criteria are not met,
    the group's task to start a review opens. Raises Invalid for a kind or method that the board
    cannot hold, or when a proposal differs from the recommendation and gives no reasons; Refused
    when the office is not one that decides on that day, has assented already, or another decision
    is proposed: that one must be withdrawn first.
    """
    referral = queries.get(work, referral_id, DECIDE, lock=True)
    board = organisations.get(work.session, referral.board_id)
    day = new.decided_on or work.today
    after = rules.status_after(Step.DECIDE, referral.status)
    decision = queries.live_decision(work, referral)
    who, offices = check_decide(work, referral, board, day, decision)
    _check(work, referral, board, new, day, decision)
    if decision is None:
        decision = _propose(work, referral, new, day)
    _assent(work, referral, decision, offices, new, day)
    given = [assent.office for assent in queries.assents(work, decision)]
    awaited = rules.awaited(who, given)
    if not awaited:
        _stand(work, referral, decision, day, who)
        referral.status = after
    work.audit(
        DECIDE,
        ("referrals", referral.id),
        board.id,
        fields=["review_kind", "methodology", "rationale"],
        review_kind=new.review_kind,
        methodology=new.methodology,
        offices=sorted(offices),
        stands=not awaited,
    )
    return DecisionState(decision.id, not awaited, awaited)


def withdraw_decision(work: Work, referral_id: UUID) -> None:
    """Withdraw the decision proposed, so that another can be proposed. Any deciding office may.

    Raises Refused when nothing is proposed, or the decision stands.
    """
    referral = queries.get(work, referral_id, DECIDE, lock=True)
    board = organisations.get(work.session, referral.board_id)
    who, _ = _deciding(work, board, work.today)
    decision = queries.live_decision(work, referral)
    if decision is None or decision.decided_on:
        raise Refused("There is no proposal to withdraw.")
    decision.withdrawn_on = work.today
    decision.withdrawn_by = work.actor.name
    duties.to_decide(work, referral, board.board_kind or "", who.offices)
    work.audit("case_reviews:decision:withdraw", ("referrals", referral.id), board.id)


def check_decide(
    work: Work, referral: Referral, board: Organisation, day: date, decision: Decision | None
) -> tuple[Deciders, frozenset[str]]:
    """Return who decides, and the actor's offices among them. Raises Refused as `decide` does.

    `decision` is the one proposed, to which an office assents once.
    """
    rules.status_after(Step.DECIDE, referral.status)
    who, offices = _deciding(work, board, day)
    given = {each.office for each in queries.assents(work, decision)} if decision else set()
    if offices <= given:
        raise Refused("Your office has assented already. The others have still to.")
    return who, offices


def _deciding(work: Work, board: Organisation, day: date) -> tuple[Deciders, frozenset[str]]:
    """Return who decides, and the deciding offices that the actor holds. Raises Refused."""
    who = rules.who_decides(board.board_kind or "", day, board.slug)
    held = work.actor.offices(board.id)
    reason = rules.why_not_decide(who, held)
    if reason:
        raise Refused(reason)
    return who, held & set(who.offices)


def _check(
    work: Work,
    referral: Referral,
    board: Organisation,
    new: NewDecision,
    day: date,
    decision: Decision | None,
) -> None:
    last = queries.recommendations(work, referral)[-1]
    chosen = Choice(new.review_kind, new.methodology)
    if decision and Choice(decision.review_kind, decision.methodology) != chosen:
        raise Refused(
            "Another decision is proposed. Assent to it, or withdraw it and propose anew."
        )
    earlier = decision.proposed_on if decision else last.recommended_on
    faults = rules.day_faults(
        "decided_on",
        day,
        today=work.today,
        not_before=earlier,
        what="the decision was proposed" if decision else "the group's recommendation",
    )
    faults = faults or rules.choice_faults(
        new.review_kind, new.methodology, board.board_kind or "", day
    )
    differs = chosen != Choice(last.review_kind, last.methodology)
    if differs and decision is None and not new.rationale.strip():
        faults["rationale"] = "Give the reasons for deciding otherwise than recommended"
    if faults:
        raise Invalid(faults)


def _propose(work: Work, referral: Referral, new: NewDecision, day: date) -> Decision:
    decision = Decision(
        referral_id=referral.id,
        review_kind=new.review_kind,
        methodology=new.methodology,
        proposed_on=day,
    )
    work.session.add(decision)
    work.session.flush()
    return decision


def _assent(
    work: Work,
    referral: Referral,
    decision: Decision,
    offices: frozenset[str],
    new: NewDecision,
    day: date,
) -> None:
    given = {assent.office for assent in queries.assents(work, decision)}
    rationale = Rationale(text=new.rationale, dissent=new.dissent)
    for office in sorted(offices - given):
        row = Assent(
            subject_id=referral.id,
            organisation_id=referral.organisation_id,
            decision_id=decision.id,
            office=office,
            given_on=day,
            given_by=work.actor.name,
        )
        work.seal(row, {DECIDED_BECAUSE: rationale})
        work.session.add(row)
        close_task(work, duties.DECIDE + office, referral.id)
    work.session.flush()


def _stand(work: Work, referral: Referral, decision: Decision, day: date, who: Deciders) -> None:
    decision.decided_on = day
    for office in who.offices:
        close_task(work, duties.DECIDE + office, referral.id)
    if decision.review_kind != rules.NO_REVIEW:
        duties.to_start(work, referral)
