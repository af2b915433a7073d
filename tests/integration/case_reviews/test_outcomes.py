"""The table that Herefordshire published for 2013/14, built from the steps that people take."""

from datetime import date
from uuid import UUID

import pytest
from sqlmodel import select

from cdop.case_reviews import service
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations.service import rename
from cdop.security.models import AuditEntry
from cdop.statistics.outcomes import OutcomeTable, jcr_outcomes
from tests.factories import MAKER
from tests.integration.case_reviews.conftest import Jcr

PUBLISHED = """\
Outcome of Referral to JCR,Children,Adults,DHR
Referrals Received,7,3,1
Serious Case Reviews,1 (SILP),0,0
Independently chaired multi-agency review,2 (SILPs),2 (HELPS),0
Internally chaired multi-agency review,0,0,0
Single Agency Review,1,0,0
Did not meet criteria for review,3,1,1
Reviews completed during the year following referrals made in 2012-2013,1,0,0
"""
INDEPENDENT, NONE = "independent-multi-agency", "criteria-not-met"
CHILDREN, ADULTS, DHR = "herefordshire", "herefordshire-adults", "herefordshire-csp"
CHAIRS = {CHILDREN: "children-chair", ADULTS: "adults-chair", DHR: "hpeg-chair"}
YEAR = [
    (CHILDREN, "scr", "silp", 1),
    (CHILDREN, INDEPENDENT, "silp", 2),
    (CHILDREN, "single-agency", None, 1),
    (CHILDREN, NONE, None, 3),
    (ADULTS, INDEPENDENT, "help", 2),
    (ADULTS, NONE, None, 1),
    (DHR, NONE, None, 1),
]


def decided(jcr: Jcr, board: str, kind: str, method: str | None = None) -> UUID:
    referral = jcr.refer(board)
    jcr.recommend(referral, kind, method)
    jcr.decide(referral, kind, method, who=CHAIRS[board])
    return referral


def reviewed(jcr: Jcr, referral: UUID, started: date, completed: date) -> None:
    office = "jcr-administrator"
    review = jcr.on(started).do(office, service.start_review, referral, started)
    jcr.on(completed).do(office, service.complete_review, review, completed)


def outcomes(jcr: Jcr, year: str = "2013-14", who: str = "jcr-administrator") -> OutcomeTable:
    return jcr.do(who, jcr_outcomes, CHILDREN, year)


@pytest.fixture
def year_2013(jcr: Jcr) -> Jcr:
    """Eleven referrals and their decisions, and a review carried over from the year before."""
    carried = decided(jcr.on(date(2012, 11, 5)), CHILDREN, INDEPENDENT, "silp")
    reviewed(jcr, carried, date(2013, 1, 7), date(2013, 6, 3))
    jcr.on(date(2013, 9, 2))
    for board, kind, method, count in YEAR:
        for _ in range(count):
            decided(jcr, board, kind, method)
    return jcr


def test_the_published_table_is_reproduced_cell_by_cell(year_2013: Jcr) -> None:
    assert outcomes(year_2013).to_csv() == PUBLISHED


def test_every_referral_is_in_the_sum_and_the_carried_over_review_is_not(year_2013: Jcr) -> None:
    first, *rows = outcomes(year_2013).rows
    for column in range(3):
        assert sum(r.counts[column] for r in rows if r.in_sum) == first.counts[column]
    assert rows[-1].counts == (1, 0, 0)
    assert not rows[-1].in_sum


def test_what_happens_later_changes_no_old_table(year_2013: Jcr) -> None:
    jcr = year_2013.on(date(2014, 3, 31))
    late = jcr.refer()
    before = outcomes(jcr).to_csv()
    assert "Awaiting a decision at the end of the year,1,0,0\n" in before
    assert "Referrals Received,8,3,1\n" in before
    jcr.on(date(2014, 4, 1)).recommend(late, "scr")
    jcr.decide(late, "scr")
    decided(jcr, CHILDREN, NONE)
    reviewed(jcr, late, date(2014, 4, 1), date(2014, 4, 2))
    with jcr.county.register.work(MAKER) as work:
        rename(work, jcr.county[CHILDREN], "Another name", date(2014, 4, 1))
    assert outcomes(jcr).to_csv() == before
    after = outcomes(jcr, "2014-15")
    assert after.rows[0].counts == (1, 0, 0)
    assert after.rows[-1].cells == ("1", "0", "0")
    assert after.rows[-1].label.endswith("made in 2013-2014")


def test_kinds_of_review_that_came_later_have_a_row_of_their_own(jcr: Jcr) -> None:
    referral = jcr.on(date(2019, 11, 4)).refer()
    jcr.recommend(referral, "rapid-review")
    for who in ("partner-local-authority", "partner-health", "partner-police"):
        jcr.decide(referral, "rapid-review", who=who)
    table = outcomes(jcr, "2019-20")
    assert [(r.label, r.cells) for r in table.rows if r.code == "rapid-review"] == [
        ("Rapid review", ("1", "0", "0"))
    ]
    assert sum(r.counts[0] for r in table.rows if r.in_sum) == table.rows[0].counts[0] == 1


@pytest.mark.parametrize("who", ["jcr-administrator", "jcr-member", "analyst"])
def test_those_who_may_read_exact_statistics_at_the_group_do_and_it_is_audited(
    jcr: Jcr, who: str
) -> None:
    assert outcomes(jcr, who=who).rows[0].cells == ("0", "0", "0")
    with jcr.county.register.reading(MAKER) as work:
        lines = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "statistics:exact:read")
        ).all()
    assert [(e.actor, e.outcome, e.detail["year"]) for e in lines] == [(who, "done", "2013-14")]


@pytest.mark.parametrize("who", ["coordinator", "panel-chair", "neighbour", "children-chair"])
def test_nobody_else_does(jcr: Jcr, who: str) -> None:
    with pytest.raises(Denied):
        outcomes(jcr, who=who)


def test_a_wrong_year_is_explained_and_an_unknown_board_is_not_found(jcr: Jcr) -> None:
    with pytest.raises(Invalid) as invalid:
        outcomes(jcr, "2013")
    assert set(invalid.value.fields) == {"year"}
    for board in ("nowhere", "herefordshire-cdop"):
        with pytest.raises(NotFound):
            jcr.do("jcr-administrator", jcr_outcomes, board, "2013-14")
