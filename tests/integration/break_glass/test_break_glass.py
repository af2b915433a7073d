"""Another panel's cases for an hour: told at once, written down, over by itself, reviewed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.break_glass import queries as accesses
from cdop.break_glass import service
from cdop.break_glass.documents import FINDING, NEED
from cdop.clock import FixedClock
from cdop.deaths import queries
from cdop.deaths.documents import NAMES
from cdop.deaths.search import find
from cdop.deaths.service import correcting, notify
from cdop.errors import Denied, Invalid, NotFound, OnlyToRead, Refused
from cdop.organisations import people
from cdop.organisations.models import Membership
from cdop.organisations.reach_models import BreakGlass
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.tasks.queries import worklist
from tests.factories import MAKER, Herefordshire, appoint, child, told

THEIRS, OURS = "herefordshire-cdop", "worcestershire-cdop"


def acting(register: Register, username: str) -> Actor:
    """Return an account as the next request finds it."""
    with register.reading(MAKER) as work:
        return people.actor_by_username(work.session, username, work.now)


@pytest.fixture
def case(county: Herefordshire) -> UUID:
    """A case of Herefordshire, which its neighbour's coordinator (`neighbour`) cannot reach."""
    opened = county.register.do(MAKER, notify, told(county[THEIRS], child(1)))
    assert opened.death_id
    return opened.death_id


def broken(county: Herefordshire, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "organisation_id": county[THEIRS],
        "reason": "child-here",
        "need": "A canary need",
    }
    actor = acting(county.register, "neighbour")
    return county.register.do(actor, service.break_glass, **(values | changes))


def reaches(register: Register, username: str, case: UUID) -> bool:
    try:
        with register.work(acting(register, username)) as work:
            return work.open(queries.get(work, case), NAMES).family == "Testchild"
    except NotFound:
        return False


def tasks_of(register: Register, username: str) -> set[str]:
    with register.reading(acting(register, username)) as work:
        return {task.kind for task in worklist(work) if "glass" in task.kind}


def test_the_access_lasts_an_hour_and_ends_by_itself(
    county: Herefordshire, case: UUID, clock: FixedClock
) -> None:
    assert not reaches(county.register, "neighbour", case)
    broken(county)
    assert reaches(county.register, "neighbour", case)
    clock.at += timedelta(minutes=59)
    assert reaches(county.register, "neighbour", case)
    clock.at += timedelta(minutes=1)
    assert not reaches(county.register, "neighbour", case)


@pytest.mark.parametrize("who", ["neighbour", "coordinator"])
def test_whoever_took_it_and_the_coordinator_may_end_it(
    county: Herefordshire, case: UUID, who: str
) -> None:
    access = broken(county)
    county.register.do(acting(county.register, who), service.end, access)
    assert not reaches(county.register, "neighbour", case)
    with pytest.raises(Refused, match="has ended already"):
        county.register.do(acting(county.register, who), service.end, access)


def test_it_ends_with_the_role_for_which_it_was_given(county: Herefordshire, case: UUID) -> None:
    broken(county)

    def dismiss(work: Work) -> None:
        account = county.actors["neighbour"].account_id
        for row in work.session.exec(select(Membership).where(Membership.account_id == account)):
            row.valid_to = work.today - timedelta(days=1)

    county.register.do(MAKER, dismiss)
    assert acting(county.register, "neighbour").grants == ()


def test_it_reads_and_changes_nothing(county: Herefordshire, case: UUID) -> None:
    broken(county)
    actor = acting(county.register, "neighbour")
    for permission in ("deaths:case:edit", "deaths:identity:correct"):
        with pytest.raises(NotFound), county.register.work(actor) as work:
            queries.get(work, case, permission)
        with pytest.raises(OnlyToRead) as told_so, county.register.work(actor) as work:
            queries.check_reach(work, queries.get(work, case), permission)
        tried = (told_so.value.sought, told_so.value.permission)
        assert tried == (("deaths", case), permission), "the log says what was tried"
    assert correcting.CORRECT == "deaths:identity:correct"
    assert actor.scope("deaths:case:edit") == {county[OURS]}


def test_a_search_finds_the_other_panel_s_cases_meanwhile(
    county: Herefordshire, case: UUID
) -> None:
    assert not find(county.register, acting(county.register, "neighbour"), "Testchild").found
    broken(county)
    [found] = find(county.register, acting(county.register, "neighbour"), "Testchild").found
    assert found.id == case


