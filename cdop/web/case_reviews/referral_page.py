"""What a referral's page shows, and which steps whoever reads it may take next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from cdop.case_reviews import queries, rules
from cdop.case_reviews.models import (
    CONCERN,
    SUBJECT,
    Decision,
    Recommendation,
    Referral,
)
from cdop.case_reviews.rules import Step
from cdop.case_reviews.service.deciding import check_decide
from cdop.case_reviews.service.duties import RECORD
from cdop.clock import local_day
from cdop.organisations import queries as organisations
from cdop.organisations.models import Organisation
from cdop.reference import clocks
from cdop.security.work import Work
from cdop.tasks.queries import outstanding
from cdop.web.buttons import Button, why_not
from cdop.web.case_reviews import rows, words
from cdop.web.case_reviews.forms import DecisionForm, RecommendationForm
from cdop.web.case_reviews.history import events, review_rows
from cdop.web.case_reviews.review_forms import ReviewStep, review_steps
from cdop.web.case_reviews.words import Choices
from cdop.web.forms import Bound, Form, blank
from cdop.web.showing import Event
from cdop.web.tasks import Row, row_of

RECOMMEND, DECIDE = "case_reviews:recommendation:record", "case_reviews:decision:decide"

F = TypeVar("F", bound=Form)

Typed = Mapping[type[Form], Bound[Any]]


@dataclass(frozen=True)
class Proposal:
    """A decision proposed by one office that others must still assent to."""

    words: str
    review_kind: str
    methodology: str
    awaited: str


@dataclass(frozen=True)
class ReferralPage:
    """A referral, opened, which is audited. `form` is the one that was sent, if one was; the others
    are None where their step is not open.

    `not_deciding` says why whoever reads this cannot decide.
    """

    id: UUID
    reference: str
    status: tuple[str, str]
    facts: rows.Rows
    subject: rows.Rows
    concern: str
    recommendation: rows.Rows
    decision: rows.Rows
    reasons: list[rows.Words]
    reviews: list[rows.Rows]
    outstanding: list[Row]
    events: list[Event]
    form: Bound[Any]
    recommending: Bound[RecommendationForm] | None
    deciding: Bound[DecisionForm] | None
    not_deciding: str | None
    decide: Button | None
    proposal: Proposal | None
    steps: list[ReviewStep]
    kinds: Choices
    methods: Choices


def referral_page(work: Work, referral_id: UUID, typed: Typed | None = None) -> ReferralPage:
    """Open a referral. `typed` is the form that was sent and is shown again, by its kind."""
    typed = typed or {}
    referral = queries.get(work, referral_id)
    board = organisations.get(work.session, referral.board_id)
    at = queries.standpoint(work, referral, SUBJECT.permission)
    recommendations = queries.recommendations(work, referral)
    decision = queries.live_decision(work, referral)
    last = recommendations[-1] if recommendations else None
    not_deciding = why_not(check_decide, work, referral, board, work.today, decision)
    decide = "Assent" if decision and not decision.decided_on else "Decide"
    deciding = None if not_deciding else _deciding(work, last, decision)
    steps = review_steps(work, referral) if work.actor.may(RECORD, referral.organisation_id) else []
    days = (referral.received_on, work.today)
    return ReferralPage(
        id=referral.id,
        reference=referral.reference,
        status=words.STATUS[referral.status],
        facts=rows.facts(work, referral, board),
        subject=rows.subject(work, referral, at),
        concern=work.open(referral, CONCERN, at=at).narrative,
        recommendation=rows.recommendation_rows(last),
        decision=rows.decision_rows(work, decision),
        reasons=rows.reasons(work, last, decision, at),
        reviews=[review_rows(review) for review in queries.reviews(work, referral)],
        outstanding=_outstanding(work, referral),
        events=events(work, referral),
        form=next(iter(typed.values()), blank(Form)),
        recommending=_recommending(work, referral, decision, deciding, typed),
        deciding=_typed(typed, deciding),
        not_deciding=not_deciding,
        decide=Button(decide, f"/referrals/{referral.id}/decide", not_deciding)
        if work.actor.may(DECIDE, board.id)
        else None,
        proposal=_proposal(work, board, decision),
        steps=[step.with_typed(typed) for step in steps],
        kinds=words.kinds(board.board_kind or "", days),
        methods=words.methods(work.today),
    )


def _outstanding(work: Work, referral: Referral) -> list[Row]:
    """Return what is to do, each due day with the source of its clock."""
    found = []
    for task in outstanding(work, referral.id):
        row = row_of(task, work.today)
        if row.due:
            days = (local_day(task.opened_at), referral.received_on)
            sources = (c.source for day in days for c in clocks(day) if c.code == task.clock)
            row = replace(row, due=replace(row.due, source=next(sources, "")))
        found.append(row)
    return found


def _recommending(
    work: Work,
    referral: Referral,
    decision: Decision | None,
    deciding: Bound[DecisionForm] | None,
    typed: Typed,
) -> Bound[RecommendationForm] | None:
    """Return the form for a recommendation, to those who may, until a decision is proposed.

    Whoever may decide sees that form alone: the two share their fields.
    """
    may = work.actor.may(RECOMMEND, referral.organisation_id) and not deciding
    if decision or not may or rules.why_not(Step.RECOMMEND, referral.status):
        return None
    return _typed(typed, blank(RecommendationForm, {"recommended_on": work.today}))


def _deciding(
    work: Work, last: Recommendation | None, decision: Decision | None
) -> Bound[DecisionForm]:
    """Return the form for a decision, filled with what is proposed or else recommended."""
    start = decision or last
    kept = {
        "review_kind": start.review_kind if start else None,
        "methodology": start.methodology if start else None,
        "decided_on": work.today,
    }
    return blank(DecisionForm, kept)


def _proposal(work: Work, board: Organisation, decision: Decision | None) -> Proposal | None:
    if decision is None or decision.decided_on:
        return None
    who = rules.who_decides(board.board_kind or "", work.today, board.slug)
    given = [each.office for each in queries.assents(work, decision)]
    return Proposal(
        words=words.review(decision.review_kind, decision.methodology, decision.proposed_on),
        review_kind=decision.review_kind,
        methodology=decision.methodology or "",
        awaited="; ".join(rows.office(office) for office in rules.awaited(who, given)),
    )


def _typed(typed: Typed, form: Bound[F] | None) -> Bound[F] | None:
    return typed.get(form.kind, form) if form else None
