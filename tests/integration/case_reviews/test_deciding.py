"""Recommended by the group, decided by the office that the law names on that day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlmodel import select

from cdop.case_reviews import queries, service
from cdop.case_reviews.commands import NewDecision, NewRecommendation
from cdop.case_reviews.models import DECIDED_BECAUSE, Decision, Referral
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.security.models import AuditEntry
from cdop.tasks.models import Task
from tests.factories import MAKER
from tests.integration.case_reviews.conftest import Jcr

SCR, NONE, INDEPENDENT = "scr", "criteria-not-met", "independent-multi-agency"


def open_tasks(jcr: Jcr) -> list[tuple[str, str]]:
    with jcr.county.register.reading(MAKER) as work:
        tasks = work.session.exec(select(Task)).all()
        places = {id: slug for slug, id in jcr.county.ids.items()}
        return sorted((t.kind, places[t.organisation_id]) for t in tasks if not t.done_at)


def status(jcr: Jcr, referral_id) -> str:
    with jcr.county.register.reading(MAKER) as work:
        return work.session.get_one(Referral, referral_id).status


def test_a_recommendation_passes_the_task_from_the_group_to_the_board(jcr: Jcr):
    referral = jcr.refer()
    assert open_tasks(jcr) == [("recommend", "herefordshire-jcr")]
    jcr.recommend(referral, SCR, "silp")
    assert status(jcr, referral) == "recommended"
    assert open_tasks(jcr) == [("decide:children-chair", "herefordshire")]


@pytest.mark.parametrize(
    ("board", "kind", "method", "field"),
    [
        ("herefordshire", "dhr", None, "review_kind"),
        ("herefordshire-adults", "scr", None, "review_kind"),
        ("herefordshire", "lcspr", None, "review_kind"),  # not before 2018
        ("herefordshire", "anything", None, "review_kind"),
        ("herefordshire", SCR, "guesswork", "methodology"),
        ("herefordshire", NONE, "silp", "methodology"),
    ],
)
def test_kind_and_method_must_fit_the_board_and_the_day(jcr: Jcr, board, kind, method, field):
    referral = jcr.refer(board)
    with pytest.raises(Invalid) as invalid:
        jcr.recommend(referral, kind, method)
    assert set(invalid.value.fields) == {field}
    assert status(jcr, referral) == "received"


def test_a_recommendation_needs_reasons_and_a_day_between_referral_and_today(jcr: Jcr):
    referral = jcr.refer()
    for day, fields in [
        (date(2013, 4, 30), {"recommended_on", "rationale"}),
        (date(2013, 5, 2), {"recommended_on", "rationale"}),
    ]:
        with pytest.raises(Invalid) as invalid:
            jcr.do(
                "jcr-member",
                service.recommend,
                referral,
                NewRecommendation(SCR, recommended_on=day),
            )
        assert set(invalid.value.fields) == fields


def test_a_later_recommendation_counts_and_the_same_twice_is_refused(jcr: Jcr):
    referral = jcr.refer()
    jcr.recommend(referral, SCR)
    with pytest.raises(Refused):
        jcr.recommend(referral, SCR)
    jcr.recommend(referral, NONE)
    assert jcr.decide(referral, NONE).stands


def test_only_the_group_recommends(jcr: Jcr):
    referral = jcr.refer()
    with pytest.raises(Denied):
        jcr.recommend(referral, SCR, who="children-chair")
    with pytest.raises(Denied):
        jcr.recommend(referral, SCR, who="coordinator")


def test_one_chair_decides_for_the_children_board_until_september_2019(jcr: Jcr):
    referral = jcr.refer()
    jcr.recommend(referral, SCR, "silp")
    state = jcr.decide(referral, SCR, "silp")
    assert (state.stands, state.awaited) == (True, ())
    assert status(jcr, referral) == "decided"
    assert open_tasks(jcr) == [("start-review", "herefordshire-jcr")]


@pytest.mark.parametrize(
    ("board", "who"),
    [("herefordshire-adults", "adults-chair"), ("herefordshire-csp", "hpeg-chair")],
)
def test_adults_and_domestic_homicides_have_their_own_chairs(jcr: Jcr, board: str, who: str):
    referral = jcr.refer(board)
    jcr.recommend(referral, INDEPENDENT, "help")
    with pytest.raises(NotFound):
        jcr.decide(referral, INDEPENDENT, "help", who="children-chair")
    assert jcr.decide(referral, INDEPENDENT, "help", who=who).stands


def test_criteria_not_met_ends_the_matter(jcr: Jcr):
    referral = jcr.refer()
    jcr.recommend(referral, NONE)
    jcr.decide(referral, NONE)
    assert (status(jcr, referral), open_tasks(jcr)) == ("decided", [])
    with pytest.raises(Refused):
        jcr.do("jcr-administrator", service.start_review, referral, date(2013, 5, 1))


@pytest.mark.parametrize(
    ("day", "who"),
    [(date(2019, 9, 28), "partner-police"), (date(2019, 9, 29), "children-chair")],
)
def test_an_office_that_does_not_decide_on_that_day_is_told_who_does(jcr: Jcr, day, who):
    referral = jcr.on(day).refer()
    jcr.recommend(referral, NONE)
    with pytest.raises(Refused, match="The decision is for the office of"):
        jcr.decide(referral, NONE, who=who)
    assert status(jcr, referral) == "recommended"


@pytest.mark.parametrize("who", ["jcr-administrator", "jcr-member", "coordinator"])
def test_nobody_else_decides_and_the_attempt_is_audited(jcr: Jcr, who: str):
    referral = jcr.refer()
    jcr.recommend(referral, SCR)
    with pytest.raises(Denied):
        jcr.decide(referral, SCR, who=who)
    with jcr.county.register.reading(MAKER) as work:
        denied = work.session.exec(select(AuditEntry).where(AuditEntry.outcome == "denied")).all()
    assert [(e.actor, e.action) for e in denied] == [(who, "case_reviews:decision:decide")]


def test_a_decision_that_differs_from_the_recommendation_gives_its_reasons(jcr: Jcr):
    referral = jcr.refer()
    jcr.recommend(referral, SCR)
    with pytest.raises(Invalid) as invalid:
        jcr.decide(referral, INDEPENDENT)
    assert set(invalid.value.fields) == {"rationale"}
    assert jcr.decide(referral, INDEPENDENT, rationale="Other lessons weigh more.").stands


def test_three_partners_decide_together(jcr: Jcr):
    referral = jcr.on(date(2019, 10, 1)).refer()
    jcr.recommend(referral, "rapid-review")
    first = jcr.decide(referral, "rapid-review", who="partner-health")
    assert (first.stands, first.awaited) == (False, ("partner-local-authority", "partner-police"))
    with pytest.raises(Refused, match="assented already"):
        jcr.decide(referral, "rapid-review", who="partner-health")
    jcr.on(date(2019, 10, 2)).decide(referral, "rapid-review", who="partner-police")
    assert status(jcr, referral) == "recommended"
    assert open_tasks(jcr) == [("decide:partner-local-authority", "herefordshire")]
    jcr.on(date(2019, 10, 3))
    last = jcr.decide(referral, "rapid-review", who="partner-local-authority", rationale="Agreed.")
    assert (last.decision_id, last.stands) == (first.decision_id, True)
    with jcr.county.register.work(jcr.county.actors["partner-police"]) as work:
        decision = queries.live_decision(work, queries.get(work, referral))
        assert decision is not None
        assert (decision.proposed_on, decision.decided_on) == (
            date(2019, 10, 1),
            date(2019, 10, 3),
        )
        said = [
            work.open(a, DECIDED_BECAUSE, at=jcr.county["herefordshire"]).text
            for a in queries.assents(work, decision)
        ]
        assert said == ["", "", "Agreed."]
    with pytest.raises(Refused):
        jcr.decide(referral, "rapid-review", who="partner-health")


def test_partners_who_differ_withdraw_and_propose_anew(jcr: Jcr):
    referral = jcr.on(date(2019, 10, 1)).refer()
    jcr.recommend(referral, "rapid-review")
    jcr.decide(referral, "rapid-review", who="partner-health")
    with pytest.raises(Refused, match="Another decision is proposed"):
        jcr.decide(referral, NONE, who="partner-police", rationale="Not notifiable.")
    with pytest.raises(Refused, match="must be withdrawn first"):
        jcr.recommend(referral, NONE)
    with pytest.raises(Denied):
        jcr.do("jcr-member", service.withdraw_decision, referral)
    jcr.do("partner-police", service.withdraw_decision, referral)
    with pytest.raises(Refused, match="no proposal"):
        jcr.do("partner-police", service.withdraw_decision, referral)
    for who in ("partner-police", "partner-health", "partner-local-authority"):
        state = jcr.decide(referral, NONE, who=who, rationale="Not notifiable.")
    assert state.stands
    with jcr.county.register.reading(MAKER) as work:
        kinds = [(d.review_kind, d.decided_on is None) for d in work.session.exec(select(Decision))]
    assert sorted(kinds) == [(NONE, False), ("rapid-review", True)]


def test_a_decision_recorded_late_is_judged_by_its_own_day(jcr: Jcr):
    referral = jcr.on(date(2019, 9, 20)).refer()
    jcr.recommend(referral, NONE)
    jcr.on(date(2019, 10, 10))
    new = NewDecision(NONE, decided_on=date(2019, 9, 27))
    with pytest.raises(Refused):
        jcr.do("partner-health", service.decide, referral, new)
    assert jcr.do("children-chair", service.decide, referral, new).stands


def test_partners_who_assent_at_the_same_moment_make_one_decision(jcr: Jcr):
    referral = jcr.on(date(2019, 10, 1)).refer()
    jcr.recommend(referral, "rapid-review")
    with ThreadPoolExecutor(3) as pool:
        states = list(
            pool.map(
                lambda who: jcr.decide(referral, "rapid-review", who=who),
                ("partner-local-authority", "partner-health", "partner-police"),
            )
        )
    assert len({state.decision_id for state in states}) == 1
    assert [state.stands for state in states].count(True) == 1
    assert status(jcr, referral) == "decided"
    assert open_tasks(jcr) == [("start-review", "herefordshire-jcr")]


def test_the_same_decision_sent_twice_at_once_is_made_once(jcr: Jcr):
    referral = jcr.refer()
    jcr.recommend(referral, SCR)

    def attempt(_: int) -> bool:
        try:
            return jcr.decide(referral, SCR).stands
        except Refused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, range(4))).count(True) == 1
    assert open_tasks(jcr) == [("start-review", "herefordshire-jcr")]
