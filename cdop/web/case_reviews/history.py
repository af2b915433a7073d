"""A referral's timeline and its reviews, in words. Nothing sealed is opened for them."""

from datetime import date

from cdop.case_reviews import queries
from cdop.case_reviews.models import CaseReview, Decision, Referral
from cdop.reference import codelist_edition
from cdop.security.work import Work
from cdop.web.case_reviews import words
from cdop.web.showing import Event
from cdop.web.templating import day


def events(work: Work, referral: Referral) -> list[Event]:
    """Return what happened, in order."""
    source = words.label("referral-sources", referral.source, referral.received_on)
    found = [Event(referral.received_on, "Referral received", f"From: {source}")]
    for row in queries.recommendations(work, referral):
        what = words.review(row.review_kind, row.methodology, row.recommended_on)
        found.append(Event(row.recommended_on, "Recommended", what, row.recorded_by))
    for decision in queries.decisions(work, referral):
        found += _decided(work, decision)
    for review in queries.reviews(work, referral):
        found += _reviewed(review)
    # Sorting keeps the order of steps within a day.
    return sorted(found, key=lambda event: event.at)


def review_rows(review: CaseReview) -> list[tuple[str, str]]:
    """Return a review's facts as questions and answers."""
    answered = review.national_panel_on or review.started_on
    rows = [
        ("Review", words.review(review.review_kind, review.methodology, review.started_on)),
        ("Started", day(review.started_on)),
        ("Completed", _day(review.completed_on)),
        ("Published", _day(review.published_on)),
    ]
    if review.outcome:
        on = review.completed_on or review.started_on
        rows.append(("Outcome", words.label("rapid-review-outcomes", review.outcome, on)))
    if review.national_panel_response:
        said = words.label("national-panel-responses", review.national_panel_response, answered)
        rows.append(("National panel", f"{said}, {day(answered)}"))
    return rows


def _decided(work: Work, decision: Decision) -> list[Event]:
    what = words.review(decision.review_kind, decision.methodology, decision.proposed_on)
    offices = codelist_edition("offices", "1")
    given = queries.assents(work, decision)
    found = [
        Event(each.given_on, "Assented to the decision", offices.label(each.office), each.given_by)
        for each in given
        if len(given) > 1 or decision.decided_on is None
    ]
    if decision.decided_on:
        by = given[0].given_by if len(given) == 1 else ""
        found.append(Event(decision.decided_on, "Decided", what, by))
    if decision.withdrawn_on:
        by = decision.withdrawn_by or ""
        found.append(Event(decision.withdrawn_on, "Proposed decision withdrawn", what, by))
    return found


def _reviewed(review: CaseReview) -> list[Event]:
    what = words.review(review.review_kind, review.methodology, review.started_on)
    found = [Event(review.started_on, "Review started", what)]
    if review.completed_on:
        outcome = words.label("rapid-review-outcomes", review.outcome, review.completed_on)
        found.append(Event(review.completed_on, "Review completed", outcome or what))
    if review.national_panel_on:
        response = review.national_panel_response
        said = words.label("national-panel-responses", response, review.national_panel_on)
        found.append(Event(review.national_panel_on, "National panel answered", said))
    if review.published_on:
        found.append(Event(review.published_on, "Review published", what))
    return found


def _day(value: date | None) -> str:
    return day(value) if value else ""
