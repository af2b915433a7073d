"""What somebody changes about their own account holds at once, and ends their other sessions."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from cdop.clock import FixedClock
from cdop.errors import Invalid, NotFound, Refused
from cdop.organisations import sessions
from cdop.organisations.sessions import Current
from cdop.security import one_time_codes
from cdop.security.permissions import Role
from cdop.security.work import Work
from cdop.sign_in import authenticators, confirming, factors, own, recovery, steps
from cdop.sign_in.delays import TooSoon
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import (
    HOME,
    PASSWORD,
    STRANGER,
    SYSTEM,
    Person,
    add_person,
)

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
CHOSEN = "eleven grey herons"


@pytest.fixture
def here(robin: Person, clock: FixedClock) -> Current:
    """Robin's session, beside an earlier one elsewhere."""
    robin.signs_in()
    clock.at += timedelta(minutes=1)
    found = sessions.current(robin.register, robin.signs_in())
    assert found
    return found


def alive(robin: Person) -> int:
    with robin.register.reading(SYSTEM) as work:
        return len(sessions.alive(work, robin.account_id))


def app_code(secret: str, clock: FixedClock) -> str:
    return one_time_codes.code_of(secret, one_time_codes.step_at(clock.at))


def test_a_password_is_changed_by_the_present_one(robin: Person, here: Current) -> None:
    register, actor = robin.register, here.actor
    with pytest.raises(Invalid) as refused:
        own.change_password(register, actor, PASSWORD, "short", HOME)
    assert list(refused.value.fields) == ["password"]
    assert alive(robin) == 2
    own.change_password(register, actor, PASSWORD, CHOSEN, HOME)
    assert alive(robin) == 1
    with register.reading(SYSTEM) as work:
        (left,) = sessions.alive(work, robin.account_id)
    assert left.id == actor.session_id
    assert steps.with_password(register, robin.username, PASSWORD, HOME) is None
    assert steps.with_password(register, robin.username, CHOSEN, HOME)


def test_guesses_at_the_present_password_wait(robin: Person, here: Current) -> None:
    """Somebody at a screen left open is as slow as at the door; a right one costs nothing."""
    for _ in range(7):
        own.change_password(robin.register, here.actor, PASSWORD, PASSWORD, HOME)
    for _ in range(5):
        with pytest.raises(Invalid):
            own.change_password(robin.register, here.actor, "wrong", CHOSEN, HOME)
    with pytest.raises(TooSoon):
        own.change_password(robin.register, here.actor, PASSWORD, CHOSEN, HOME)


def test_a_further_app_is_added_by_its_code_and_offered_anew_afterwards(
    robin: Person, here: Current, clock: FixedClock
) -> None:
    register, actor = robin.register, here.actor
    offered = register.do(actor, own.offered_secret, "a token")
    assert register.do(actor, own.offered_secret, "a token") == offered
    assert register.do(actor, own.offered_secret, "another token") != offered
    assert register.do(actor, own.add_app, "a token", "000000") is None
    assert alive(robin) == 2
    assert register.do(actor, own.add_app, "a token", app_code(offered, clock)) == ()
    assert alive(robin) == 1
    assert register.do(actor, own.offered_secret, "a token") != offered
    with register.reading(SYSTEM) as work:
        first, second = authenticators.of(work, robin.account_id)
        assert recovery.left_of(work, robin.account_id) == 10
    assert first.id < second.id


def test_whose_first_factor_it_is_gets_recovery_codes(
    county: Herefordshire, robin: Person, here: Current, clock: FixedClock
) -> None:
    register, actor = robin.register, here.actor
    register.do(SYSTEM, factors.remove_all, robin.account_id)
    offered = register.do(actor, own.offered_secret, "a token")
    codes = register.do(actor, own.add_app, "a token", app_code(offered, clock))
    assert codes
    assert len(set(codes)) == 10
    assert register.do(SYSTEM, recovery.accepts, robin.account_id, codes[9])
    other = register.do(SYSTEM, add_person, county, "berta.invented", Role.COORDINATOR)
    assert not register.do(SYSTEM, recovery.accepts, robin.account_id, other.codes[0])


