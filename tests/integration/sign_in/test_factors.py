"""A second factor is asked for, taken once, and never gone round."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.errors import Erased
from cdop.organisations import people, sessions
from cdop.organisations.models import Method, SignIn
from cdop.security import one_time_codes, rollback
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Work
from cdop.sign_in import authenticators, factors, recovery, steps
from cdop.sign_in import passwords as password_of
from cdop.sign_in.models import Authenticator, RecoveryCode
from cdop.sign_in.steps import Next
from tests.client import session_of
from tests.factories import Herefordshire
from tests.integration.sign_in.conftest import HOME, PASSWORD, SYSTEM, Person

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)


def method_of(person: Person) -> str:
    with person.register.reading(SYSTEM) as work:
        query = select(SignIn.method).where(SignIn.account_id == person.account_id)
        return work.session.exec(query).one()


def test_a_password_alone_is_no_session(robin: Person) -> None:
    step = steps.with_password(robin.register, robin.username, PASSWORD, HOME)
    assert step
    assert step.next is Next.CODE
    assert sessions.actor_for(robin.register, step.token) is None


def test_half_a_sign_in_lasts_ten_minutes(robin: Person, clock: FixedClock) -> None:
    step = steps.with_password(robin.register, robin.username, PASSWORD, HOME)
    assert step
    clock.at += timedelta(minutes=9, seconds=59)
    assert steps.begun_by(robin.register, step.token)
    clock.at += timedelta(seconds=1)
    assert steps.begun_by(robin.register, step.token) is None
    assert steps.begun_by(robin.register, "no such token") is None


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_code_is_taken_once(robin: Person, away: int) -> None:
    code = robin.code(away)
    first, second = robin.first_step(), robin.first_step()
    token = steps.with_code(robin.register, first, code, HOME)
    assert token
    assert sessions.actor_for(robin.register, token)
    assert method_of(robin) == Method.TOTP
    assert steps.with_code(robin.register, second, code, HOME) is None
    assert steps.with_code(robin.register, second, robin.code(away + 1), HOME) or away == 1


def test_a_recovery_code_is_taken_once_however_it_is_typed(robin: Person) -> None:
    code = robin.codes[3]
    typed = f" {code.upper().replace('-', ' ')}"
    token = steps.with_code(robin.register, robin.first_step(), typed, HOME)
    assert token
    assert sessions.actor_for(robin.register, token)
    assert method_of(robin) == Method.RECOVERY
    assert steps.with_code(robin.register, robin.first_step(), code, HOME) is None
    with robin.register.reading(SYSTEM) as work:
        assert recovery.left_of(work, robin.account_id) == 9


def test_new_recovery_codes_make_the_old_ones_worthless(robin: Person) -> None:
    fresh = robin.register.do(SYSTEM, recovery.renew, robin.account_id)
    assert len(set(fresh)) == 10
    assert steps.with_code(robin.register, robin.first_step(), robin.codes[0], HOME) is None
    assert steps.with_code(robin.register, robin.first_step(), fresh[0], HOME)


def test_no_code_and_no_seed_is_kept_in_clear(robin: Person) -> None:
    with robin.register.reading(SYSTEM) as work:
        seeds = work.session.exec(select(Authenticator.seed)).all()
        hashes = work.session.exec(select(RecoveryCode.code_hash)).all()
        lines = work.session.exec(select(AuditEntry.detail)).all()
    kept = b"".join(bytes(each or b"") for each in (*seeds, *hashes)) + str(lines).encode()
    for secret in (robin.secret, *robin.codes):
        assert secret.encode() not in kept


def test_whose_role_needs_one_adds_a_factor_before_anything_else(
    county: Herefordshire,
) -> None:
    register = county.register

    def newcomer(work):
        account = people.add_account(work, "ada", "Ada Invented")
        people.add_membership(work, account, Role.AUDITOR, None)
        password_of.set_for(work, account, PASSWORD)

    register.do(SYSTEM, newcomer)
    step = steps.with_password(register, "ada", PASSWORD, HOME)
    assert step
    assert step.next is Next.ENROL
    begun = steps.begun_by(register, step.token)
    secret = one_time_codes.new_secret()
    code = one_time_codes.code_of(secret, one_time_codes.step_at(register.clock.now()))
    assert steps.enrol(register, begun, secret, "000000" if code != "000000" else "1", HOME) is None
    token, codes = steps.enrol(register, begun, secret, code, HOME)
    assert sessions.actor_for(register, token).name == "ada"
    assert len(codes) == 10
    again = steps.with_password(register, "ada", PASSWORD, HOME)
    assert again.next is Next.CODE
    begun = steps.begun_by(register, again.token)
    assert steps.with_code(register, begun, code, HOME) is None, "it proved the app already"


def test_who_has_a_factor_cannot_enrol_round_it(robin: Person) -> None:
    """A thief with the password alone adds no app of their own."""
    secret = one_time_codes.new_secret()
    code = one_time_codes.code_of(secret, one_time_codes.step_at(robin.register.clock.now()))
    assert steps.enrol(robin.register, robin.first_step(), secret, code, HOME) is None


def test_a_notifier_needs_none_and_a_role_given_later_ends_such_a_session(
    county: Herefordshire,
) -> None:
    register = county.register

    def notifier(work):
        account = people.add_account(work, "nora", "Nora Invented")
        people.add_membership(work, account, Role.NOTIFIER, county["herefordshire-cdop"])
        password_of.set_for(work, account, PASSWORD)
        return account

    account = register.do(SYSTEM, notifier)
    step = steps.with_password(register, "nora", PASSWORD, HOME)
    assert step
    assert step.next is Next.SESSION
    assert sessions.actor_for(register, step.token)
    panel = county["herefordshire-cdop"]
    register.do(SYSTEM, people.add_membership, account, Role.PANEL_MEMBER, panel)
    assert sessions.actor_for(register, step.token) is None
    assert sessions.actor_for(register, session_of(register, account))


def test_erasing_the_key_of_an_account_makes_its_seed_unreadable(robin: Person) -> None:
    robin.register.do(SYSTEM, lambda w: w.vault.destroy(w.session, robin.account_id, w.now))
    with pytest.raises(Erased):
        robin.register.do(SYSTEM, authenticators.accepts, robin.account_id, robin.code())


def test_a_code_that_is_taken_is_to_be_had_twice_in_a_minute(
    robin: Person, clock: FixedClock
) -> None:
    """For accounts of a demonstration: the present code, then the next, then none for a while."""

    def take() -> tuple[bool, bool]:
        with robin.register.reading(SYSTEM) as work:
            code = authenticators.next_code(work, robin.account_id)
        if code is None:
            return False, False
        return True, robin.register.do(SYSTEM, authenticators.accepts, robin.account_id, code)

    assert [take() for _ in range(3)] == [(True, True), (True, True), (False, False)]
    clock.at += timedelta(seconds=30)
    assert [take() for _ in range(2)] == [(True, True), (False, False)]
    robin.register.do(SYSTEM, factors.remove_all, robin.account_id)
    clock.at += timedelta(minutes=5)
    assert take() == (False, False)


def test_a_removed_app_has_no_seed_and_its_codes_are_not_taken(robin: Person) -> None:
    robin.register.do(SYSTEM, factors.remove_all, robin.account_id)
    with robin.register.reading(SYSTEM) as work:
        assert work.session.exec(select(Authenticator.seed)).all() == [None]
        assert not factors.has_any(work, robin.account_id)
    assert not robin.register.do(SYSTEM, authenticators.accepts, robin.account_id, robin.code())


def test_a_removed_app_that_somebody_puts_back_is_found(robin: Person) -> None:
    def found(work: Work) -> list[str]:
        return [each.why for each in rollback.find(work.session, work.vault.ring)]

    with robin.register.reading(SYSTEM) as work:
        before = work.session.exec(select(Authenticator)).one().model_dump()
    robin.register.do(SYSTEM, factors.remove_all, robin.account_id)
    with robin.register.work(SYSTEM) as work:
        assert found(work) == []
        row = work.session.exec(select(Authenticator)).one()
        assert row.sealed_revision == before["sealed_revision"] + 1
        work.session.execute(update(Authenticator).values(**before))
        work.session.expire_all()
        assert found(work) == ["changed"]
