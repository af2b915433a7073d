"""Whoever comes back from a provider is let in, linked or turned away; the provider is invented.

That its answers are proved: `tests/unit/security/single_sign_on`; all of it over HTTP, with a real
provider: `tests/web/identities`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.errors import Invalid, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account, Method
from cdop.organisations.sessions import Current
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.single_sign_on import flow
from cdop.security.single_sign_on.asking import Asked
from cdop.security.single_sign_on.flow import Answer
from cdop.security.single_sign_on.tokens import Identity, NotProved
from cdop.sign_in import confirming, delays, factors, invitations, steps
from cdop.sign_in.delays import TooSoon
from cdop.sign_in.identities import asking, ending, keeping
from cdop.sign_in.identities.arriving import Arrival, NotAsked, NotLinked, arrive
from cdop.sign_in.identities.asking import Purpose, Why
from cdop.sign_in.identities.models import ExternalIdentity
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Attempts
from cdop.sign_in.steps import Next
from tests.client import session_of
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import HOME, STRANGER, SYSTEM, Person, administrator
from tests.unit.security.single_sign_on.conftest import provider_with

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
ROBIN = Identity("https://id.example.org", "robin at the county", "s1", second_factor=True)
SECRET = "what the browser keeps"


@dataclass
class Door:
    """The register's door for who comes back, and who the provider says that is."""

    person: Person
    identity: Identity | NotProved = ROBIN
    asked_fresh: bool | None = None

    def ask(self, purpose: Purpose, **more: Any) -> Why:
        why = Why(purpose, **more)
        self.person.register.do(SYSTEM, asking._note, "county", SECRET, why)
        return why

    def comes(self, actor: Actor | None = None, visitor: delays.Visitor = HOME) -> Arrival:
        provider = cast("Asked", type("Provider", (), {"provider": provider_with()}))
        return arrive(
            self.person.register, provider, SECRET, Answer("state", "code", None), visitor, actor
        )

    def link(self, identity: Identity = ROBIN) -> None:
        self.person.register.do(SYSTEM, keeping.link, self.person.account_id, identity, "session")

    def session(self) -> Current:
        found = sessions.current(self.person.register, self.person.signs_in())
        assert found
        return found

    def lines(self, action: str) -> list[dict[str, Any]]:
        with self.person.register.reading(SYSTEM) as work:
            query = select(AuditEntry).where(AuditEntry.action == action)
            return [each.detail for each in work.session.exec(query.order_by(col(AuditEntry.id)))]

    def used_at(self) -> Any:
        with self.person.register.reading(SYSTEM) as work:
            query = select(ExternalIdentity.used_at)
            return work.session.exec(query.where(ExternalIdentity.subject == ROBIN.subject)).one()


@pytest.fixture
def door(robin: Person, monkeypatch: pytest.MonkeyPatch) -> Door:
    made = Door(robin)

    def identity(*_: object, fresh: bool) -> Identity:
        made.asked_fresh = fresh
        if isinstance(made.identity, NotProved):
            raise made.identity
        return made.identity

    monkeypatch.setattr(flow, "identity", identity)
    return made


def test_a_linked_person_with_both_factors_is_let_in(door: Door, clock: FixedClock) -> None:
    door.link()
    why = door.ask(Purpose.SIGN_IN, next="/deaths")
    arrival = door.comes()
    assert arrival.why == why
    assert door.asked_fresh is False
    assert arrival.step
    assert arrival.step.next is Next.SESSION
    found = sessions.current(door.person.register, arrival.step.token)
    assert found
    assert found.actor.account_id == door.person.account_id
    assert found.method is Method.OIDC
    assert door.used_at() == clock.at
    (line,) = door.lines("accounts:identity:use")
    assert line.pop("identity")
    assert line == {"second_factor": True}
    with door.person.register.reading(SYSTEM) as work:
        assert ending.issuer_behind(work, found.actor.session_id) == ROBIN.issuer
        (row,) = sessions.alive(work, door.person.account_id)
    assert row.browser == HOME.browser


def test_nothing_is_told_under_the_name_of_who_was_signed_in_before(
    door: Door, county: Herefordshire
) -> None:
    door.link()
    door.ask(Purpose.SIGN_IN)
    door.comes(county.actors["coordinator"])
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry.actor).where(AuditEntry.action == "accounts:session:start")
        assert set(work.session.exec(query)) == {"system:sign-in"}


def test_a_person_without_a_second_factor_there_gives_ours(door: Door) -> None:
    door.link()
    door.identity = replace(ROBIN, second_factor=False)
    door.ask(Purpose.SIGN_IN)
    step = door.comes().step
    assert step
    assert step.next is Next.CODE
    register = door.person.register
    assert sessions.current(register, step.token) is None
    begun = steps.begun_by(register, step.token)
    assert begun
    token = steps.with_code(register, begun, door.person.code(), HOME)
    assert token
    found = sessions.current(register, token)
    assert found
    with register.reading(SYSTEM) as work:
        assert ending.issuer_behind(work, found.actor.session_id) == ROBIN.issuer