def test_coordinator_and_guardian_have_a_task_and_the_auditor_a_line_at_once(
    county: Herefordshire, case: UUID
) -> None:
    access = broken(county)
    assert tasks_of(county.register, "coordinator") == {service.SEE}
    assert tasks_of(county.register, "caldicott-guardian") == {service.JUDGE}
    assert tasks_of(county.register, "neighbour") == set()
    with county.register.reading(acting(county.register, "auditor")) as work:
        assert [row.id for row in accesses.listed(work)] == [access]
    county.register.do(acting(county.register, "coordinator"), service.see, access)
    assert tasks_of(county.register, "coordinator") == set()
    assert tasks_of(county.register, "caldicott-guardian") == {service.JUDGE}


def test_each_line_written_under_it_says_so_and_none_says_why_in_words(
    county: Herefordshire, case: UUID
) -> None:
    access = broken(county)
    assert reaches(county.register, "neighbour", case)
    find(county.register, acting(county.register, "neighbour"), "Testchild")
    with county.register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.actor == "neighbour")
        lines = list(work.session.exec(query.order_by(col(AuditEntry.id))))
    taken = next(line for line in lines if line.action == "access:break-glass:open")
    assert taken.detail["reason"] == "child-here"
    later = lines[lines.index(taken) + 1 :]
    under = [line for line in later if line.action.startswith("deaths:identity")]
    assert len(under) >= 3
    assert all(line.detail["break_glass"] == str(access) for line in under)
    assert "canary" not in str([line.model_dump() for line in lines])


def test_the_guardian_reviews_it_afterwards_with_words(
    county: Herefordshire, case: UUID, clock: FixedClock
) -> None:
    register, access = county.register, broken(county)
    guardian = acting(register, "caldicott-guardian")
    with pytest.raises(Refused, match="still lasts"):
        register.do(guardian, service.review, access, "appropriate", "It was needed")
    clock.at += timedelta(hours=2)
    with pytest.raises(Invalid) as refused:
        register.do(guardian, service.review, access, "perhaps", " ")
    assert set(refused.value.fields) == {"verdict", "text"}
    register.do(guardian, service.review, access, "not-appropriate", "It could have waited")
    assert tasks_of(register, "caldicott-guardian") == set()
    with register.work(guardian) as work:
        row = accesses.get(work, access)
        assert (row.verdict, row.reviewed_by) == ("not-appropriate", "caldicott-guardian")
        assert work.open(row, NEED).text == "A canary need"
        assert work.open(row, FINDING).text == "It could have waited"
    with pytest.raises(Refused, match="reviewed already"):
        register.do(guardian, service.review, access, "appropriate", "Again")


def test_nobody_reviews_their_own_access(county: Herefordshire, clock: FixedClock) -> None:
    county.register.do(
        MAKER,
        lambda work: appoint(work, "neighbour", Role.CALDICOTT_GUARDIAN, county[OURS]).id,
    )
    access = broken(county)
    clock.at += timedelta(hours=2)
    # A guardian of the panel whose cases they were, who took the access at another time.
    county.register.do(
        MAKER,
        lambda work: appoint(work, "neighbour", Role.CALDICOTT_GUARDIAN, county[THEIRS]).id,
    )
    with pytest.raises(Refused, match="their own access"):
        county.register.do(
            acting(county.register, "neighbour"), service.review, access, "appropriate", "Fine"
        )


def test_only_some_roles_break_it_and_only_to_a_panel_out_of_reach(county: Herefordshire) -> None:
    with pytest.raises(Denied):
        county.register.do(
            acting(county.register, "panel-chair"),
            service.break_glass,
            county[OURS],
            "other",
            "Curious",
        )
    with pytest.raises(Refused, match="within your reach"):
        broken(county, organisation_id=county[OURS])
    with pytest.raises(Refused, match="Choose a panel"):
        broken(county, organisation_id=county["herefordshire-jcr"])
    with pytest.raises(NotFound):
        broken(county, organisation_id=uuid4())
    with pytest.raises(Invalid) as refused:
        broken(county, reason="boredom", need=" ")
    assert set(refused.value.fields) == {"reason", "need"}
    broken(county)
    with pytest.raises(Refused, match="still lasts"):
        broken(county)


