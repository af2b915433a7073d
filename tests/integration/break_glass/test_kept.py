"""What is kept of each access: who, why, when, until when; and who sees it in which list."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.break_glass import queries, service
from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations import guardians, people
from cdop.organisations.models import Membership
from cdop.organisations.reach_models import BreakGlass
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register
from cdop.tasks.models import Task
from tests.factories import MAKER, Herefordshire, appoint, herefordshire

THEIRS, OURS = "herefordshire-cdop", "worcestershire-cdop"


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    county = herefordshire(sqlite_register)
    with sqlite_register.work(MAKER) as work:
        appoint(work, "visitor", Role.COORDINATOR, county[OURS])
    return county


def acting(register: Register, username: str) -> Actor:
    with register.reading(MAKER) as work:
        return people.actor_by_username(work.session, username, work.now)


def broken(county: Herefordshire, who: str = "neighbour") -> UUID:
    actor = acting(county.register, who)
    return county.register.do(actor, service.break_glass, county[THEIRS], "child-here", " Needed ")


def row_of(county: Herefordshire, id: UUID) -> BreakGlass:
    with county.register.reading(MAKER) as work:
        return queries.get(work, id)


def last_line(county: Herefordshire, action: str) -> tuple[Any, ...]:
    with county.register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        line = work.session.exec(query.order_by(col(AuditEntry.id).desc())).first()
    assert line
    return line.actor, line.subject_kind, line.subject_id, line.organisation_id, line.detail


def test_an_access_keeps_who_took_it_why_and_until_when(
    county: Herefordshire, clock: FixedClock
) -> None:
    id = broken(county)
    row = row_of(county, id)
    account = county.actors["neighbour"].account_id
    assert (row.opened_by, row.account_id, row.reason) == ("neighbour", account, "child-here")
    assert (row.organisation_id, row.subject_id) == (county[THEIRS], id)
    assert (row.opened_at, row.ends_at) == (clock.at, clock.at + timedelta(hours=1))
    assert (row.ended_at, row.verdict) == (None, None)
    detail = {"reason": "child-here", "minutes": 60}
    line = ("neighbour", "break_glass", id, county[THEIRS], detail)
    assert last_line(county, "access:break-glass:open") == line
    passed = last_line(county, "register:reach:pass")
    assert passed[4]["why"] == "tell-whose-cases"


def test_whose_cases_they_are_has_tasks_by_the_name_of_the_access(county: Herefordshire) -> None:
    id = broken(county)
    with county.register.reading(MAKER) as work:
        tasks = work.session.exec(select(Task).order_by(Task.kind)).all()
    assert [(task.kind, task.permission) for task in tasks] == [
        ("review-break-glass", "access:break-glass:review"),
        ("see-break-glass", "deaths:case:edit"),
    ]
    assert {task.organisation_id for task in tasks} == {county[THEIRS]}
    assert {(task.subject_kind, task.subject_id) for task in tasks} == {("break_glass", id)}
    assert {task.reference for task in tasks} == {f"BG-{id.hex[-6:].upper()}"}
    assert {task.due_precision for task in tasks} == {"none"}


def test_an_end_a_look_and_a_review_are_written_down(
    county: Herefordshire, clock: FixedClock
) -> None:
    register, id = county.register, broken(county)
    begun = clock.at
    clock.at += timedelta(minutes=5)
    register.do(acting(register, "coordinator"), service.end, id)
    assert row_of(county, id).ended_at == begun + timedelta(minutes=5)
    assert last_line(county, "access:break-glass:end")[:4] == (
        *("coordinator", "break_glass", id),
        county[THEIRS],
    )
    register.do(acting(register, "coordinator"), service.see, id)
    seen = last_line(county, "access:break-glass:read")
    assert seen == ("coordinator", "break_glass", id, county[THEIRS], {})
    guardian = acting(register, "caldicott-guardian")
    for verdict, text, fault in (
        ("perhaps", "Words", {"verdict": "Say whether the access was appropriate"}),
        ("appropriate", " ", {"text": "Say why"}),
    ):
        with pytest.raises(Invalid) as refused:
            register.do(guardian, service.review, id, verdict, text)
        assert refused.value.fields == fault
    clock.at += timedelta(minutes=5)
    register.do(guardian, service.review, id, "appropriate", "It was needed")
    row = row_of(county, id)
    assert (row.verdict, row.reviewed_by) == ("appropriate", "caldicott-guardian")
    assert row.reviewed_at == clock.at
    *line, detail = last_line(county, "access:break-glass:review")
    assert line == ["caldicott-guardian", "break_glass", id, county[THEIRS]]
    assert detail["verdict"] == "appropriate"
    with register.reading(MAKER) as work:
        assert {task.done_by for task in work.session.exec(select(Task))} == {
            *("coordinator", "caldicott-guardian"),
        }


def test_what_is_missing_is_said_for_each_field(county: Herefordshire) -> None:
    for reason, need, fault in (
        ("boredom", "Needed", {"reason": "Choose the reason"}),
        ("other", " ", {"need": "Say what you need, and why it cannot wait"}),
    ):
        with pytest.raises(Invalid) as refused:
            county.register.do(
                acting(county.register, "neighbour"),
                service.break_glass,
                county[THEIRS],
                reason,
                need,
            )
        assert refused.value.fields == fault


def test_each_sees_their_own_those_to_their_panel_and_the_auditor_all(
    county: Herefordshire, clock: FixedClock
) -> None:
    register, first = county.register, broken(county)
    clock.at += timedelta(minutes=1)
    second = broken(county, "visitor")

    def listed(who: str, limit: int = 100) -> list[UUID]:
        with register.reading(acting(register, who)) as work:
            return [row.id for row in queries.listed(work, limit)]

    assert listed("auditor") == listed("coordinator") == [second, first], "the latest first"
    assert listed("caldicott-guardian") == [second, first]
    assert listed("auditor", 1) == [second]
    assert (listed("neighbour"), listed("visitor")) == ([first], [second])
    with register.reading(MAKER) as work:
        assert [row.id for row in queries.listed(work)] == [second, first]
    for who, id in (("neighbour", first), ("coordinator", first), ("auditor", second)):
        with register.reading(acting(register, who)) as work:
            own, owner = queries.standing(work, queries.get(work, id))
        assert (own, owner) == (who == "neighbour", who == "coordinator")
    for who, id in (("neighbour", second), ("auditor", uuid4())):
        with pytest.raises(NotFound) as missed, register.reading(acting(register, who)) as work:
            queries.get(work, id)
        assert missed.value.sought == ("break_glass", id)
        assert missed.value.permission == "access:break-glass:read"
    with pytest.raises(Denied), register.reading(acting(register, "analyst")) as work:
        queries.get(work, first)
    with pytest.raises(Denied):
        register.do(acting(register, "caldicott-guardian"), service.see, first)
    with pytest.raises(Denied):
        register.do(acting(register, "coordinator"), service.review, first, "appropriate", "x")


def guarded_at_home_alone(county: Herefordshire) -> None:
    """Take the guardian from the panel whose cases are opened; give the visitors' own panel one."""
    guardian = county.actors["caldicott-guardian"].account_id
    with county.register.work(MAKER) as work:
        for row in work.session.exec(select(Membership).where(Membership.account_id == guardian)):
            row.valid_to = work.today - timedelta(days=1)
        appoint(work, "home-guardian", Role.CALDICOTT_GUARDIAN, county[OURS])


