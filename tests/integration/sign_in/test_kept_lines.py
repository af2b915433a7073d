"""Each step of signing in and each change to an account leaves one line that says what it was."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.errors import Invalid
from cdop.organisations import people, sessions
from cdop.organisations.models import Account, Membership, Method, SignIn
from cdop.security import one_time_codes
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.sign_in import administering, authenticators, confirming, invitations, own, steps
from cdop.sign_in.administering import Appointment
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import HOME, PASSWORD, SYSTEM, Person, administrator

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
CHOSEN = "eleven grey herons"
TODAY = date(2026, 11, 20)


class Log:
    """The audit lines that follow one another, those about an account by what they say."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.seen = len(self.everything())

    def everything(self) -> list[AuditEntry]:
        with self.person.register.reading(SYSTEM) as work:
            return list(work.session.exec(select(AuditEntry).order_by(col(AuditEntry.id))))

    def new(self) -> list[tuple[str, str, Any]]:
        """Return who did what, with which detail, since the last look; all about that account."""
        everything = self.everything()
        fresh = [
            line for line in everything[self.seen :] if not line.action.startswith("register:")
        ]
        self.seen = len(everything)
        about = {(line.subject_kind, line.subject_id) for line in fresh}
        assert about <= {("accounts", self.person.account_id)}
        return [(line.actor, line.action, line.detail) for line in fresh]


@pytest.fixture
def log(robin: Person) -> Log:
    return Log(robin)


def signed_in(robin: Person) -> Actor:
    """Sign in by the pages' steps. Returns who acts from then on."""
    actor = sessions.actor_for(robin.register, robin.signs_in())
    assert actor
    return actor


def test_signing_in_and_out(robin: Person, log: Log) -> None:
    register, me = robin.register, robin.username
    assert steps.with_password(register, me, "wrong", HOME) is None
    assert log.new() == [("system:sign-in", "accounts:session:refuse", {})]
    begun = robin.first_step()
    assert log.new() == []
    assert steps.with_code(register, begun, "000000", HOME) is None
    assert log.new() == [(me, "accounts:session:refuse", {})]
    token = steps.with_code(register, begun, robin.code(), HOME)
    assert token
    assert log.new() == [(me, "accounts:session:start", {"method": "totp"})]
    sessions.sign_out(register, token)
    assert log.new() == [("system:sign-in", "accounts:session:end", {})]
    sessions.sign_out(register, token)
    assert log.new() == []
    steps.with_code(register, robin.first_step(), robin.codes[0], HOME)
    assert log.new() == [
        (me, "accounts:recovery:use", {"left": 9}),
        (me, "accounts:session:start", {"method": "recovery"}),
    ]


def test_what_somebody_does_to_their_own_account(
    robin: Person, log: Log, clock: FixedClock
) -> None:
    register, me = robin.register, robin.username
    robin.signs_in()
    clock.at += timedelta(minutes=1)
    actor = signed_in(robin)
    log.new()
    register.do(actor, own.see_elsewhere)
    assert log.new() == [(me, "accounts:session:recognise", {})]
    register.do(actor, own.renew_codes)
    assert log.new() == [(me, "accounts:recovery:renew", {"codes": 10})]
    assert confirming.confirm(register, actor, "000000", HOME) is False
    assert log.new() == [(me, "accounts:session:refuse", {})]
    clock.at += timedelta(minutes=1)
    assert confirming.confirm(register, actor, robin.code(), HOME) is True
    assert log.new() == [(me, "accounts:session:confirm", {})]
    with pytest.raises(Invalid) as refused:
        own.change_password(register, actor, "wrong", CHOSEN, HOME)
    assert refused.value.fields == {"current": "That is not your password"}
    assert log.new() == [(me, "accounts:session:refuse", {})]
    own.change_password(register, actor, PASSWORD, CHOSEN, HOME)
    assert log.new() == [
        (me, "accounts:password:set", {}),
        (me, "accounts:session:end", {"sessions": 1}),
    ]
    secret = register.do(actor, own.offered_secret, "a token")
    code = one_time_codes.code_of(secret, one_time_codes.step_at(clock.at))
    assert register.do(actor, own.add_app, "a token", code) == ()
    assert log.new() == [(me, "accounts:factor:add", {"factor": "authenticator"})]
    first = ids_of(robin, authenticators.of)[0]
    register.do(actor, own.remove_app, first)
    assert log.new() == [(me, "accounts:factor:remove", {"factor": "authenticator"})]
    assert register.do(actor, own.end_all_sessions) == 1
    assert log.new() == [(me, "accounts:session:end", {"sessions": 1})]


def ids_of(robin: Person, listed: Callable[..., Any]) -> list[UUID]:
    with robin.register.reading(SYSTEM) as work:
        return [row.id for row in listed(work, robin.account_id)]