def test_an_app_is_removed_while_another_is_left(
    county: Herefordshire, robin: Person, here: Current, clock: FixedClock
) -> None:
    register, actor = robin.register, here.actor
    other = register.do(SYSTEM, add_person, county, "berta.invented", Role.COORDINATOR)

    def apps(work: Work, person: Person) -> list[UUID]:
        return [row.id for row in authenticators.of(work, person.account_id)]

    with register.reading(SYSTEM) as work:
        (mine,), (hers,) = apps(work, robin), apps(work, other)
    with pytest.raises(Refused) as refused:
        register.do(actor, own.remove_app, mine)
    assert str(refused.value) == "This is your only second factor. Add another one first."
    assert alive(robin) == 2
    offered = register.do(actor, own.offered_secret, "t")
    assert register.do(actor, own.add_app, "t", app_code(offered, clock)) == ()
    clock.at += timedelta(minutes=1)
    robin.signs_in()
    assert alive(robin) == 2
    for absent in (hers, uuid4()):
        with pytest.raises(NotFound):
            register.do(actor, own.remove_app, absent)
    register.do(actor, own.remove_app, mine)
    assert alive(robin) == 1
    with register.reading(SYSTEM) as work:
        assert mine not in apps(work, robin)
        assert authenticators.holders(work) == factors.holders(work)
        assert {robin.account_id, other.account_id} <= authenticators.holders(work)
        assert authenticators.ever(work, robin.account_id) == 2
    with pytest.raises(NotFound):
        register.do(actor, own.remove_app, mine)


def test_one_ends_one_s_own_sessions_and_nobody_else_s(
    county: Herefordshire, robin: Person, here: Current
) -> None:
    register, actor = robin.register, here.actor
    other = register.do(SYSTEM, add_person, county, "berta.invented", Role.COORDINATOR)
    token = other.signs_in()
    hers = sessions.current(register, token)
    assert hers
    for absent in (hers.actor.session_id, uuid4()):
        with pytest.raises(NotFound):
            register.do(actor, own.end_session, absent)
    with register.reading(SYSTEM) as work:
        elsewhere = sessions.alive(work, robin.account_id)[1].id
    register.do(actor, own.end_session, elsewhere)
    register.do(actor, own.end_session, elsewhere)
    assert alive(robin) == 1
    robin_again = robin.code(1)
    assert steps.with_code(register, robin.first_step(), robin_again, HOME)
    assert register.do(actor, own.end_all_sessions) == 2
    assert alive(robin) == 0
    assert sessions.actor_for(register, token)


def test_a_confirmation_stands_for_five_minutes_in_its_own_session(
    robin: Person, here: Current, clock: FixedClock
) -> None:
    register, actor = robin.register, here.actor
    assert confirming.is_confirmed(register, here), "signing in is one"
    clock.at += timedelta(minutes=5)
    assert not confirming.is_confirmed(register, here)
    assert confirming.confirm(register, actor, robin.code(), HOME)
    assert not confirming.confirm(register, actor, robin.code(), HOME), "a code is used once"
    assert confirming.confirm(register, actor, robin.codes[0], HOME)
    with register.reading(SYSTEM) as work:
        latest, earlier = sessions.alive(work, robin.account_id)
    assert (latest.confirmed_at, earlier.confirmed_at) == (clock.at, latest.started_at - MINUTE)


MINUTE = timedelta(minutes=1)


def test_who_has_no_second_factor_confirms_with_the_password(robin: Person, here: Current) -> None:
    register, actor = robin.register, here.actor
    assert not confirming.confirm(register, actor, PASSWORD, HOME)
    register.do(SYSTEM, factors.remove_all, robin.account_id)
    assert confirming.confirm(register, actor, PASSWORD, HOME)
    assert not confirming.confirm(register, actor, "wrong", HOME)
    assert not confirming.confirm(register, actor, robin.code(), HOME)


def test_guesses_at_a_confirmation_wait_and_right_ones_do_not(
    robin: Person, here: Current, clock: FixedClock
) -> None:
    register, actor = robin.register, here.actor
    for code in robin.codes[:6]:
        assert confirming.confirm(register, actor, code, STRANGER)
    for _ in range(5):
        assert not confirming.confirm(register, actor, "000000", STRANGER)
    with pytest.raises(TooSoon) as waits:
        confirming.confirm(register, actor, robin.codes[7], STRANGER)
    assert (waits.value.seconds, str(waits.value)) == (
        2,
        "Too many attempts have failed. Try again in 2 seconds",
    )
    assert str(TooSoon(1)) == "Too many attempts have failed. Try again in 1 second"