def held(county: Herefordshire, who: str, first: int, last: int | None) -> None:
    """Let somebody's role be one from a day to a day, counted from today."""
    with county.register.work(MAKER) as work:
        account = people.by_username(work.session, who)
        row = work.session.exec(select(Membership).where(Membership.account_id == account.id)).one()
        row.valid_from = work.today + timedelta(days=first)
        row.valid_to = None if last is None else work.today + timedelta(days=last)


def shown(county: Herefordshire, who: str, limit: int = 100) -> list[UUID]:
    with county.register.reading(acting(county.register, who)) as work:
        return [row.id for row in queries.listed(work, limit)]


@pytest.mark.parametrize(
    ("first", "last", "falls"),
    [(-9, None, True), (0, 0, True), (-9, 0, True), (1, None, False), (-9, -1, False)],
)
def test_an_access_falls_to_the_guardian_of_where_its_taker_worked_that_day(
    county: Herefordshire, clock: FixedClock, first: int, last: int | None, falls: bool
) -> None:
    """The list, the page and the rule for one access say the same, from midnight to midnight."""
    day = datetime(2026, 6, 30, 23, tzinfo=UTC)  # midnight in England
    clock.at = day
    guarded_at_home_alone(county)
    for clock.at in (day, day + timedelta(hours=24, minutes=-1)):
        held(county, "visitor", 0, None)
        id = broken(county, "visitor")
        held(county, "visitor", first, last)
        with county.register.reading(MAKER) as work:
            places = queries.reviewers(work, queries.get(work, id))
        assert places == ({county[OURS]} if falls else set())
        assert (id in shown(county, "home-guardian")) is falls


