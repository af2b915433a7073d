"""Accounts as their administrator sees and changes them; nobody changes their own rights."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Denied, Invalid, NotFound, Refused
from cdop.organisations import people, sessions
from cdop.organisations.models import Account, Membership
from cdop.organisations.reach_models import Deputy
from cdop.security.models import AuditEntry
from cdop.security.permissions import ANYWHERE, Role
from cdop.sign_in import administering, deputies, invitations
from cdop.sign_in.administering import Appointment, Standing
from tests.factories import FOUNDED, MAKER, Herefordshire
from tests.integration.sign_in.conftest import Person, administrator

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
TODAY = date(2026, 11, 20)
ONE_S_OWN = "Nobody changes their own rights. Ask another administrator."


def standing(county: Herefordshire, account: UUID) -> Standing:
    with county.register.reading(administrator(county)) as work:
        return administering.standing(work, account)


def listed(county: Herefordshire, words: str = "") -> list[str]:
    with county.register.reading(administrator(county)) as work:
        return [each.account.username for each in administering.listed(work, words)]


def test_accounts_are_found_by_all_words_of_either_name(
    county: Herefordshire, robin: Person
) -> None:
    everyone = listed(county)
    assert everyone == sorted(everyone)
    assert len(everyone) == len(county.actors) + 1
    assert listed(county, "ROBIN") == listed(county, "inv rob") == ["robin.invented"]
    assert listed(county, "Panel Chair") == listed(county, "Panel-Chair") == ["panel-chair"]
    assert listed(county, "robin chair") == listed(county, "%") == []


def test_an_account_without_a_role_is_listed_too(county: Herefordshire) -> None:
    boss = administrator(county)
    county.register.do(boss, people.add_account, "ada", "Ada Invented")
    with county.register.reading(boss) as work:
        (found,) = administering.listed(work, "ada INVENTED")
    assert (found.roles, administering.state_of(found)) == ((), "invitation expired")


def test_an_account_is_shown_with_all_that_keeps_it_from_signing_in(
    county: Herefordshire, robin: Person, clock: FixedClock
) -> None:
    register, boss = county.register, administrator(county)
    seen = clock.at
    robin.signs_in()
    clock.at += timedelta(minutes=5)
    found = standing(county, robin.account_id)
    assert (found.has_factor, found.is_linked) == (True, False)
    assert (found.invited_until, found.last_seen_at) == (None, seen)
    assert [row.role for row in found.roles] == ["coordinator"]
    assert administering.state_of(found) == "in use"
    register.do(boss, invitations.reset, robin.account_id, with_factors=True)
    found = standing(county, robin.account_id)
    assert found.invited_until == clock.at + timedelta(hours=72)
    assert administering.state_of(found) == "invited"
    clock.at += timedelta(hours=72)
    assert administering.state_of(standing(county, robin.account_id)) == "invitation expired"
    with register.work(MAKER) as work:
        work.session.get_one(Account, robin.account_id).password_hash = "kept"
    assert administering.state_of(standing(county, robin.account_id)) == "no second factor yet"
    notifier = county.actors["notifier"].account_id
    assert notifier
    assert administering.state_of(standing(county, notifier)) == "in use"
    register.do(boss, administering.disable, notifier)
    assert administering.state_of(standing(county, notifier)) == "disabled"


def faults(county: Herefordshire, appointment: Appointment) -> dict[str, str]:
    account = county.actors["notifier"].account_id
    assert account
    try:
        county.register.do(administrator(county), administering.appoint, account, appointment)
    except Invalid as refused:
        return refused.fields
    return {}


def test_a_role_is_given_with_what_it_needs(county: Herefordshire) -> None:
    panel, board = county["herefordshire-cdop"], county["herefordshire"]
    said = "A decision maker holds an office, for example children-chair"
    assert faults(county, Appointment(Role.COORDINATOR, None)) == {
        "organisation_id": "CDOP coordinator: name the organisation"
    }
    assert faults(county, Appointment(Role.DECISION_MAKER, board)) == {"office": said}
    assert faults(county, Appointment(Role.DECISION_MAKER, board, "king")) == {
        "office": "There is no such office"
    }
    order = {"valid_to": "The last day must not be before the first"}
    yesterday = TODAY - timedelta(days=1)
    assert faults(county, Appointment(Role.COORDINATOR, panel, valid_to=yesterday)) == order
    dated = Appointment(Role.COORDINATOR, panel, None, TODAY + timedelta(days=2), TODAY)
    assert faults(county, dated) == order
    for right in (
        Appointment(Role.COORDINATOR, panel, valid_to=TODAY),
        Appointment(Role.DECISION_MAKER, board, "children-chair"),
        Appointment(Role.COORDINATOR, panel, None, FOUNDED, yesterday),
        *(Appointment(role, None) for role in sorted(ANYWHERE)),
    ):
        assert faults(county, right) == {}


def test_an_account_is_added_with_its_role_or_not_at_all(county: Herefordshire) -> None:
    register, boss, panel = county.register, administrator(county), county["herefordshire-cdop"]
    with pytest.raises(Invalid):
        register.do(boss, administering.add, "ada", "Ada", Appointment(Role.COORDINATOR, None))
    with pytest.raises(Invalid):
        register.do(
            boss, administering.add, "robin", "Robin", Appointment(Role.DECISION_MAKER, panel)
        )
    assert listed(county, "ada") == listed(county, "robin") == []
    given = Appointment(Role.COORDINATOR, panel, None, TODAY, TODAY + timedelta(days=9))
    account, secret = register.do(boss, administering.add, "ada", "Ada Invented", given)
    (role,) = standing(county, account).roles
    assert (role.role, role.organisation_id, role.office) == ("coordinator", panel, None)
    assert (role.valid_from, role.valid_to) == (TODAY, TODAY + timedelta(days=9))
    assert invitations.pending_id(register, secret)


def role_of(county: Herefordshire, who: str) -> UUID:
    with county.register.reading(MAKER) as work:
        query = select(Membership.id).where(Membership.account_id == county.actors[who].account_id)
        return work.session.exec(query).one()


def test_a_role_ends_with_its_last_day_once(county: Herefordshire, clock: FixedClock) -> None:
    register, boss = county.register, administrator(county)
    role = role_of(county, "notifier")
    assert register.do(boss, administering.end_role, role, TODAY).valid_to == TODAY
    later = TODAY + timedelta(days=3)
    assert register.do(boss, administering.end_role, role, later).valid_to == later
    with register.reading(boss) as work:
        assert administering.yesterday(work) == TODAY - timedelta(days=1)
    clock.at += timedelta(days=4)
    with pytest.raises(Refused) as refused:
        register.do(boss, administering.end_role, role, later)
    assert str(refused.value) == "This role has ended already."
    with pytest.raises(NotFound):
        register.do(boss, administering.end_role, uuid4(), later)


def test_roles_are_shown_with_the_earliest_first(county: Herefordshire, robin: Person) -> None:
    for first in (TODAY + timedelta(days=9), FOUNDED, TODAY):
        given = Appointment(Role.PANEL_MEMBER, county["herefordshire-cdop"], None, first)
        county.register.do(administrator(county), administering.appoint, robin.account_id, given)
    days = [row.valid_from for row in standing(county, robin.account_id).roles]
    assert len(days) == 4
    assert days == sorted(days)


def test_a_role_of_another_account_is_not_there(county: Herefordshire, robin: Person) -> None:
    found = standing(county, robin.account_id)
    assert administering.of(found, found.roles[0].id) is found.roles[0]
    with pytest.raises(NotFound):
        administering.of(found, role_of(county, "notifier"))


def test_a_disabled_account_is_out_and_comes_back_as_it_was(
    county: Herefordshire, robin: Person
) -> None:
    register, boss, token = county.register, administrator(county), robin.signs_in()
    register.do(boss, administering.disable, robin.account_id)
    assert sessions.actor_for(register, token) is None
    with pytest.raises(Refused) as refused:
        register.do(boss, invitations.invite, robin.account_id)
    assert str(refused.value) == "This account is disabled. Enable it first."
    register.do(boss, administering.enable, robin.account_id)
    assert sessions.actor_for(register, token) is None
    found = standing(county, robin.account_id)
    assert (found.account.disabled_at, found.has_factor) == (None, True)


def test_nobody_changes_their_own_rights_or_gets_round_their_own_factor(
    county: Herefordshire,
) -> None:
    register, boss = county.register, administrator(county)
    me, own_role = boss.account_id, role_of(county, "administrator")
    changes: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (administering.disable, (me,)),
        (administering.enable, (me,)),
        (administering.appoint, (me, Appointment(Role.AUDITOR, None))),
        (administering.end_role, (own_role, TODAY)),
        (deputies.add, (me, role_of(county, "coordinator"), TODAY, TODAY)),
    ]
    for change, arguments in changes:
        with pytest.raises(Refused) as refused:
            register.do(boss, change, *arguments)
        assert str(refused.value) == ONE_S_OWN
    with pytest.raises(Refused) as refused:
        register.do(boss, invitations.reset, me, with_factors=True)
    assert str(refused.value) == "Nobody resets their own account. Ask another administrator."


def test_nobody_else_sees_or_changes_an_account(county: Herefordshire, robin: Person) -> None:
    someone, role = robin.account_id, role_of(county, "notifier")
    panel = county["herefordshire-cdop"]
    services: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (administering.listed, ()),
        (administering.standing, (someone,)),
        (administering.add, ("x", "X", Appointment(Role.NOTIFIER, panel))),
        (administering.appoint, (someone, Appointment(Role.NOTIFIER, panel))),
        (administering.end_role, (role, TODAY)),
        (administering.disable, (someone,)),
        (administering.enable, (someone,)),
        (invitations.pending, ()),
        (deputies.of, (someone,)),
        (deputies.add, (someone, role, TODAY, TODAY)),
    ]
    for service, arguments in services:
        with pytest.raises(Denied) as denied:
            county.register.do(county.actors["coordinator"], service, *arguments)
        assert denied.value.permission == people.MANAGE
    for service in (administering.standing, administering.disable, administering.enable):
        with pytest.raises(NotFound):
            county.register.do(administrator(county), service, uuid4())


def test_whom_somebody_stands_in_for_is_listed_the_earliest_first(
    county: Herefordshire, robin: Person
) -> None:
    register, boss = county.register, administrator(county)
    for who, day in (("panel-chair", 9), ("coordinator", 2)):
        first = TODAY + timedelta(days=day)
        register.do(boss, deputies.add, robin.account_id, role_of(county, who), first, first)
    with register.reading(boss) as work:
        found = deputies.of(work, robin.account_id)
        notifier = county.actors["notifier"].account_id
        assert notifier
        assert deputies.of(work, notifier) == []
    assert [(each.holder, each.membership.role) for each in found] == [
        ("Coordinator", "coordinator"),
        ("Panel Chair", "panel-chair"),
    ]
    assert [each.valid_from for each in found] == [TODAY + timedelta(days=n) for n in (2, 9)]
    assert [each.valid_to for each in found] == [each.valid_from for each in found]


def stands_in(county: Herefordshire, robin: Person, first: int, last: int) -> UUID:
    """Let robin stand in for the panel's chair between two days, counted from today."""
    days = (TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    chair = role_of(county, "panel-chair")
    return county.register.do(administrator(county), deputies.add, robin.account_id, chair, *days)


@pytest.mark.parametrize(("first", "left"), [(-3, TODAY - timedelta(days=1)), (0, None), (2, None)])
def test_standing_in_ends_with_yesterday_or_never_was(
    county: Herefordshire, robin: Person, first: int, left: date | None
) -> None:
    register, boss = county.register, administrator(county)
    deputy = stands_in(county, robin, first, 5)
    register.do(boss, deputies.end, robin.account_id, deputy)
    with register.reading(boss) as work:
        row = work.session.get(Deputy, deputy)
        line = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "accounts:deputy:end")
        ).one()
    assert (row.valid_to if row else None) == left
    assert (line.subject_kind, line.subject_id) == ("accounts", robin.account_id)
    assert line.organisation_id == county["herefordshire-cdop"]
    chair = county.actors["panel-chair"].account_id
    assert line.detail == {"role": "panel-chair", "stood_in_for": str(chair)}


def test_standing_in_that_is_over_or_another_s_is_not_ended(
    county: Herefordshire, robin: Person
) -> None:
    register, boss = county.register, administrator(county)
    over, on = stands_in(county, robin, -9, -1), stands_in(county, robin, -9, 0)
    with pytest.raises(Refused) as refused:
        register.do(boss, deputies.end, robin.account_id, over)
    assert str(refused.value) == "This standing in is over already."
    for account, deputy in (
        (county.actors["notifier"].account_id, on),
        (robin.account_id, uuid4()),
    ):
        with pytest.raises(NotFound):
            register.do(boss, deputies.end, account, deputy)
    with pytest.raises(Refused) as refused:
        register.do(boss, deputies.end, boss.account_id, on)
    assert str(refused.value) == ONE_S_OWN
    with pytest.raises(Denied) as denied:
        register.do(county.actors["coordinator"], deputies.end, robin.account_id, on)
    assert denied.value.permission == people.MANAGE
    register.do(boss, deputies.end, robin.account_id, on)
