"""Passkeys: what one proves, for whom, once; and what is written of it."""

from datetime import timedelta

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.models import Account, Method
from cdop.organisations.sessions import GATE
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.passkeys import Site
from cdop.security.work import Register
from cdop.sign_in import factors, own, recovery, steps
from cdop.sign_in.delays import TooSoon, Visitor
from cdop.sign_in.limits import limits
from cdop.sign_in.passkeys import keeping, proving
from cdop.sign_in.steps import Begun
from tests.client import session_of
from tests.factories import Herefordshire, herefordshire
from tests.passkeys import Device

VISITOR = Visitor("192.0.2.1", "Firefox on Windows")


def signed_in(register: Register, actor: Actor) -> Actor:
    """Return an account as it stands with a session."""
    return sessions.actor_for(register, session_of(register, actor.account_id))


def give(register: Register, actor: Actor, name: str = "Work laptop") -> Device:
    """Give an account a passkey. Returns the device that holds it."""
    device = Device(register.settings.origin)
    browser = f"a session of {actor.name}"
    options = register.do(actor, keeping.offer, Site(register.settings.origin), browser)
    made = keeping.made(register, browser, device.make(options))
    register.do(actor, keeping.add, actor.account_id, made, name)
    return device


def asked(register: Register, asking: proving.Asking) -> str:
    return register.do(GATE, proving.ask, Site(register.settings.origin), asking)


def sign_in(register: Register, device: Device, visitor: Visitor = VISITOR) -> str | None:
    options = asked(register, proving.of_anybody("a cookie"))
    return proving.sign_in(register, "a cookie", device.sign(options), visitor)


def half(register: Register, actor: Actor) -> Begun:
    def begin(work):
        return steps.half(work, work.session.get_one(Account, actor.account_id))[0]

    return steps.begun_by(register, register.do(actor, begin).token)


def lines(register: Register, action: str) -> list[AuditEntry]:
    with register.reading(GATE) as work:
        return list(work.session.exec(select(AuditEntry).where(AuditEntry.action == action)))


@pytest.fixture
def register(sqlite_register: Register) -> Register:
    """Give a register on SQLite; the last test is about the other database."""
    return sqlite_register


@pytest.fixture
def anna(county: Herefordshire) -> Actor:
    return signed_in(county.register, county.actors["coordinator"])


@pytest.fixture
def bert(county: Herefordshire) -> Actor:
    return signed_in(county.register, county.actors["panel-chair"])


def test_a_passkey_alone_starts_a_session_that_counts_as_confirmed(
    register: Register, anna: Actor
) -> None:
    token = sign_in(register, give(register, anna))
    current = sessions.current(register, token)
    assert current.actor.account_id == anna.account_id
    assert current.method is Method.PASSKEY
    assert current.confirmed_at == register.clock.now()
    started = lines(register, "accounts:session:start")[-1]
    assert (started.actor, started.detail["method"]) == (anna.name, "passkey")
    with register.reading(GATE) as work:
        (row,) = keeping.of(work, anna.account_id)
    assert (row.sign_count, row.used_at) == (1, register.clock.now())