@pytest.mark.parametrize(
    ("ago", "confirmed"), [(0, True), (299, True), (300, False), (36_000, False), (None, False)]
)
def test_a_session_is_confirmed_from_when_the_provider_says_the_person_signed_in(
    door: Door, clock: FixedClock, ago: int | None, confirmed: bool
) -> None:
    """Nobody at a screen left open gets what is grave by a press on "Sign in with"."""
    door.link()
    at = None if ago is None else clock.at - timedelta(seconds=ago)
    door.identity = replace(ROBIN, proved_at=at)
    door.ask(Purpose.SIGN_IN)
    step = door.comes().step
    assert step
    found = sessions.current(door.person.register, step.token)
    assert found
    assert found.confirmed_at == at
    assert confirming.is_confirmed(door.person.register, found) is confirmed


def unlink(door: Door) -> None:
    door.person.register.do(SYSTEM, keeping.unlink_all, door.person.account_id)


def disable(door: Door) -> None:
    with door.person.register.work(SYSTEM) as work:
        work.session.get_one(Account, door.person.account_id).disabled_at = work.now


def nothing(_: Door) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "who"),
    [
        (unlink, ROBIN),
        (disable, ROBIN),
        (nothing, replace(ROBIN, subject="somebody else")),
        (nothing, replace(ROBIN, issuer="https://other.example.org")),
    ],
)
def test_whoever_is_not_linked_is_turned_away(
    door: Door, before: Callable[[Door], None], who: Identity
) -> None:
    door.link()
    before(door)
    door.identity = who
    door.ask(Purpose.SIGN_IN)
    with pytest.raises(NotLinked):
        door.comes()
    assert door.lines("accounts:identity:refuse") == [{"provider": "county", "why": "not linked"}]
    assert door.lines("accounts:session:start") == []


def test_nobody_comes_back_who_was_not_sent(door: Door) -> None:
    door.link()
    with pytest.raises(NotAsked):
        door.comes()
    door.ask(Purpose.SIGN_IN)
    door.comes()
    with pytest.raises(NotAsked):
        door.comes()


def test_what_is_not_proved_is_written_down_and_not_asked_twice(door: Door) -> None:
    door.link()
    door.identity = NotProved("nonce")
    door.ask(Purpose.SIGN_IN)
    with pytest.raises(NotProved):
        door.comes()
    assert door.lines("accounts:identity:refuse") == [{"provider": "county", "why": "nonce"}]
    door.identity = ROBIN
    with pytest.raises(NotAsked):
        door.comes()


def test_those_turned_away_wait_by_their_source_and_those_let_in_do_not(door: Door) -> None:
    door.link()
    delays.count_question(door.person.register, STRANGER)
    door.ask(Purpose.SIGN_IN)
    door.comes(visitor=STRANGER)
    with door.person.register.reading(SYSTEM) as work:
        assert set(work.session.exec(select(Attempts.failures))) == {0}
    for _ in range(limits().wait("source").free):
        with pytest.raises(NotAsked):
            door.comes(visitor=STRANGER)
    door.ask(Purpose.SIGN_IN)
    with pytest.raises(TooSoon):
        door.comes(visitor=STRANGER)
    assert door.comes(visitor=HOME)


def test_a_link_is_made_in_the_session_that_asked_and_in_no_other(door: Door) -> None:
    here, other = door.session(), Actor("robin", "Robin", door.person.account_id)
    for actor in (None, other):
        door.ask(Purpose.LINK, session_id=here.actor.session_id)
        with pytest.raises(NotAsked):
            door.comes(actor)
    why = door.ask(Purpose.LINK, session_id=here.actor.session_id)
    assert door.comes(here.actor) == Arrival(why, None)
    (line,) = door.lines("accounts:identity:link")
    assert (line["issuer"], line["how"]) == (ROBIN.issuer, "session")


def test_an_identity_of_another_account_is_not_linked(door: Door, county: Herefordshire) -> None:
    other = county.actors["notifier"].account_id
    county.register.do(SYSTEM, keeping.link, other, ROBIN, "session")
    here = door.session()
    door.ask(Purpose.LINK, session_id=here.actor.session_id)
    with pytest.raises(Refused):
        door.comes(here.actor)


def confirms(door: Door, here: Current, actor: Actor | None) -> bool:
    """Come back to confirm. Says whether that was taken."""
    with door.person.register.work(SYSTEM) as work:
        for row in sessions.alive(work, door.person.account_id):
            row.confirmed_at = None
    why = door.ask(Purpose.CONFIRM, session_id=here.actor.session_id)
    try:
        assert door.comes(actor) == Arrival(why, None)
    except (NotAsked, NotLinked):
        return False
    finally:
        assert door.asked_fresh in (None, True)
    return True


def confirmed_at(door: Door) -> Any:
    with door.person.register.reading(SYSTEM) as work:
        return sessions.alive(work, door.person.account_id)[0].confirmed_at


