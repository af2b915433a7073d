"""What changes while somebody is on the way in counts: an old password opens nothing half-way."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher

from cdop.clock import FixedClock
from cdop.errors import Invalid
from cdop.organisations import sessions
from cdop.organisations.models import Account, Method
from cdop.security import one_time_codes, passwords
from cdop.security.passkeys import Known
from cdop.security.work import Register, Work
from cdop.sign_in import administering, invitations, own, steps
from cdop.sign_in.steps import Gone
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import (
    HOME,
    PASSWORD,
    STRANGER,
    SYSTEM,
    Person,
    administrator,
)

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
CHOSEN = "eleven grey herons"


def reset(county: Herefordshire, robin: Person, *, with_factors: bool = False) -> str:
    boss = administrator(county)
    secret: str = county.register.do(
        boss, invitations.reset, robin.account_id, with_factors=with_factors
    )
    return secret


def disable_and_enable(county: Herefordshire, robin: Person) -> None:
    for change in (administering.disable, administering.enable):
        county.register.do(administrator(county), change, robin.account_id)


def change_password(county: Herefordshire, robin: Person) -> None:
    actor = sessions.actor_for(county.register, robin.signs_in())
    assert actor
    own.change_password(county.register, actor, PASSWORD, CHOSEN, HOME)


def sign_out_everywhere(county: Herefordshire, robin: Person) -> None:
    county.register.do(SYSTEM, sessions.end_others, robin.account_id)


@pytest.mark.parametrize("done", [reset, disable_and_enable, change_password, sign_out_everywhere])
def test_half_a_sign_in_ends_with_the_sessions(
    county: Herefordshire, robin: Person, done: Callable[[Herefordshire, Person], Any]
) -> None:
    step = steps.with_password(robin.register, robin.username, PASSWORD, STRANGER)
    assert step
    done(county, robin)
    assert steps.begun_by(robin.register, step.token) is None


def test_half_a_sign_in_of_somebody_else_goes_on(county: Herefordshire, robin: Person) -> None:
    step = steps.with_password(robin.register, robin.username, PASSWORD, HOME)
    assert step
    other = county.actors["notifier"].account_id
    county.register.do(SYSTEM, sessions.end_others, other)
    assert steps.begun_by(robin.register, step.token)


def test_whoever_knew_the_old_password_adds_no_factor_in_place_of_a_lost_one(
    county: Herefordshire, robin: Person
) -> None:
    """They are half signed in, wait for the reset that takes the factors away, and are too late."""
    register, begun = county.register, robin.first_step(STRANGER)
    reset(county, robin, with_factors=True)
    secret = one_time_codes.new_secret()
    code = one_time_codes.code_of(secret, one_time_codes.step_at(register.clock.now()))
    with pytest.raises(Gone):
        steps.enrol(register, begun, secret, code, STRANGER)
    with pytest.raises(Gone):
        steps.enrol_passkey(register, begun, Known(b"id", b"key", 0), "theirs", STRANGER)


def kept_of(register: Register, account_id: UUID) -> str:
    with register.reading(SYSTEM) as work:
        return work.session.get_one(Account, account_id).password_hash


def while_it_is_looked_at(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> None:
    """Let something happen while a password is compared: that takes a tenth of a second."""
    compare = passwords.matches

    def matches(password: str, kept: str | None) -> bool:
        right = compare(password, kept)
        monkeypatch.setattr(passwords, "matches", compare)
        change()
        return right

    monkeypatch.setattr(passwords, "matches", matches)


@pytest.mark.parametrize("outdated", [False, True])
def test_a_password_that_is_reset_while_it_is_looked_at_opens_nothing(
    county: Herefordshire, robin: Person, monkeypatch: pytest.MonkeyPatch, outdated: bool
) -> None:
    if outdated:  # so that it would be hashed anew
        old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
        county.register.do(SYSTEM, set_hash, robin.account_id, old)
    while_it_is_looked_at(monkeypatch, lambda: reset(county, robin))
    assert steps.with_password(robin.register, robin.username, PASSWORD, HOME) is None
    assert kept_of(county.register, robin.account_id) == ""


def set_hash(work: Work, account_id: UUID, hashed: str) -> None:
    work.session.get_one(Account, account_id).password_hash = hashed


def test_an_account_that_is_disabled_while_its_password_is_looked_at_stays_shut(
    county: Herefordshire, robin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut() -> None:
        county.register.do(administrator(county), administering.disable, robin.account_id)

    while_it_is_looked_at(monkeypatch, shut)
    assert steps.with_password(robin.register, robin.username, PASSWORD, HOME) is None


def test_a_password_that_is_reset_meanwhile_is_not_changed_by_who_knew_it(
    county: Herefordshire, robin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = sessions.actor_for(robin.register, robin.signs_in())
    assert actor
    while_it_is_looked_at(monkeypatch, lambda: reset(county, robin))
    with pytest.raises(Invalid) as refused:
        own.change_password(robin.register, actor, PASSWORD, CHOSEN, HOME)
    assert refused.value.fields == {"current": "That is not your password"}
    assert kept_of(county.register, robin.account_id) == ""


def test_an_older_hash_is_made_anew_at_the_next_sign_in(robin: Person) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    robin.register.do(SYSTEM, set_hash, robin.account_id, old)
    robin.signs_in()
    anew = kept_of(robin.register, robin.account_id)
    assert anew != old
    assert passwords.matches(PASSWORD, anew)
    robin.first_step()
    assert kept_of(robin.register, robin.account_id) == anew


def test_a_session_that_began_at_the_moment_of_disabling_stays_over(
    county: Herefordshire, robin: Person, clock: FixedClock
) -> None:
    register, boss = county.register, administrator(county)
    register.do(boss, administering.disable, robin.account_id)
    register.do(SYSTEM, sessions.start, robin.account_id, "unseen", method=Method.PASSKEY)
    register.do(boss, administering.enable, robin.account_id)
    assert sessions.actor_for(register, "unseen") is None
