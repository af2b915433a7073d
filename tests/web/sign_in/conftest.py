"""Herefordshire behind pages, with people who sign in by both steps."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from cdop.organisations import people
from cdop.organisations.models import Account
from cdop.security import one_time_codes
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators
from cdop.web.app import create_app
from tests.browser import browser_type_launch_args, visit
from tests.client import Client
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.hashing import HASHER, quick

__all__ = ["browser_type_launch_args", "quick", "visit"]

PASSWORD = "an invented password"


@pytest.fixture(scope="session")
def hashed() -> str:
    """The password of everyone, hashed once."""
    return HASHER.hash(PASSWORD)


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite: pages do not differ by database."""
    return herefordshire(sqlite_register)


@pytest.fixture
def enrolled(county: Herefordshire, hashed: str) -> Callable[[str], str]:
    """Give a function that gives somebody the password and an app. Returns their user name."""

    def enrol(who: str) -> str:
        def add(work: Work) -> None:
            account = people.by_username(work.session, county.actors[who].name)
            work.session.get_one(Account, account.id).password_hash = hashed
            authenticators.add(work, account.id, one_time_codes.new_secret())

        county.register.do(MAKER, add)
        return who

    return enrol


@pytest.fixture
def app(county: Herefordshire) -> FastAPI:
    """The pages."""
    return create_app(county.register)


@pytest.fixture
def web(app: FastAPI) -> Client:
    """A browser of somebody who is not signed in."""
    return Client(app)