def test_a_session_is_confirmed_by_its_own_account_s_identity_with_both_factors(
    door: Door, county: Herefordshire, clock: FixedClock
) -> None:
    door.link()
    other = replace(ROBIN, subject="another")
    county.register.do(SYSTEM, keeping.link, county.actors["notifier"].account_id, other, "session")
    here = door.session()
    elsewhere = replace(here.actor, session_id=None)
    assert not confirms(door, here, None)
    assert not confirms(door, here, elsewhere)
    for identity in (
        replace(ROBIN, second_factor=False),
        other,
        replace(ROBIN, subject="nobody's"),
    ):
        door.identity = identity
        assert not confirms(door, here, here.actor)
        assert confirmed_at(door) is None
    assert door.used_at() is None
    door.identity = ROBIN
    assert confirms(door, here, here.actor)
    assert confirmed_at(door) == clock.at
    assert door.used_at() == clock.at


def test_an_invitation_is_taken_up_by_an_identity_once(
    door: Door, county: Herefordshire, clock: FixedClock
) -> None:
    register, account = county.register, door.person.account_id
    register.do(SYSTEM, factors.remove_all, account)
    token = session_of(register, account)
    secret = register.do(administrator(county), invitations.invite, account)
    invitation_id = invitations.pending_id(register, secret)
    door.ask(Purpose.JOIN, invitation_id=invitation_id)
    step = door.comes().step
    assert step
    assert step.next is Next.SESSION
    assert sessions.current(register, token) is None, "those before are over"
    assert sessions.current(register, step.token)
    assert door.lines("accounts:invitation:accept") == [{}]
    with register.reading(SYSTEM) as work:
        query = select(AuditEntry.subject_kind, AuditEntry.subject_id).where(
            AuditEntry.action == "accounts:invitation:accept"
        )
        assert work.session.exec(query).all() == [("accounts", account)]
    assert door.lines("accounts:identity:link")[0]["how"] == "invitation"
    door.ask(Purpose.JOIN, invitation_id=invitation_id)
    with pytest.raises(Invalid) as over:
        door.comes()
    assert over.value.fields == {"invitation": invitations.OVER}


@pytest.mark.parametrize("linked", [False, True])
def test_whoever_holds_an_invitation_gets_round_no_second_factor_by_an_identity_of_their_own(
    door: Door, county: Herefordshire, linked: bool
) -> None:
    """Whoever made it could: a password is reset, and the app or the other identity stays."""
    register, account = county.register, door.person.account_id
    if linked:
        register.do(SYSTEM, factors.remove_all, account)
        register.do(SYSTEM, keeping.link, account, replace(ROBIN, subject="robin's own"), "session")
    boss = administrator(county)
    secret = register.do(boss, invitations.reset, account, with_factors=False)
    door.ask(Purpose.JOIN, invitation_id=invitations.pending_id(register, secret))
    with pytest.raises(Invalid) as refused:
        door.comes()
    assert refused.value.fields == {"invitation": invitations.HELD}
    with register.reading(SYSTEM) as work:
        assert ROBIN.subject not in {each.subject for each in keeping.of(work, account)}
    assert invitations.pending_id(register, secret), "it stands, for its owner"


def test_whoever_holds_an_invitation_gets_round_no_provider_by_a_password(
    door: Door, county: Herefordshire
) -> None:
    """Its owner signs in there, or takes it up there, until an administrator unlinks it."""
    register, account = county.register, door.person.account_id
    register.do(SYSTEM, factors.remove_all, account)
    door.link()
    secret = register.do(administrator(county), invitations.invite, account)
    with pytest.raises(Invalid) as refused:
        invitations.accept(register, secret, "eleven grey herons", HOME)
    assert refused.value.fields == {"invitation": invitations.HELD}
    door.ask(Purpose.JOIN, invitation_id=invitations.pending_id(register, secret))
    assert door.comes().step
    boss = administrator(county)
    secret = register.do(boss, invitations.reset, account, with_factors=True)
    step = invitations.accept(register, secret, "eleven grey herons", HOME)
    assert step.next is Next.ENROL


@pytest.mark.parametrize("why", ["expired", "disabled", "absent"])
def test_an_invitation_that_is_over_links_nobody(
    door: Door, county: Herefordshire, clock: FixedClock, why: str
) -> None:
    register, account = county.register, door.person.account_id
    secret = register.do(administrator(county), invitations.invite, account)
    invitation_id = invitations.pending_id(register, secret)
    if why == "expired":
        clock.at += timedelta(hours=limits().invitation_hours)
    elif why == "disabled":
        disable(door)
    door.ask(Purpose.JOIN, invitation_id=account if why == "absent" else invitation_id)
    with pytest.raises(Invalid) as over:
        door.comes()
    assert over.value.fields == {"invitation": invitations.OVER}
    with register.reading(SYSTEM) as work:
        assert keeping.of(work, account) == []
