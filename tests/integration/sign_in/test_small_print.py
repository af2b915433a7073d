"""What a stranger could use if it were a little otherwise: how long a secret is, whose row is."""

import hmac
import json
from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from cdop.clock import FixedClock
from cdop.organisations import sessions
from cdop.organisations.models import Account, BegunSignIn, Method, SignIn
from cdop.sign_in import delays, invitations, recovery, steps
from cdop.sign_in.delays import TooSoon
from cdop.sign_in.limits import limits
from cdop.sign_in.passkeys import proving
from cdop.sign_in.steps import Next
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import (
    HOME,
    PASSWORD,
    STRANGER,
    SYSTEM,
    Person,
    administrator,
)
from tests.integration.sign_in.test_passkeys import asked, give

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
LETTERS = 43  # of 256 bits in base 64


def account_of(person: Person) -> Account:
    with person.register.reading(SYSTEM) as work:
        return work.session.get_one(Account, person.account_id)


def test_every_secret_has_256_bits_and_is_new(robin: Person, county: Herefordshire) -> None:
    register, account = robin.register, account_of(robin)
    actor = sessions.actor_for(register, robin.signs_in())
    assert actor
    device = give(register, actor)
    step = steps.with_password(register, robin.username, PASSWORD, HOME)
    assert step
    begun = steps.begun_by(register, step.token)
    assert begun
    secrets = [
        step.token,
        steps.with_code(register, begun, robin.codes[0], HOME),
        register.do(SYSTEM, steps.half, account)[0].token,
        register.do(SYSTEM, steps.let_in, account, None, HOME)[0].token,
        proving.sign_in(register, "x", device.sign(asked(register, proving.of_anybody("x"))), HOME),
        register.do(administrator(county), invitations.invite, account.id),
    ]
    assert [len(secret or "") for secret in secrets] == [LETTERS] * len(secrets)
    assert len(set(secrets)) == len(secrets)


def test_who_is_half_signed_in_is_known_by_name_and_may_do_nothing(robin: Person) -> None:
    begun = robin.first_step()
    account = account_of(robin)
    assert (begun.account_id, begun.username) == (account.id, account.username)
    assert (begun.display_name, begun.has_factor) == (account.display_name, True)
    actor = begun.actor
    assert (actor.name, actor.display_name) == (account.username, account.display_name)
    assert (actor.account_id, actor.grants, actor.session_id) == (account.id, (), None)


def test_a_name_is_taken_as_it_was_meant(robin: Person) -> None:
    typed = f"  {robin.username.upper()} "
    step = steps.with_password(robin.register, typed, PASSWORD, HOME)
    assert step
    assert step.next is Next.CODE
    begun = steps.begun_by(robin.register, step.token)
    code = robin.code()
    assert begun
    assert steps.with_code(robin.register, begun, f" {code[:3]} {code[3:]}", HOME)


def test_half_sign_ins_that_are_over_are_not_kept(robin: Person, clock: FixedClock) -> None:
    def kept() -> int:
        with robin.register.reading(SYSTEM) as work:
            return work.session.exec(select(func.count()).select_from(BegunSignIn)).one()

    robin.first_step()
    clock.at += timedelta(minutes=limits().begun_minutes)
    step = steps.with_password(robin.register, robin.username, PASSWORD, HOME)
    assert step
    assert kept() == 2
    clock.at += timedelta(seconds=1)
    robin.first_step()
    assert kept() == 2
    assert steps.begun_by(robin.register, step.token), "it is the oldest that has gone"


def test_a_sign_in_elsewhere_is_told_to_its_own_account_alone(
    robin: Person, county: Herefordshire
) -> None:
    other = county.actors["notifier"].account_id
    assert other
    token = robin.signs_in()
    for account in (other, robin.account_id):
        current = sessions.current(robin.register, token)
        assert current
        assert current.elsewhere is None
        robin.register.do(SYSTEM, sessions.start, account, f"{account}", method=Method.TOTP)
    current = sessions.current(robin.register, token)
    assert current
    assert current.elsewhere == sessions.Elsewhere(robin.register.clock.now(), "a browser")


