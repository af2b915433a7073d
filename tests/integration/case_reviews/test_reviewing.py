"""A review starts after its decision, ends once, and a rapid review may lead to another."""

from datetime import date
from uuid import UUID

import pytest
from sqlmodel import col, select

from cdop.case_reviews import service
from cdop.case_reviews.models import CaseReview, Referral
from cdop.errors import Denied, Invalid, Refused
from cdop.security.models import AuditEntry
from cdop.tasks.models import Task
from tests.factories import MAKER
from tests.integration.case_reviews.conftest import Jcr

PARTNERS = ("partner-local-authority", "partner-health", "partner-police")
OFFICE = "jcr-administrator"


def decided_scr(jcr: Jcr) -> UUID:
    referral = jcr.refer()
    jcr.recommend(referral, "scr", "silp")
    jcr.decide(referral, "scr", "silp")
    return referral


def rapid_review(jcr: Jcr) -> tuple[UUID, UUID]:
    referral = jcr.on(date(2019, 10, 1)).refer()
    jcr.recommend(referral, "rapid-review")
    for who in PARTNERS:
        jcr.decide(referral, "rapid-review", who=who)
    return referral, jcr.do(OFFICE, service.start_review, referral, date(2019, 10, 1))


def one(jcr: Jcr, table, id):
    with jcr.county.register.reading(MAKER) as work:
        return work.session.get_one(table, id)


def open_tasks(jcr: Jcr) -> list[tuple[str, date | None, str | None]]:
    with jcr.county.register.reading(MAKER) as work:
        tasks = work.session.exec(select(Task)).all()
        return sorted(
            (t.kind, t.due_on if t.clock else None, t.clock) for t in tasks if not t.done_at
        )


def test_a_review_starts_once_and_keeps_the_kind_and_method_decided(jcr: Jcr):
    referral = decided_scr(jcr)
    review = jcr.do(OFFICE, service.start_review, referral, date(2013, 5, 1))
    row = one(jcr, CaseReview, review)
    assert (row.review_kind, row.methodology, row.completed_on) == ("scr", "silp", None)
    assert one(jcr, Referral, referral).status == "under-review"
    assert open_tasks(jcr) == [("complete-review", date(2013, 11, 1), "scr-completion")]
    with pytest.raises(Refused):
        jcr.do(OFFICE, service.start_review, referral, date(2013, 5, 1))


def test_a_review_is_completed_once_published_after_and_counted_by_its_year(jcr: Jcr):
    referral = decided_scr(jcr)
    review = jcr.do(OFFICE, service.start_review, referral, date(2013, 5, 1))
    jcr.on(date(2014, 4, 2))
    with pytest.raises(Refused):
        jcr.do(OFFICE, service.publish, review, date(2014, 4, 1))
    jcr.do(OFFICE, service.complete_review, review, date(2014, 3, 31))
    with pytest.raises(Refused):
        jcr.do(OFFICE, service.complete_review, review, date(2014, 3, 31))
    jcr.do(OFFICE, service.publish, review, date(2014, 4, 2))
    with pytest.raises(Refused):
        jcr.do(OFFICE, service.publish, review, date(2014, 4, 2))
    row = one(jcr, CaseReview, review)
    assert (row.completed_year, row.published_on) == ("2013-14", date(2014, 4, 2))
    assert (one(jcr, Referral, referral).status, open_tasks(jcr)) == ("completed", [])
    with jcr.county.register.reading(MAKER) as work:
        lines = work.session.exec(
            select(AuditEntry)
            .where(AuditEntry.subject_id == referral)
            .order_by(col(AuditEntry.recorded_at))
        ).all()
    done = [e.action for e in lines if e.action.startswith("case_reviews:review")]
    assert done == [f"case_reviews:review:{verb}" for verb in ("start", "complete", "publish")]


def test_days_must_follow_one_another_and_not_lie_ahead(jcr: Jcr):
    referral = decided_scr(jcr)
    for day in (date(2013, 4, 30), date(2013, 5, 2)):
        with pytest.raises(Invalid):
            jcr.do(OFFICE, service.start_review, referral, day)
    review = jcr.do(OFFICE, service.start_review, referral, date(2013, 5, 1))
    with pytest.raises(Invalid):
        jcr.do(OFFICE, service.complete_review, review, date(2013, 4, 30))
    with pytest.raises(Invalid):
        jcr.do(OFFICE, service.complete_review, review, date(2013, 5, 1), "lcspr")
    assert one(jcr, CaseReview, review).completed_on is None


@pytest.mark.parametrize("who", ["jcr-member", "children-chair", "coordinator"])
def test_only_the_groups_administrator_records_reviews(jcr: Jcr, who: str):
    referral = decided_scr(jcr)
    with pytest.raises(Denied):
        jcr.do(who, service.start_review, referral, date(2013, 5, 1))
    assert one(jcr, Referral, referral).status == "decided"


def test_a_domestic_homicide_review_is_due_six_months_from_the_decision(jcr: Jcr):
    referral = jcr.refer("herefordshire-csp")
    jcr.recommend(referral, "dhr")
    jcr.decide(referral, "dhr", who="hpeg-chair")
    jcr.on(date(2013, 6, 20)).do(OFFICE, service.start_review, referral, date(2013, 6, 20))
    assert open_tasks(jcr) == [("complete-review", date(2013, 11, 1), "dhr-overview")]


def test_a_rapid_review_has_an_outcome_and_the_national_panel_answers(jcr: Jcr):
    referral, review = rapid_review(jcr)
    with pytest.raises(Refused):
        jcr.do(OFFICE, service.record_national_panel_response, review, "agrees")
    with pytest.raises(Invalid):
        jcr.do(OFFICE, service.complete_review, review, date(2019, 10, 1))
    jcr.do(OFFICE, service.complete_review, review, date(2019, 10, 1), "learning-captured")
    with pytest.raises(Invalid):
        jcr.do(OFFICE, service.record_national_panel_response, review, "shrugs")
    jcr.do(OFFICE, service.record_national_panel_response, review, "agrees")
    row = one(jcr, CaseReview, review)
    assert (row.outcome, row.national_panel_response) == ("learning-captured", "agrees")
    assert (one(jcr, Referral, referral).status, open_tasks(jcr)) == ("completed", [])


def test_a_rapid_review_may_lead_to_a_local_review_of_the_same_referral(jcr: Jcr):
    referral, rapid = rapid_review(jcr)
    jcr.do(OFFICE, service.complete_review, rapid, date(2019, 10, 1), "lcspr")
    assert one(jcr, Referral, referral).status == "under-review"
    local = jcr.do(OFFICE, service.start_review, referral, date(2019, 10, 1))
    assert one(jcr, CaseReview, local).review_kind == "lcspr"
    assert open_tasks(jcr) == [
        ("complete-review", None, None),
        ("publish-review", date(2020, 4, 1), "lcspr-publication"),
    ]
    jcr.do(OFFICE, service.complete_review, local, date(2019, 10, 1))
    jcr.do(OFFICE, service.publish, local, date(2019, 10, 1))
    assert (one(jcr, Referral, referral).status, open_tasks(jcr)) == ("completed", [])