def test_what_an_administrator_does_to_it(
    robin: Person, log: Log, county: Herefordshire, clock: FixedClock
) -> None:
    register, panel = robin.register, county["herefordshire-cdop"]
    boss = administrator(county)
    robin.signs_in()
    log.new()
    register.do(boss, administering.disable, robin.account_id)
    assert log.new() == [
        ("administrator", "accounts:session:end", {"sessions": 1}),
        ("administrator", "accounts:account:disable", {}),
    ]
    register.do(boss, administering.disable, robin.account_id)
    assert log.new() == []
    register.do(boss, administering.enable, robin.account_id)
    assert log.new() == [("administrator", "accounts:account:enable", {})]
    register.do(boss, administering.enable, robin.account_id)
    assert log.new() == []
    role = register.do(
        boss, administering.appoint, robin.account_id, Appointment(Role.PANEL_MEMBER, panel)
    )
    line = ("administrator", "accounts:membership:add", {"role": "panel-member", "office": None})
    assert log.new() == [line]
    register.do(boss, administering.end_role, role, TODAY)
    assert log.new() == [("administrator", "accounts:membership:end", {"role": "panel-member"})]
    secret = register.do(boss, invitations.reset, robin.account_id, with_factors=True)
    assert log.new() == [
        ("administrator", "accounts:factor:remove", {"factor": "authenticator"}),
        ("administrator", "accounts:account:reset", {"factors": True}),
        ("administrator", "accounts:invitation:make", {}),
    ]
    invitations.accept(register, secret, CHOSEN, HOME)
    me = robin.username
    assert log.new() == [
        (me, "accounts:password:set", {}),
        (me, "accounts:invitation:accept", {}),
    ]


def test_a_session_knows_its_browser_and_tells_the_one_before(
    robin: Person, clock: FixedClock
) -> None:
    register, first = robin.register, robin.signs_in()
    began = clock.at
    clock.at += timedelta(minutes=1)
    second = robin.signs_in()
    rows = rows_of(robin)
    assert [(row.browser, row.method) for row in rows] == [("Firefox on Windows", "totp")] * 2
    assert [row.started_at for row in rows] == [row.seen_at for row in rows] == [began, clock.at]
    assert [row.confirmed_at for row in rows] == [began, clock.at]
    told, untold = sessions.current(register, first), sessions.current(register, second)
    assert told
    assert untold
    assert (told.elsewhere, untold.elsewhere) == (
        sessions.Elsewhere(clock.at, "Firefox on Windows"),
        None,
    )
    assert (told.method, told.confirmed_at) == (Method.TOTP, began)
    actor = told.actor
    assert (actor.name, actor.display_name) == (robin.username, "Robin.Invented")
    assert (actor.account_id, actor.session_id) == (robin.account_id, rows[0].id)
    register.do(actor, own.see_elsewhere)
    again = sessions.current(register, first)
    assert again
    assert again.elsewhere is None


def rows_of(robin: Person) -> list[SignIn]:
    with robin.register.reading(SYSTEM) as work:
        query = select(SignIn).where(SignIn.account_id == robin.account_id)
        return list(work.session.exec(query.order_by(col(SignIn.started_at))))


def test_being_seen_is_written_once_a_minute_and_not_at_each_click(
    robin: Person, clock: FixedClock
) -> None:
    token, began = robin.signs_in(), clock.at
    for seconds, seen in ((59, 0), (1, 0), (1, 61), (30, 61)):
        clock.at += timedelta(seconds=seconds)
        assert sessions.current(robin.register, token)
        assert rows_of(robin)[0].seen_at == began + timedelta(seconds=seen)


def test_sessions_are_listed_while_they_last_the_latest_first(
    robin: Person, clock: FixedClock
) -> None:
    def alive() -> list[Any]:
        with robin.register.reading(SYSTEM) as work:
            return [row.started_at for row in sessions.alive(work, robin.account_id)]

    first = clock.at
    robin.signs_in()
    clock.at += timedelta(minutes=2)
    second = clock.at
    token = robin.signs_in()
    assert alive() == [second, first]
    clock.at += timedelta(minutes=13)
    assert alive() == [second], "the first has been idle for fifteen minutes"
    sessions.sign_out(robin.register, token)
    assert alive() == []
    assert robin.register.do(SYSTEM, sessions.end_others, robin.account_id) == 0


def test_nobody_s_account_is_touched_by_another_s_sign_out(robin: Person) -> None:
    """The token of a form belongs to its session, and no hash of it opens anything."""
    token = robin.signs_in()
    assert sessions.csrf(token) != sessions.csrf(token + "x")
    assert len(sessions.csrf(token)) == 64
    sessions.sign_out(robin.register, sessions.hash_of(token).hex())
    assert sessions.actor_for(robin.register, token)


def test_the_account_is_left_as_it_was(robin: Person) -> None:
    """A right password changes neither name nor roles: only what is outdated is hashed anew."""
    with robin.register.reading(SYSTEM) as work:
        before = work.session.get_one(Account, robin.account_id).model_dump()
        roles = work.session.exec(
            select(Membership.id).where(Membership.account_id == robin.account_id)
        ).all()
    robin.signs_in()
    with robin.register.reading(SYSTEM) as work:
        assert work.session.get_one(Account, robin.account_id).model_dump() == before
        assert people.by_username(work.session, robin.username).id == robin.account_id
        query = select(Membership.id).where(Membership.account_id == robin.account_id)
        assert work.session.exec(query).all() == roles
