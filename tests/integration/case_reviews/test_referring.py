"""A referral reaches the group that serves its board, once, sealed and audited."""

from datetime import date

import pytest
from sqlmodel import select

from cdop.case_reviews import queries, service
from cdop.case_reviews.commands import NewReferral
from cdop.case_reviews.models import CONCERN, SUBJECT, Concern, Referral, Subject
from cdop.clock import FixedClock
from cdop.deaths.models import DeathEvent
from cdop.deaths.service import notify
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.security.models import AuditEntry
from cdop.tasks.models import Task
from tests.factories import MAKER, Herefordshire, child, told
from tests.integration.case_reviews.conftest import Jcr


def rows(county: Herefordshire, table):
    with county.register.reading(MAKER) as work:
        return work.session.exec(select(table)).all()


def death(county: Herefordshire):
    receipt = county.register.do(
        county.actors["coordinator"],
        notify,
        told(county["herefordshire-cdop"], child(given="Secretname", family="Hidden")),
    )
    return receipt.death_id


def test_a_referral_is_sealed_given_a_reference_and_put_before_the_group(jcr: Jcr):
    referral_id = jcr.refer()
    (row,) = rows(jcr.county, Referral)
    assert row.id == referral_id
    assert (row.reference, row.status, row.received_year) == (
        "JCR-2013-0001",
        "received",
        "2013-14",
    )
    assert row.organisation_id == jcr.county["herefordshire-jcr"]
    assert b"Invented" not in row.subject + row.concern
    (task,) = rows(jcr.county, Task)
    assert (task.kind, task.organisation_id) == ("recommend", row.organisation_id)
    assert (task.due_on, task.clock, task.standing) == (
        date(2013, 6, 1),
        "scr-decision",
        "expected",
    )


def test_where_no_rule_sets_a_day_the_task_has_none(jcr: Jcr):
    jcr.refer("herefordshire-adults")
    (task,) = rows(jcr.county, Task)
    assert (task.due_precision, task.clock, task.standing) == ("none", None, None)


def test_the_group_and_the_deciding_board_can_open_it_and_each_opening_is_audited(jcr: Jcr):
    referral_id = jcr.refer()
    for who in ("jcr-member", "children-chair"):
        with jcr.county.register.work(jcr.county.actors[who]) as work:
            referral = queries.get(work, referral_id)
            at = queries.standpoint(work, referral, SUBJECT.permission)
            assert work.open(referral, SUBJECT, at=at).name == "Invented Person"
            assert "joint working" in work.open(referral, CONCERN, at=at).narrative
    opened = [e for e in rows(jcr.county, AuditEntry) if e.action == SUBJECT.permission]
    assert [e.actor for e in opened] == ["jcr-member"] * 2 + ["children-chair"] * 2


@pytest.mark.parametrize("who", ["adults-chair", "hpeg-chair"])
def test_another_board_of_the_same_group_does_not_see_it(jcr: Jcr, who: str):
    referral_id = jcr.refer()
    with jcr.county.register.reading(jcr.county.actors[who]) as work:
        assert queries.latest(work) == []
        with pytest.raises(NotFound):
            queries.get(work, referral_id)


def test_the_same_form_sent_twice_makes_one_referral(jcr: Jcr):
    new = NewReferral(
        jcr.county["herefordshire"],
        "police",
        Subject(name_answer="not-known"),
        Concern(narrative="Sent twice."),
    )
    first = jcr.do("jcr-administrator", service.refer, new)
    assert jcr.do("jcr-administrator", service.refer, new) == first
    assert len(rows(jcr.county, Referral)) == 1


@pytest.mark.parametrize("who", ["coordinator", "panel-chair", "jcr-member", "children-chair"])
def test_only_those_who_hold_the_permission_at_the_group_record_a_referral(jcr: Jcr, who: str):
    with pytest.raises(Denied):
        jcr.refer(who=who)
    assert rows(jcr.county, Referral) == []
    denied = [e for e in rows(jcr.county, AuditEntry) if e.outcome == "denied"]
    assert [(e.actor, e.action) for e in denied] == [(who, "case_reviews:referral:create")]


def test_what_is_missing_or_wrong_is_named_and_nothing_is_kept(jcr: Jcr):
    new = NewReferral(
        jcr.county["herefordshire"],
        "hearsay",
        Subject(born_on=date(2013, 6, 1)),
        Concern(),
    )
    with pytest.raises(Invalid) as invalid:
        jcr.do("jcr-administrator", service.refer, new)
    assert set(invalid.value.fields) == {"source", "name", "born_on", "narrative"}
    assert rows(jcr.county, Referral) == []


def test_a_board_that_no_group_serves_that_day_is_refused(jcr: Jcr):
    new = NewReferral(
        jcr.county["herefordshire"],
        "police",
        Subject(name="Invented Person"),
        Concern(narrative="Too early."),
        received_on=date(2006, 3, 31),
    )
    with pytest.raises(Invalid) as invalid:
        jcr.do("jcr-administrator", service.refer, new)
    assert set(invalid.value.fields) == {"board_id"}


@pytest.mark.parametrize("who", ["coordinator", "panel-chair"])
def test_a_panel_refers_a_concern_with_the_childs_identity_under_a_key_of_its_own(
    county: Herefordshire, clock: FixedClock, who: str
):
    jcr, death_id = Jcr(county, clock), death(county)
    board = county["herefordshire"]
    referral_id = jcr.do(who, service.refer_from_panel, death_id, board, "Found by the panel.")
    with county.register.work(county.actors["jcr-administrator"]) as work:
        referral = queries.get(work, referral_id)
        subject = work.open(referral, SUBJECT)
        assert (subject.name, subject.died_on) == ("Secretname Hidden", date(2026, 11, 10))
        assert (referral.source, referral.subject_id) == ("panel", referral.id)
        assert referral.death_id == death_id
    events = [e.kind for e in rows(county, DeathEvent) if e.other_id == referral_id]
    assert events == ["referred"]
    handed_on = [e for e in rows(county, AuditEntry) if e.action == "deaths:identity:refer"]
    assert [(e.actor, e.subject_id) for e in handed_on] == [(who, death_id)]
    with county.register.reading(county.actors[who]) as work, pytest.raises(Denied):
        queries.get(work, referral_id)


def test_a_panel_cannot_refer_twice_while_the_first_is_undecided(
    county: Herefordshire, clock: FixedClock
):
    jcr, death_id = Jcr(county, clock), death(county)
    board = county["herefordshire"]
    jcr.do("coordinator", service.refer_from_panel, death_id, board, "Once.")
    with pytest.raises(Refused):
        jcr.do("coordinator", service.refer_from_panel, death_id, board, "Twice.")
    jcr.do("coordinator", service.refer_from_panel, death_id, county["herefordshire-csp"], "Other.")
    assert len(rows(county, Referral)) == 2


def test_a_neighbouring_panel_cannot_refer_the_case(county: Herefordshire, clock: FixedClock):
    jcr, death_id = Jcr(county, clock), death(county)
    args = (death_id, county["herefordshire"], "Not theirs.")
    with pytest.raises(NotFound):
        jcr.do("neighbour", service.refer_from_panel, *args)
    with pytest.raises(Denied):
        jcr.do("panel-member", service.refer_from_panel, *args)
    with pytest.raises(Invalid):
        jcr.do("coordinator", service.refer_from_panel, death_id, county["worcestershire"], "No.")
    assert rows(county, Referral) == []