def test_an_access_is_out_of_sight_for_others(county: Herefordshire) -> None:
    access = broken(county)
    register = county.register

    def add(work: Work) -> None:
        appoint(work, "stranger", Role.COORDINATOR, county["worcestershire-cdop"])

    register.do(MAKER, add)
    with pytest.raises(NotFound), register.reading(acting(register, "stranger")) as work:
        accesses.get(work, access)
    with register.reading(acting(register, "stranger")) as work:
        assert accesses.listed(work) == []
        assert [panel.slug for panel in accesses.panels(work)] == ["herefordshire-cdop"]
    with pytest.raises(Denied), register.reading(acting(register, "panel-member")) as work:
        accesses.listed(work)
    with register.reading(MAKER) as work:
        assert work.session.exec(select(BreakGlass.need)).one() not in (None, b"A canary need")


def test_whoever_broke_the_glass_does_not_take_note_of_it_for_the_panel(
    county: Herefordshire,
) -> None:
    """To be a coordinator at home is not enough: it is the other panel's to see."""
    access = broken(county)
    with pytest.raises(Denied):
        county.register.do(acting(county.register, "neighbour"), service.see, access)
    assert tasks_of(county.register, "coordinator")


def without_guardian(county: Herefordshire, *, at_home: bool) -> None:
    """Take the guardian from the panel whose cases are opened; give the visitor's own panel one."""

    def change(work: Work) -> None:
        account = county.actors["caldicott-guardian"].account_id
        held = select(Membership).where(Membership.account_id == account)
        for row in work.session.exec(held):
            row.valid_to = work.today - timedelta(days=1)
        if at_home:
            appoint(work, "home-guardian", Role.CALDICOTT_GUARDIAN, county[OURS])

    county.register.do(MAKER, change)


def test_where_the_panel_has_no_guardian_that_of_the_visitor_s_own_reviews(
    county: Herefordshire, case: UUID, clock: FixedClock
) -> None:
    without_guardian(county, at_home=True)
    register, access = county.register, broken(county)
    guardian = acting(register, "home-guardian")
    assert tasks_of(register, "home-guardian") == {service.JUDGE}
    with register.reading(guardian) as work:
        assert [row.id for row in accesses.listed(work)] == [access]
    clock.at += timedelta(hours=2)
    register.do(guardian, service.review, access, "not-appropriate", "It could have waited")
    assert tasks_of(register, "home-guardian") == set()
    with register.work(guardian) as work:
        row = accesses.get(work, access)
        assert work.open(row, NEED, at=county[OURS]).text == "A canary need"
        assert row.reviewed_by == "home-guardian"
    assert not reaches(register, "home-guardian", case)


def test_a_guardian_elsewhere_sees_nothing_while_the_panel_has_its_own(
    county: Herefordshire, clock: FixedClock
) -> None:
    county.register.do(
        MAKER,
        lambda work: appoint(work, "home-guardian", Role.CALDICOTT_GUARDIAN, county[OURS]).id,
    )
    access = broken(county)
    clock.at += timedelta(hours=2)
    guardian = acting(county.register, "home-guardian")
    with county.register.reading(guardian) as work:
        assert accesses.listed(work) == []
    with pytest.raises(NotFound):
        county.register.do(guardian, service.review, access, "appropriate", "Not mine to say")


def test_without_any_guardian_the_task_waits_for_whoever_is_appointed(
    county: Herefordshire, clock: FixedClock
) -> None:
    without_guardian(county, at_home=False)
    register, access = county.register, broken(county)
    with register.reading(MAKER) as work:
        assert accesses.reviewers(work, accesses.get(work, access)) == frozenset()
    register.do(
        MAKER, lambda work: appoint(work, "later", Role.CALDICOTT_GUARDIAN, county[THEIRS]).id
    )
    assert tasks_of(register, "later") == {service.JUDGE}
    clock.at += timedelta(hours=2)
    register.do(acting(register, "later"), service.review, access, "appropriate", "It was needed")


def test_a_visitor_who_is_guardian_at_home_does_not_review_themselves(
    county: Herefordshire, clock: FixedClock
) -> None:
    without_guardian(county, at_home=False)
    county.register.do(
        MAKER, lambda work: appoint(work, "neighbour", Role.CALDICOTT_GUARDIAN, county[OURS]).id
    )
    access = broken(county)
    clock.at += timedelta(hours=2)
    with county.register.reading(MAKER) as work:
        assert accesses.reviewers(work, accesses.get(work, access)) == frozenset()
    with pytest.raises(Denied):
        county.register.do(
            acting(county.register, "neighbour"), service.review, access, "appropriate", "Fine"
        )