def test_a_list_is_cut_after_what_is_not_one_s_own_to_see(
    county: Herefordshire, clock: FixedClock
) -> None:
    guarded_at_home_alone(county)
    first = broken(county)
    clock.at += timedelta(minutes=1)
    broken(county, "visitor")
    held(county, "visitor", -9, -1)
    assert shown(county, "home-guardian", 1) == shown(county, "home-guardian") == [first]


def test_what_somebody_opened_is_reviewed_though_their_account_is_closed(
    county: Herefordshire, clock: FixedClock
) -> None:
    """Or to be dismissed for it would be to get away with it."""
    guarded_at_home_alone(county)
    id = broken(county)
    with county.register.work(MAKER) as work:
        people.by_username(work.session, "neighbour").disabled_at = work.now
    assert shown(county, "home-guardian") == [id]
    clock.at += timedelta(hours=2)
    guardian = acting(county.register, "home-guardian")
    county.register.do(guardian, service.review, id, "not-appropriate", "It could have waited")
    with county.register.work(MAKER) as work:
        people.by_username(work.session, "home-guardian").disabled_at = work.now
    with county.register.reading(MAKER) as work:
        assert queries.reviewers(work, queries.get(work, id)) == set(), "a guardian must be there"


def test_a_guardian_reviews_for_the_place_that_they_answer_for_and_no_other(
    county: Herefordshire,
) -> None:
    guarded_at_home_alone(county)
    id = broken(county)
    with county.register.work(MAKER) as work:
        appoint(work, "another", Role.CALDICOTT_GUARDIAN, county["worcestershire-jcr"])
    for who, at in (("home-guardian", county[OURS]), ("another", None)):
        row = row_of(county, id)
        with county.register.reading(acting(county.register, who)) as work:
            assert queries.reviews_at(work, row) == at


def test_where_people_work_and_nobody_answers_is_known(county: Herefordshire) -> None:
    """Panels before groups, and only those of today."""
    today = county.register.clock.now().date()

    def lacking() -> list[str]:
        with county.register.reading(MAKER) as work:
            return [each.slug for each in guardians.lacking(work.session, today)]

    assert lacking() == [OURS], "nobody works at the neighbours' group"
    guarded_at_home_alone(county)
    assert lacking() == [THEIRS, "herefordshire-jcr"]


def test_the_panels_that_one_may_open_are_those_out_of_reach(county: Herefordshire) -> None:
    for who, slugs in (
        ("neighbour", ["herefordshire-cdop"]),
        ("coordinator", ["worcestershire-cdop"]),
    ):
        with county.register.reading(acting(county.register, who)) as work:
            assert [panel.slug for panel in queries.panels(work)] == slugs
    with (
        pytest.raises(Denied),
        county.register.reading(acting(county.register, "auditor")) as work,
    ):
        queries.panels(work)