def test_an_answer_serves_once(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    answer = device.sign(asked(register, proving.of_anybody("a cookie")))
    assert proving.sign_in(register, "a cookie", answer, VISITOR)
    assert proving.sign_in(register, "a cookie", answer, VISITOR) is None


def test_an_answer_that_is_wrong_uses_the_question_up(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    options = asked(register, proving.of_anybody("a cookie"))
    wrong = device.sign(options, origin="https://evil.example")
    assert proving.sign_in(register, "a cookie", wrong, VISITOR) is None
    assert proving.sign_in(register, "a cookie", device.sign(options), VISITOR) is None


def test_a_question_is_one_browsers_and_one_purposes(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    options = asked(register, proving.of_anybody("a cookie"))
    assert proving.sign_in(register, "another cookie", device.sign(options), VISITOR) is None
    confirming = asked(register, proving.of_session(anna))
    assert proving.sign_in(register, "a cookie", device.sign(confirming), VISITOR) is None


def test_a_question_grows_old(register: Register, anna: Actor, clock: FixedClock) -> None:
    device = give(register, anna)
    answer = device.sign(asked(register, proving.of_anybody("a cookie")))
    clock.at += timedelta(minutes=limits().challenge_minutes)
    assert proving.sign_in(register, "a cookie", answer, VISITOR) is None


def test_a_copied_passkey_is_refused_and_the_log_says_so(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    copy = device.copy()
    assert sign_in(register, device)
    assert sign_in(register, copy) is None
    (line,) = lines(register, "accounts:passkey:suspect-copy")
    assert line.subject_id == anna.account_id
    assert sign_in(register, device), "the one that goes on counting still serves its owner"


def test_a_removed_passkey_is_worth_nothing(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    give(register, anna, "Another")
    with register.reading(GATE) as work:
        first = keeping.of(work, anna.account_id)[0]
    register.do(anna, own.remove_passkey, first.id)
    assert sign_in(register, device) is None
    assert lines(register, "accounts:factor:remove")[-1].detail["factor"] == "passkey"


def test_the_only_second_factor_stays(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    with register.reading(GATE) as work:
        (only,) = keeping.of(work, anna.account_id)
    with pytest.raises(Refused, match="only second factor"):
        register.do(anna, own.remove_passkey, only.id)
    assert sign_in(register, device)


def test_nobody_removes_anothers_passkey(register: Register, anna: Actor, bert: Actor) -> None:
    give(register, anna)
    give(register, anna, "Another")
    with register.reading(GATE) as work:
        theirs = keeping.of(work, anna.account_id)[0]
    with pytest.raises(NotFound):
        register.do(bert, own.remove_passkey, theirs.id)


def test_a_disabled_account_is_not_let_in(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    with register.work(GATE) as work:
        work.session.get_one(Account, anna.account_id).disabled_at = work.now
    assert sign_in(register, device) is None


def test_after_the_password_only_the_accounts_own_passkey_serves(
    register: Register, anna: Actor, bert: Actor
) -> None:
    mine, theirs = give(register, anna), give(register, bert)
    begun = half(register, anna)
    for device, serves in ((theirs, False), (mine, True)):
        options = asked(register, proving.of_begun(begun))
        token = proving.second(register, begun, device.sign(options), VISITOR)
        assert bool(token) is serves


def test_a_passkey_confirms_its_owners_session_and_no_others(
    register: Register, anna: Actor, bert: Actor, clock: FixedClock
) -> None:
    mine, theirs = give(register, anna), give(register, bert)
    clock.at += timedelta(minutes=10)
    for device, serves in ((theirs, False), (mine, True)):
        options = asked(register, proving.of_session(anna))
        assert proving.confirm(register, anna, device.sign(options), VISITOR) is serves
    assert len(lines(register, "accounts:session:confirm")) == 1


def test_a_passkey_that_tells_another_owner_is_refused(
    register: Register, anna: Actor, bert: Actor
) -> None:
    device = give(register, anna)
    device.handle = bert.account_id.bytes
    assert sign_in(register, device) is None


def test_failures_wait_and_the_wait_ends(
    register: Register, anna: Actor, clock: FixedClock
) -> None:
    device = give(register, anna)
    for _ in range(limits().waits["account"].free):
        wrong = device.sign(asked(register, proving.of_anybody("a cookie")), verified=False)
        assert proving.sign_in(register, "a cookie", wrong, VISITOR) is None
    with pytest.raises(TooSoon):
        sign_in(register, device)
    clock.at += timedelta(seconds=limits().waits["account"].longest)
    assert sign_in(register, device)


def test_a_passkey_is_kept_once(register: Register, anna: Actor, bert: Actor) -> None:
    device = give(register, anna)
    browser = "a session of bert"
    options = register.do(bert, keeping.offer, Site(register.settings.origin), browser)
    made = keeping.made(register, browser, device.make(options))
    with pytest.raises(Invalid):
        register.do(bert, keeping.add, bert.account_id, made, "Theirs")


def test_an_account_has_so_many_and_no_more(register: Register, anna: Actor) -> None:
    for number in range(limits().most_passkeys):
        give(register, anna, f"Passkey {number}")
    with pytest.raises(Refused, match="as many passkeys"):
        give(register, anna)


def test_the_first_second_factor_may_be_a_passkey_and_only_the_first(
    register: Register, anna: Actor
) -> None:
    for first in (True, False):
        begun = half(register, anna)
        device = Device(register.settings.origin)
        site = Site(register.settings.origin)
        options = register.do(begun.actor, keeping.offer, site, begun.id.hex)
        made = keeping.made(register, begun.id.hex, device.make(options))
        started = steps.enrol_passkey(register, begun, made, "First", VISITOR)
        assert bool(started) is first
        if first:
            token, codes = started
            assert sessions.current(register, token).method is Method.PASSKEY
            assert len(set(codes)) == 10
    with register.reading(GATE) as work:
        (row,) = keeping.of(work, anna.account_id)
        assert recovery.left_of(work, anna.account_id) == 10
    assert row.name == "First"


def test_a_reset_takes_passkeys_away_too(register: Register, anna: Actor) -> None:
    device = give(register, anna)
    register.do(GATE, factors.remove_all, anna.account_id)
    assert sign_in(register, device) is None
    with register.reading(GATE) as work:
        assert not factors.has_any(work, anna.account_id)


def test_all_of_it_on_postgresql(postgres_register: Register) -> None:
    register = postgres_register
    county = herefordshire(register)
    anna = signed_in(register, county.actors["coordinator"])
    device = give(register, anna)
    give(register, anna, "Another")
    assert sessions.current(register, sign_in(register, device)).method is Method.PASSKEY
    begun = half(register, anna)
    options = asked(register, proving.of_begun(begun))
    assert proving.second(register, begun, device.sign(options), VISITOR)
    confirming = device.sign(asked(register, proving.of_session(anna)))
    assert proving.confirm(register, anna, confirming, VISITOR)
    device.count = 1
    assert sign_in(register, device) is None
    assert len(lines(register, "accounts:passkey:suspect-copy")) == 1
    with register.reading(GATE) as work:
        first, _ = keeping.of(work, anna.account_id)
    register.do(anna, own.remove_passkey, first.id)
    assert sign_in(register, device) is None
