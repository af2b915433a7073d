"""Guesses wait longer and longer; the owner of an account is never kept out for long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.security import passwords
from cdop.sign_in import delays, steps
from cdop.sign_in.delays import TooSoon, Visitor
from cdop.sign_in.limits import limits
from cdop.sign_in.models import Attempts
from tests.integration.sign_in.conftest import HOME, PASSWORD, STRANGER, SYSTEM, Person

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)
FREE = limits().wait("account").free


def guess(person: Person, visitor: Visitor = STRANGER, name: str = "") -> None:
    name = name or person.username
    assert steps.with_password(person.register, name, "not the password", visitor) is None


def waits(person: Person, visitor: Visitor = STRANGER, name: str = "") -> int:
    """Return the seconds that the next attempt has to wait."""
    with pytest.raises(TooSoon) as caught:
        guess(person, visitor, name)
    return caught.value.seconds


def test_guesses_wait_longer_each_time(robin: Person, clock: FixedClock) -> None:
    for _ in range(FREE):
        guess(robin)
    seen = []
    for _ in range(11):
        seen.append(waits(robin))
        clock.at += timedelta(seconds=seen[-1])
        guess(robin)
    assert seen[:4] == [2, 4, 8, 16]
    assert seen[-1] == limits().wait("account").longest


def test_whoever_tries_too_soon_is_not_looked_at_and_waits_no_longer_for_it(
    robin: Person, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    for _ in range(FREE):
        guess(robin)
    monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("it was looked at"))
    assert {waits(robin) for _ in range(5)} == {2}


def test_the_right_password_gets_in_once_the_wait_is_over(robin: Person, clock: FixedClock) -> None:
    for _ in range(FREE + 3):
        clock.at += timedelta(minutes=1)
        guess(robin)
    clock.at += timedelta(seconds=waits(robin))
    assert steps.with_password(robin.register, robin.username, PASSWORD, STRANGER)
    for _ in range(FREE):
        guess(robin)  # what went before is forgotten


def test_a_browser_that_is_known_as_its_owners_is_not_delayed_by_strangers(
    robin: Person,
) -> None:
    kept = delays.remembered(robin.register, robin.username, "a nonce")
    for _ in range(FREE):
        guess(robin)
    assert waits(robin) > 0
    own = replace(STRANGER, remembers=kept)
    assert steps.with_password(robin.register, robin.username, PASSWORD, own)
    for _ in range(FREE):
        guess(robin, own)
    assert waits(robin, own) > 0, "it is counted too, by itself"


@pytest.mark.parametrize("kept", ["a nonce.00", ".", "", "a nonce"])
def test_a_browser_cannot_claim_to_be_known(robin: Person, kept: str) -> None:
    for _ in range(FREE):
        guess(robin)
    assert waits(robin, replace(STRANGER, remembers=kept)) > 0


def test_a_browser_known_for_one_account_is_a_stranger_to_another(robin: Person) -> None:
    kept = delays.remembered(robin.register, "somebody.else", "a nonce")
    assert not delays.is_known(robin.register, robin.username, kept)
    assert delays.is_known(robin.register, "somebody.else", kept)


def test_a_name_that_nobody_has_waits_alike(robin: Person) -> None:
    """The answer tells nobody which names there are."""
    for name in (robin.username, "nobody.at.all"):
        for _ in range(FREE):
            guess(robin, STRANGER, name)
    assert waits(robin) == waits(robin, STRANGER, "nobody.at.all")


def test_trying_many_names_from_one_place_waits_too_but_not_those_elsewhere(
    robin: Person,
) -> None:
    for n in range(limits().wait("source").free):
        guess(robin, STRANGER, f"name-{n}")
    assert 0 < waits(robin, STRANGER, "one-more") <= limits().wait("source").longest
    assert steps.with_password(robin.register, robin.username, PASSWORD, HOME)


def test_right_sign_ins_from_one_place_are_not_counted(robin: Person) -> None:
    assert steps.with_password(robin.register, robin.username, PASSWORD, HOME)
    assert steps.with_code(robin.register, robin.first_step(), robin.code(), HOME)
    with robin.register.reading(SYSTEM) as work:
        rows = work.session.exec(select(Attempts)).all()
    assert [(row.kind, row.failures) for row in rows] == [("source", 0)] * 2


def test_wrong_codes_wait_like_wrong_passwords(robin: Person, clock: FixedClock) -> None:
    begun = robin.first_step(STRANGER)
    for _ in range(FREE):
        assert steps.with_code(robin.register, begun, "000000", STRANGER) is None
    with pytest.raises(TooSoon):
        steps.with_code(robin.register, begun, robin.code(), STRANGER)
    clock.at += timedelta(seconds=2)
    assert steps.with_code(robin.register, begun, robin.code(), STRANGER)


def test_a_right_password_does_not_wash_wrong_codes_away(robin: Person, clock: FixedClock) -> None:
    """Whoever knows the password still guesses codes ever more slowly."""
    for _ in range(FREE):
        assert steps.with_code(robin.register, robin.first_step(), "000000", STRANGER) is None
    with pytest.raises(TooSoon):
        steps.with_code(robin.register, robin.first_step(STRANGER), "000000", STRANGER)


def test_what_was_typed_is_not_kept_and_old_counts_go(robin: Person, clock: FixedClock) -> None:
    guess(robin, STRANGER, "a password typed as a name")
    with robin.register.reading(SYSTEM) as work:
        rows = work.session.exec(select(Attempts)).all()
        assert {len(row.counted) for row in rows} == {32}
        assert b"password" not in b"".join(row.counted for row in rows)
    clock.at += timedelta(days=2)
    robin.signs_in()
    with robin.register.reading(SYSTEM) as work:
        kinds = {row.kind for row in work.session.exec(select(Attempts))}
    assert kinds == {"source"}


def test_questions_that_strangers_leave_unanswered_wait_too_and_right_answers_do_not_count(
    robin: Person, clock: FixedClock
) -> None:
    register = robin.register
    for _ in range(limits().wait("source").free):
        delays.count_question(register, STRANGER)
    with pytest.raises(TooSoon) as caught:
        delays.count_question(register, STRANGER)
    delays.count_question(register, HOME)  # from elsewhere
    clock.at += timedelta(seconds=caught.value.seconds)
    delays.count_question(register, STRANGER)
    register.do(SYSTEM, delays.take_back, delays.question_of(register, STRANGER))
    with register.reading(SYSTEM) as work:
        failures = [row.failures for row in work.session.exec(select(Attempts))]
    assert sorted(failures) == [1, limits().wait("source").free]
    robin.signs_in(STRANGER)  # guesses are counted apart
