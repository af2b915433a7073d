"""A county on a register on disk, whose people sign in by name and password in a real browser."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlmodel import select

from cdop.organisations.models import Account
from cdop.security import one_time_codes, passwords
from cdop.security.work import Register
from cdop.sign_in import authenticators
from cdop.web.app import create_app
from tests.browser import browser_type_launch_args, serving, sign_in, visit
from tests.client import code_for
from tests.factories import MAKER, Herefordshire, herefordshire

__all__ = ["browser_type_launch_args", "visit"]

PASSWORD = "an invented password"


@dataclass
class Town:
    """A county at work: each person has a window of their own, open until the journey ends.

    `asked` holds the address of everything that any window asked for.
    """

    county: Herefordshire
    address: str
    visit: Callable[..., Page]
    script: bool
    windows: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __getitem__(self, who: str) -> Page:
        """Return somebody's window, signed in; it stays where they left it."""
        if who not in self.windows:
            page = self.visit(self.address, java_script_enabled=self.script)
            page.on("request", lambda request: self.asked.append(request.url))
            sign_in(page, who, PASSWORD, code_for(self.county.register, who))
            self.windows[who] = page
        return self.windows[who]

    def starts(self, who: str) -> Page:
        """Return somebody's window at their work list."""
        page = self[who]
        page.goto(self.address)
        return page

    @property
    def folder(self) -> Path:
        """Return where the register keeps its database and keys."""
        return self.county.register.settings.data


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire, where everyone has the same password, and an authenticator app."""
    found = herefordshire(sqlite_register)
    with sqlite_register.work(MAKER) as work:
        kept = passwords.hash_password(PASSWORD)
        for account in work.session.exec(select(Account)):
            account.password_hash = kept
            authenticators.add(work, account.id, one_time_codes.new_secret())
    return found


@pytest.fixture
def town(
    county: Herefordshire,
    visit: Callable[..., Page],
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Town]:
    """Serve the county. A journey without JavaScript is marked `parametrize("town", [False])`."""
    caplog.set_level(logging.DEBUG)
    with serving(create_app(county.register)) as address:
        yield Town(county, address, visit, script=getattr(request, "param", True))
