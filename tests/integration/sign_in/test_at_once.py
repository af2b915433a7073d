"""Of many who try the same at once, as many get in as one after another would: on each database."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from cdop.errors import Invalid
from cdop.organisations.models import Account
from cdop.security import passwords
from cdop.security.work import Work
from cdop.sign_in import invitations, recovery, steps
from cdop.sign_in.delays import TooSoon, Visitor
from cdop.sign_in.limits import limits
from cdop.sign_in.steps import Gone, Step
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import HOME, PASSWORD, STRANGER, SYSTEM, Person
from tests.integration.sign_in.test_meanwhile import reset

FREE = limits().wait("account").free


def together(do: Callable[[int], object], times: int) -> list[object]:
    """Do something many times at once. Returns the answers; an error stands for itself."""

    def attempt(n: int) -> object:
        try:
            return do(n)
        except Gone as gone:
            return gone

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(attempt, range(times), timeout=120))


def test_of_many_who_use_one_code_at_once_one_gets_in(robin: Person) -> None:
    begun, code = [robin.first_step() for _ in range(4)], robin.code()
    tokens = together(lambda n: steps.with_code(robin.register, begun[n], code, HOME), 4)
    assert len([token for token in tokens if token]) == 1


def test_of_many_who_end_one_begun_sign_in_at_once_one_gets_a_session(robin: Person) -> None:
    begun = robin.first_step()
    answers = together(lambda n: steps.with_code(robin.register, begun, robin.codes[n], HOME), 4)
    assert len([each for each in answers if isinstance(each, str)]) == 1
    with robin.register.reading(SYSTEM) as work:
        assert recovery.left_of(work, robin.account_id) == 9, "no other code was used up"


def test_of_many_who_use_one_recovery_code_at_once_one_gets_in(robin: Person) -> None:
    begun = [robin.first_step() for _ in range(4)]
    code = robin.codes[0]
    tokens = together(lambda n: steps.with_code(robin.register, begun[n], code, HOME), 4)
    assert len([token for token in tokens if token]) == 1


def test_a_reset_at_the_same_moment_leaves_no_half_of_a_sign_in(
    robin: Person, county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its password was right, but the reset, which begins before that is written, comes after."""
    with ThreadPoolExecutor(1) as pool:
        resets: list[Future[object]] = []

        def begin_slowly(work: Work, account: Account, visitor: Visitor) -> Step:
            step = begin(work, account, visitor)
            if not resets:
                resets.append(pool.submit(reset, county, robin))
                wait(resets, timeout=0.2)
            return step

        begin = steps.begin
        monkeypatch.setattr(steps, "begin", begin_slowly)
        step = steps.with_password(robin.register, robin.username, PASSWORD, STRANGER)
        resets[0].result(timeout=60)
    assert step is None or steps.begun_by(robin.register, step.token) is None


def test_many_at_once_get_no_more_guesses_than_one_after_another(
    robin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(passwords, "matches", lambda word, _: bool(looked_at.append(word)))

    def attempt(_: int) -> str:
        try:
            return str(steps.with_password(robin.register, robin.username, "guess", STRANGER))
        except TooSoon:
            return "too soon"

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(attempt, range(32), timeout=120))
    assert len(looked_at) == FREE
    assert answers.count("too soon") == 32 - FREE


def test_of_32_who_take_one_invitation_up_at_once_one_sets_the_password(
    county: Herefordshire, invited: tuple[Any, str]
) -> None:
    def attempt(n: int) -> str | None:
        password = f"a password of number {n}"
        try:
            invitations.accept(county.register, invited[1], password, HOME)
        except Invalid:
            return None
        return password

    with ThreadPoolExecutor(32) as pool:
        chosen = [each for each in pool.map(attempt, range(32), timeout=120) if each]
    assert len(chosen) == 1
    with county.register.reading(SYSTEM) as work:
        kept = work.session.get_one(Account, invited[0]).password_hash
    assert passwords.matches(chosen[0], kept)
