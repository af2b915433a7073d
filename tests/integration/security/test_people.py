"""Accounts, roles and deputies as they are entered, and what each gives its holder that day."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.deaths.service import notify
from cdop.deaths.service.assigning import assign, assigned, key_workers, unassign
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations import people
from cdop.organisations.models import Account, LinkKind, Membership, OrganisationLink
from cdop.organisations.reach_models import Assignment, Deputy
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from tests.factories import FOUNDED, MAKER, Herefordshire, appoint, child, herefordshire, told

PANEL, OTHER = "herefordshire-cdop", "worcestershire-cdop"
TODAY = date(2026, 11, 20)
READ, EDIT = "deaths:case:read", "deaths:case:edit"


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


def acting(register: Register, username: str) -> Actor:
    with register.reading(MAKER) as work:
        return people.actor_by_username(work.session, username, work.now)


def row_of(register: Register, table: type[Any], id: UUID) -> Any:
    with register.reading(MAKER) as work:
        return work.session.get_one(table, id)


def last_line(register: Register) -> AuditEntry:
    with register.reading(MAKER) as work:
        query = select(AuditEntry).order_by(col(AuditEntry.id).desc())
        found = work.session.exec(query).first()
    assert found
    return found


def told_of(line: AuditEntry) -> tuple[Any, ...]:
    return line.action, line.subject_kind, line.subject_id, line.organisation_id, line.detail


def test_an_account_begins_without_a_password_and_under_a_plain_name(
    county: Herefordshire,
) -> None:
    register = county.register
    id = register.do(MAKER, people.add_account, "  Robin.Invented ", " Robin Invented ")
    account = row_of(register, Account, id)
    assert (account.username, account.display_name) == ("robin.invented", "Robin Invented")
    assert account.password_hash == ""
    assert account.created_at == register.clock.now()
    assert told_of(last_line(register)) == ("accounts:account:add", "accounts", id, None, {})
    bare = register.do(MAKER, people.add_account, "bare", " ")
    assert row_of(register, Account, bare).display_name == "bare"
    with register.reading(MAKER) as work:
        assert people.by_username(work.session, " ROBIN.invented ").id == id


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("  ", "Enter a user name"),
        ("two\nlines", "The user name must be on one line"),
        ("Coordinator", "That user name is taken"),
    ],
)
def test_a_user_name_that_cannot_be_is_refused(
    county: Herefordshire, name: str, fault: str
) -> None:
    with pytest.raises(Invalid) as refused:
        county.register.do(MAKER, people.add_account, name, "Somebody")
    assert refused.value.fields == {"username": fault}


def test_a_role_is_held_from_today_unless_days_are_given(county: Herefordshire) -> None:
    register, panel = county.register, county[PANEL]
    account = register.do(MAKER, people.add_account, "robin", "Robin")
    first = register.do(MAKER, people.add_membership, account, Role.PANEL_MEMBER, panel)
    row = row_of(register, Membership, first)
    assert (row.valid_from, row.valid_to, row.office) == (TODAY, None, None)
    assert (row.role, row.organisation_id, row.account_id) == ("panel-member", panel, account)
    line = ("accounts:membership:add", "accounts", account, panel)
    assert told_of(last_line(register)) == (*line, {"role": "panel-member", "office": None})
    second = register.do(
        MAKER,
        people.add_membership,
        account,
        Role.DECISION_MAKER,
        county["herefordshire"],
        office="children-chair",
        valid_from=FOUNDED,
        valid_to=TODAY,
    )
    row = row_of(register, Membership, second)
    assert (row.valid_from, row.valid_to, row.office) == (FOUNDED, TODAY, "children-chair")
    assert last_line(register).detail == {"role": "decision-maker", "office": "children-chair"}
    actor = acting(register, "robin")
    assert actor.offices(county["herefordshire"]) == {"children-chair"}
    assert actor.may("office:children-chair", county["herefordshire"])
    assert actor.scope("overview:case:read") == {panel}
    with pytest.raises(Invalid) as refused:
        register.do(MAKER, people.add_membership, account, Role.DECISION_MAKER, panel)
    said = "A decision maker holds an office, for example children-chair"
    assert refused.value.fields == {"office": said}


def test_a_deputy_s_days_and_role_are_written_down(county: Herefordshire) -> None:
    register = county.register
    with register.reading(MAKER) as work:
        query = select(Membership).where(
            Membership.account_id == county.actors["coordinator"].account_id
        )
        held = work.session.exec(query).one()
    deputy = county.actors["panel-member"].account_id
    last = TODAY + timedelta(days=6)
    id = register.do(MAKER, people.add_deputy, deputy, held.id, TODAY, last)
    row = row_of(register, Deputy, id)
    assert (row.account_id, row.membership_id) == (deputy, held.id)
    assert (row.valid_from, row.valid_to) == (TODAY, last)
    detail = {"role": "coordinator", "stands_in_for": str(held.account_id)}
    line = ("accounts:deputy:add", "accounts", deputy, county[PANEL])
    assert told_of(last_line(register)) == (*line, detail)
    faults = []
    for account, days in ((held.account_id, (TODAY, last)), (deputy, (last, TODAY))):
        with pytest.raises(Invalid) as refused:
            register.do(MAKER, people.add_deputy, account, held.id, *days)
        faults.append(refused.value.fields)
    assert faults == [
        {"account_id": "Nobody stands in for themselves: choose somebody else"},
        {"valid_to": "The last day must not be before the first"},
    ]


def test_nobody_but_an_administrator_enters_or_reads_accounts(county: Herefordshire) -> None:
    coordinator, somebody = county.actors["coordinator"], uuid4()
    for service, arguments in (
        (people.add_account, ("robin", "Robin")),
        (people.add_membership, (somebody, Role.NOTIFIER, None)),
        (people.add_deputy, (somebody, somebody, TODAY, TODAY)),
        (people.everyone, ()),
    ):
        with pytest.raises(Denied) as denied:
            county.register.do(coordinator, service, *arguments)  # type: ignore[arg-type]
        assert denied.value.permission == "accounts:account:manage"


def test_everyone_is_listed_with_the_roles_of_today(county: Herefordshire) -> None:
    register = county.register
    with register.work(MAKER) as work:
        past = appoint(work, "past", Role.NOTIFIER, county[PANEL])
        for row in work.session.exec(select(Membership).where(Membership.account_id == past.id)):
            row.valid_to = TODAY - timedelta(days=1)
    with register.reading(MAKER) as work:
        listed = people.everyone(work)
    names = [account.username for account, _ in listed]
    assert names == sorted(names)
    roles = {account.username: [each.role for each in held] for account, held in listed}
    assert roles["past"] == []
    assert roles["coordinator"] == ["coordinator"]
    assert len(roles["caldicott-guardian"]) == 2


def test_a_disabled_account_acts_no_more(county: Herefordshire) -> None:
    register = county.register
    assert acting(register, " Coordinator").may(EDIT, county[PANEL])
    with register.work(MAKER) as work:
        people.by_username(work.session, "coordinator").disabled_at = work.now
    for name in ("coordinator", "nobody"):
        with pytest.raises(NotFound):
            acting(register, name)


def test_a_role_reaches_those_whose_place_was_taken_and_not_those_that_are_served(
    county: Herefordshire,
) -> None:
    """However many there were one after the other; and never the other way round."""
    register, panel = county.register, county[PANEL]
    chain = [panel, county[OTHER], county["worcestershire-jcr"]]
    with register.work(MAKER) as work:
        for later, earlier in pairwise(chain):
            work.session.add(
                OrganisationLink(
                    organisation_id=later,
                    other_id=earlier,
                    kind=LinkKind.SUCCEEDS,
                    valid_from=FOUNDED,
                )
            )
    assert acting(register, "coordinator").scope(EDIT) == set(chain)
    assert acting(register, "neighbour").scope(EDIT) == set(chain[1:])
    assert acting(register, "auditor").grants[0].organisations == frozenset()


def case_at(county: Herefordshire, slug: str, seed: int = 1) -> UUID:
    notified = county.register.do(MAKER, notify, told(county[slug], child(seed)))
    assert notified.death_id
    return notified.death_id


def test_who_may_be_assigned_are_the_panel_s_key_workers_of_today(county: Herefordshire) -> None:
    register = county.register
    with register.work(MAKER) as work:
        for name in ("a-gone", "a-past", "a-new"):
            appoint(work, name, Role.KEY_WORKER, county[PANEL])
        appoint(work, "a-new", Role.KEY_WORKER, county[PANEL])  # twice, and one person
        appoint(work, "elsewhere", Role.KEY_WORKER, county[OTHER])
        people.by_username(work.session, "a-gone").disabled_at = work.now
        past = people.by_username(work.session, "a-past")
        for row in work.session.exec(select(Membership).where(Membership.account_id == past.id)):
            row.valid_to = TODAY - timedelta(days=1)
    with register.reading(county.actors["coordinator"]) as work:
        found = [each.username for each in key_workers(work, county[PANEL])]
    assert found == ["a-new", "key-worker"]


def test_an_assignment_is_kept_from_its_day_and_written_down(
    county: Herefordshire, clock: FixedClock
) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    case = case_at(county, PANEL)
    register.do(coordinator, assign, case, " Key-Worker ")
    with register.reading(coordinator) as work:
        ((row, account),) = assigned(work, case)
    assert (row.valid_from, row.valid_to, row.organisation_id) == (TODAY, None, county[PANEL])
    assert (row.subject_id, account.username) == (case, "key-worker")
    line = ("deaths:case:assign", "deaths", case, county[PANEL], {"to": "key-worker"})
    assert told_of(last_line(register)) == line
    register.do(coordinator, unassign, case, "somebody else")
    assert told_of(last_line(register)) == line
    clock.at += timedelta(days=3)
    register.do(coordinator, unassign, case, "key-worker")
    line = ("deaths:case:unassign", "deaths", case, county[PANEL], {"to": "key-worker"})
    assert told_of(last_line(register)) == line
    assert row_of(register, Assignment, row.id).valid_to == TODAY + timedelta(days=2)
    with pytest.raises(Invalid) as refused:
        register.do(coordinator, assign, case, "nobody")
    assert refused.value.fields == {"key_worker": "Select a key worker of this panel"}


def test_an_assigned_case_is_reached_through_the_role_for_which_it_was_assigned(
    county: Herefordshire,
) -> None:
    """Held at that panel and in force; a colleague who is assigned another case reaches that."""
    register, coordinator = county.register, county.actors["coordinator"]
    mine, hers = case_at(county, PANEL, 1), case_at(county, PANEL, 2)
    with register.work(MAKER) as work:
        appoint(work, "colleague", Role.KEY_WORKER, county[PANEL])
    register.do(coordinator, assign, mine, "key-worker")
    register.do(coordinator, assign, hers, "colleague")
    actor = acting(register, "key-worker")
    assert actor.cases(READ) == {mine}
    assert acting(register, "colleague").cases(READ) == {hers}
    assert actor.scope(READ) == frozenset()
    assert not actor.may(READ, county[PANEL])
    assert actor.may(READ, county[PANEL], mine)
    with register.work(MAKER) as work:
        move(work, actor, county[OTHER])
    assert acting(register, "key-worker").cases(READ) == frozenset()


def test_a_case_of_a_panel_that_is_no_more_is_assigned_to_people_of_both(
    county: Herefordshire,
) -> None:
    """To each by the role that they hold, at whichever of the two it is."""
    register, case = county.register, case_at(county, PANEL)
    taken_over = OrganisationLink(
        organisation_id=county[OTHER],
        other_id=county[PANEL],
        kind=LinkKind.SUCCEEDS,
        valid_from=FOUNDED,
    )
    with register.work(MAKER) as work:
        work.session.add(taken_over)
        appoint(work, "colleague", Role.KEY_WORKER, county[OTHER])
    for who in ("colleague", "key-worker"):
        register.do(acting(register, "neighbour"), assign, case, who)
        assert acting(register, who).cases(READ) == {case}
    with register.reading(MAKER) as work:
        held = {account.username: row.organisation_id for row, account in assigned(work, case)}
    assert held == {"colleague": county[OTHER], "key-worker": county[PANEL]}


def move(work: Work, actor: Actor, panel: UUID) -> None:
    query = select(Membership).where(Membership.account_id == actor.account_id)
    for row in work.session.exec(query):
        row.organisation_id = panel
