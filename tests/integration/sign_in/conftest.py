"""A person of Herefordshire with a password and an authenticator app, and quick hashing."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from cdop.clock import FixedClock
from cdop.organisations import people
from cdop.security import one_time_codes
from cdop.security.actor import Actor, system
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators, invitations, recovery, steps
from cdop.sign_in import passwords as password_of
from cdop.sign_in.delays import Visitor
from cdop.sign_in.steps import Begun
from tests.factories import Herefordshire
from tests.hashing import quick

__all__ = ["quick"]

SYSTEM = system("tests")
PASSWORD = "an invented password"
HOME = Visitor("192.0.2.1", "Firefox on Windows")
STRANGER = Visitor("198.51.100.7", "a browser")


@dataclass
class Person:
    """Somebody with a password, an authenticator app and recovery codes."""

    register: Register
    username: str
    account_id: UUID
    secret: str
    codes: tuple[str, ...]

    def code(self, away: int = 0) -> str:
        """Return the app's code, so many half minutes from now."""
        step = one_time_codes.step_at(self.register.clock.now()) + away
        return one_time_codes.code_of(self.secret, step)

    def first_step(self, visitor: Visitor = HOME) -> Begun:
        """Give the password. Returns what has begun."""
        step = steps.with_password(self.register, self.username, PASSWORD, visitor)
        assert step
        begun = steps.begun_by(self.register, step.token)
        assert begun
        return begun

    def signs_in(self, visitor: Visitor = HOME) -> str:
        """Sign in by both steps, with a code that was not used yet. Returns the session's token."""
        token = steps.with_code(self.register, self.first_step(visitor), self.code(), visitor)
        assert token
        return token


@pytest.fixture
def robin(county: Herefordshire, clock: FixedClock) -> Person:
    """A coordinator of Herefordshire's panel who can sign in."""
    return county.register.do(SYSTEM, add_person, county, "robin.invented", Role.COORDINATOR)


def add_person(work: Work, county: Herefordshire, username: str, role: Role) -> Person:
    """Add somebody with a role at Herefordshire's panel, a password, an app and recovery codes."""
    account = people.add_account(work, username, username.title())
    people.add_membership(work, account, role, county["herefordshire-cdop"])
    password_of.set_for(work, account, PASSWORD)
    secret = one_time_codes.new_secret()
    authenticators.add(work, account, secret)
    codes = recovery.renew(work, account)
    return Person(county.register, username, account, secret, codes)


def administrator(county: Herefordshire) -> Actor:
    """Return an administrator of the register."""
    return county.actors["administrator"]


@pytest.fixture
def invited(county: Herefordshire) -> tuple[Any, str]:
    """An account without a password, and the secret of its invitation."""

    def add(work: Any) -> tuple[Any, str]:
        account = people.add_account(work, "ada", "Ada Invented")
        people.add_membership(work, account, Role.COORDINATOR, county["herefordshire-cdop"])
        return account, invitations.invite(work, account)

    return county.register.do(administrator(county), add)
