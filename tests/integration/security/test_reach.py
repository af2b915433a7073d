"""Who reaches what: own roles, those stood in for, cases assigned; what a miss leaves behind."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.deaths import queries
from cdop.deaths.documents import CIRCUMSTANCES, NAMES
from cdop.deaths.service import notify
from cdop.deaths.service.assigning import assign, assigned, unassign
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations import people
from cdop.organisations.models import Account, Membership
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from tests.factories import MAKER, Herefordshire, appoint, child, told

TODAY = date(2026, 11, 20)


def acting(register: Register, username: str) -> Actor:
    """Return an account as the next request finds it."""
    with register.reading(MAKER) as work:
        return people.actor_by_username(work.session, username, work.now)


def lines(register: Register, action: str) -> list[AuditEntry]:
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return list(work.session.exec(query.order_by(col(AuditEntry.id))))


def case_at(county: Herefordshire, slug: str, seed: int = 1) -> UUID:
    panel = county[slug]
    notified = county.register.do(MAKER, notify, told(panel, child(seed)))
    assert notified.death_id
    return notified.death_id


def membership_of(register: Register, username: str) -> UUID:
    with register.reading(MAKER) as work:
        query = select(Membership.id).join(Account, col(Account.id) == Membership.account_id)
        return work.session.exec(query.where(Account.username == username)).one()


def stand_in(county: Herefordshire, first: date, last: date, name: str = "panel-member") -> None:
    register = county.register
    person = county.actors[name].account_id
    assert person
    register.do(
        MAKER, people.add_deputy, person, membership_of(register, "coordinator"), first, last
    )


@pytest.mark.parametrize(
    ("first", "last", "stands_in"),
    [(-1, 1, True), (0, 0, True), (1, 2, False), (-2, -1, False)],
)
def test_a_deputy_has_the_role_between_two_days(
    county: Herefordshire, first: int, last: int, stands_in: bool
) -> None:
    stand_in(county, TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    actor = acting(county.register, "panel-member")
    assert actor.may("deaths:case:edit", county["herefordshire-cdop"]) is stands_in
    assert not acting(county.register, "panel-chair").may("deaths:case:edit"), "nobody else has"
    assert not actor.may("deaths:case:edit", county["worcestershire-cdop"])
    assert actor.may("overview:case:read")


def test_a_deputy_s_rights_end_with_the_membership(
    county: Herefordshire, clock: FixedClock
) -> None:
    stand_in(county, TODAY, TODAY + timedelta(days=30))

    def end(work: Work, membership: UUID) -> None:
        work.session.get_one(Membership, membership).valid_to = work.today

    county.register.do(MAKER, end, membership_of(county.register, "coordinator"))
    assert acting(county.register, "panel-member").may("deaths:case:edit")
    clock.at += timedelta(days=1)
    assert not acting(county.register, "panel-member").may("deaths:case:edit")


def test_the_audit_line_says_for_whom_a_deputy_acts(county: Herefordshire) -> None:
    case = case_at(county, "herefordshire-cdop")
    stand_in(county, TODAY, TODAY, "notifier")
    for name in ("notifier", "coordinator"):
        with county.register.work(acting(county.register, name)) as work:
            work.open(queries.get(work, case), NAMES)
    deputy, own = lines(county.register, "deaths:identity:read")[-2:]
    assert (deputy.actor, own.actor) == ("notifier", "coordinator")
    # The notifier's own role is at the same panel, but gives no such right.
    assert deputy.detail["stands_in_for"] == "coordinator"
    assert "stands_in_for" not in own.detail


def test_the_capacity_is_told_where_no_own_role_reaches(county: Herefordshire) -> None:
    stand_in(county, TODAY, TODAY, "neighbour")
    actor = acting(county.register, "neighbour")
    assert actor.capacity(county["herefordshire-cdop"]) == {"stands_in_for": "coordinator"}
    assert actor.capacity(county["worcestershire-cdop"]) == {}
    assert actor.capacity(None) == {"stands_in_for": "coordinator"}


def test_a_deputy_is_somebody_else_for_a_time_that_has_an_order(county: Herefordshire) -> None:
    with pytest.raises(Invalid, match="Nobody stands in for themselves"):
        stand_in(county, TODAY, TODAY, "coordinator")
    with pytest.raises(Invalid, match="last day"):
        stand_in(county, TODAY, TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        county.register.do(MAKER, people.add_deputy, uuid4(), uuid4(), TODAY, TODAY)
    with pytest.raises(Denied):
        county.register.do(
            county.actors["coordinator"], people.add_deputy, uuid4(), uuid4(), TODAY, TODAY
        )


def test_a_key_worker_reaches_the_assigned_family_and_no_other(
    county: Herefordshire, clock: FixedClock
) -> None:
    register = county.register
    mine = case_at(county, "herefordshire-cdop", 1)
    other = case_at(county, "herefordshire-cdop", 2)
    assert acting(register, "key-worker").cases("deaths:case:read") == frozenset()
    register.do(county.actors["coordinator"], assign, mine, "key-worker")
    register.do(county.actors["coordinator"], assign, mine, "key-worker")
    actor = acting(register, "key-worker")
    with register.work(actor) as work:
        assert [each.id for each in queries.latest(work)] == [mine]
        death = queries.get(work, mine)
        assert len(assigned(work, mine)) == 1
        assert work.open(death, NAMES).family == "Testchild"
        [notification] = queries.notifications(work, death)
        with pytest.raises(Denied):
            work.open(notification, CIRCUMSTANCES)
    for hidden in (other, uuid4()):
        with pytest.raises(NotFound), register.work(actor) as work:
            queries.get(work, hidden)
    clock.at += timedelta(days=1)
    register.do(county.actors["coordinator"], unassign, mine, "key-worker")
    with pytest.raises(NotFound), register.work(acting(register, "key-worker")) as work:
        queries.get(work, mine)
    with register.reading(county.actors["coordinator"]) as work:
        assert assigned(work, mine) == [], "it is over, and says so"
    assert [line.detail["to"] for line in lines(register, "deaths:case:assign")] == ["key-worker"]
    assert len(lines(register, "deaths:case:unassign")) == 1


def test_an_assignment_made_today_can_be_taken_back_today(county: Herefordshire) -> None:
    mine = case_at(county, "herefordshire-cdop")
    for verb in (assign, unassign):
        county.register.do(county.actors["coordinator"], verb, mine, "key-worker")
    assert acting(county.register, "key-worker").cases("deaths:case:read") == frozenset()


def test_only_a_key_worker_of_the_panel_is_assigned_and_only_by_its_people(
    county: Herefordshire,
) -> None:
    mine = case_at(county, "herefordshire-cdop")
    with pytest.raises(Invalid, match="Select a key worker"):
        county.register.do(county.actors["coordinator"], assign, mine, "panel-member")
    with pytest.raises(NotFound):
        county.register.do(county.actors["neighbour"], assign, mine, "key-worker")
    with pytest.raises(Denied):
        county.register.do(county.actors["panel-chair"], assign, mine, "key-worker")


def test_what_is_out_of_reach_leaves_a_denial_and_what_is_absent_a_failure(
    county: Herefordshire,
) -> None:
    register, actor = county.register, county.actors["coordinator"]
    theirs, absent = case_at(county, "worcestershire-cdop"), uuid4()
    for opened in (register.work, register.reading):
        for sought in (theirs, absent):
            with pytest.raises(NotFound) as missed, opened(actor) as work:
                queries.get(work, sought)
            assert str(missed.value) == "Page not found"
    kept = [
        (line.outcome, line.subject_kind, line.subject_id, line.organisation_id)
        for line in lines(register, queries.READ)
        if line.actor == actor.name
    ]
    denied = ("denied", "deaths", theirs, county["worcestershire-cdop"])
    assert kept == [denied, ("failed", "deaths", absent, None)] * 2


def test_a_changed_role_bites_at_the_next_look(county: Herefordshire) -> None:
    panel = county["herefordshire-cdop"]
    before = acting(county.register, "notifier")
    county.register.do(MAKER, lambda work: appoint(work, "notifier", Role.COORDINATOR, panel).id)
    after = acting(county.register, "notifier")
    assert not before.may("deaths:case:read", panel)
    assert after.may("deaths:case:read", panel)
    assert replace(after, grants=before.grants) == before