def test_a_session_is_listed_for_twelve_hours_and_no_longer(
    robin: Person, clock: FixedClock
) -> None:
    token, start = robin.signs_in(), clock.at
    with robin.register.work(SYSTEM) as work:
        row = work.session.exec(select(SignIn)).one()
        row.seen_at = start + timedelta(hours=12)
    for at, listed in ((timedelta(hours=12, seconds=-1), 1), (timedelta(hours=12), 0)):
        clock.at = start + at
        with robin.register.reading(SYSTEM) as work:
            assert len(sessions.alive(work, robin.account_id)) == listed
        assert (sessions.current(robin.register, token) is not None) is bool(listed)


def test_recovery_codes_of_others_are_left_alone(robin: Person, county: Herefordshire) -> None:
    register, other = robin.register, county.actors["notifier"].account_id
    assert other
    theirs = register.do(SYSTEM, recovery.renew, other)
    register.do(SYSTEM, recovery.renew, robin.account_id)
    assert register.do(SYSTEM, recovery.accepts, other, theirs[0])
    with register.reading(SYSTEM) as work:
        assert recovery.left_of(work, robin.account_id) == 10
        assert recovery.left_of(work, other) == 9


def test_what_a_browser_and_a_form_keep_is_good_on_every_server_and_after_an_upgrade(
    robin: Person,
) -> None:
    key = robin.register.vault.ring.anchored("sign-in")
    code = hmac.digest(key, b"browser:robin.invented:a nonce", "sha256").hex()
    kept = delays.remembered(robin.register, "robin.invented", "a nonce")
    assert kept == f"a nonce.{code}"
    assert sessions.csrf("a token") == hmac.digest(b"a token", b"csrf", "sha256").hex()


def test_a_source_is_forgiven_after_an_hour_and_an_account_after_a_day(
    robin: Person, clock: FixedClock
) -> None:
    def guess(name: str) -> bool:
        try:
            return steps.with_password(robin.register, name, "wrong", STRANGER) is None
        except TooSoon:
            return False

    for n in range(limits().wait("source").free):
        assert guess(f"name-{n}")
    assert not guess("one-more")
    clock.at += timedelta(hours=1)
    for n in range(limits().wait("account").free):
        assert guess(robin.username), n
    assert not guess(robin.username)
    clock.at += timedelta(hours=24)
    assert guess(robin.username)
    assert guess(robin.username), "it is counted anew"


def test_after_a_password_a_passkey_need_not_tell_its_owner_and_otherwise_must(
    robin: Person,
) -> None:
    actor = sessions.actor_for(robin.register, robin.signs_in())
    assert actor
    device = give(robin.register, actor)

    def silent(options: str) -> str:
        answer = json.loads(device.sign(options))
        del answer["response"]["userHandle"]
        return json.dumps(answer)

    step, _ = robin.register.do(SYSTEM, steps.half, account_of(robin))
    half = steps.begun_by(robin.register, step.token)
    assert half
    answer = silent(asked(robin.register, proving.of_begun(half)))
    assert proving.second(robin.register, half, answer, HOME)
    answer = silent(asked(robin.register, proving.of_anybody("a cookie")))
    assert proving.sign_in(robin.register, "a cookie", answer, HOME) is None


def test_a_session_that_has_ended_is_not_seen_any_more(robin: Person, clock: FixedClock) -> None:
    token = robin.signs_in()
    clock.at += timedelta(minutes=2)
    sessions.sign_out(robin.register, token)
    assert sessions.current(robin.register, token) is None
    with robin.register.reading(SYSTEM) as work:
        row = work.session.exec(select(SignIn).order_by(col(SignIn.id))).one()
    assert row.seen_at == row.started_at
    assert row.ended_at == clock.at
