"""A county whose register trusts a real provider on loopback, and people's browsers."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cdop import registers
from cdop.clock import SystemClock
from cdop.security import one_time_codes
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.sign_in import authenticators
from cdop.web.app import create_app
from tests.browser import browser_type_launch_args, visit
from tests.client import Client
from tests.conftest import sqlite_settings
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.identity_provider import IdentityProvider, identity_provider, sign_in_there

__all__ = ["browser_type_launch_args", "identity_provider", "visit"]

ORIGIN = "https://testserver"
WHO = "coordinator"


@pytest.fixture
def county(sqlite_template: Path, tmp_path: Path) -> Iterator[Herefordshire]:
    """Herefordshire by the machine's own clock, which is the provider's too."""
    folder = tmp_path / "register"
    shutil.copytree(sqlite_template, folder)
    settings = replace(sqlite_settings(folder), origin=ORIGIN)
    register = registers.open_register(settings, clock=SystemClock())
    found = herefordshire(register)
    account_id = found.actors[WHO].account_id
    register.do(MAKER, authenticators.add, account_id, one_time_codes.new_secret())
    yield found
    register.engine.dispose()


@pytest.fixture(scope="session")
def at_the_provider(identity_provider: IdentityProvider) -> Callable[[str], httpx.Client]:
    """Give each person's browser as the provider knows it: signed in there once for all tests."""
    browsers: dict[str, httpx.Client] = {}

    def of(person: str) -> httpx.Client:
        return browsers.setdefault(person, httpx.Client())

    return of


@dataclass
class Desk:
    """The register as it is configured, and what a browser does between it and the provider."""

    register: Register
    provider: IdentityProvider
    at_the_provider: Callable[[str], httpx.Client]
    app: Any = field(init=False)

    def configure(self, folder: Path, **more: Any) -> None:
        file = self.provider.configure(folder, ORIGIN, **more)
        self.register.settings = replace(self.register.settings, oidc=file)
        self.app = create_app(self.register)

    def browser(self, actor: Actor | None = None) -> Client:
        web = Client(self.app)
        return web.act_as(self.register, actor) if actor else web

    def go_there(self, web: Client, path: str, **fields: str) -> str:
        """Press a button that leads to the provider. Returns the address there."""
        answer = web.submit(
            path, {"next": ""} | fields if "with" in path and "join" not in path else fields
        )
        assert answer.status_code == 200, answer.text
        address = answer.headers["Refresh"].partition("url=")[2]
        assert f'href="{address.replace("&", "&amp;")}"' in answer.text
        return address

    def come_back(self, web: Client, address: str, person: str = "anna") -> httpx.Response:
        """Sign in there, and let the browser bring the answer back."""
        answer: httpx.Response = web.get(self.back(address, person))
        return answer

    def back(self, address: str, person: str = "anna") -> str:
        """Sign in there. Returns the path by which the browser comes back."""
        to = sign_in_there(address, person, self.at_the_provider(person))
        return to.removeprefix(ORIGIN)

    def link(self, actor: Actor, person: str = "anna") -> None:
        """Link somebody's sign-in at the provider to an account, from its page."""
        web = self.browser(actor)
        answer = self.come_back(web, self.go_there(web, "/account/identities/county/link"), person)
        assert answer.headers["Location"] == "/account/identities?done=linked"


@pytest.fixture
def desk(
    county: Herefordshire,
    identity_provider: IdentityProvider,
    at_the_provider: Callable[[str], httpx.Client],
    tmp_path: Path,
) -> Desk:
    made = Desk(county.register, identity_provider, at_the_provider)
    made.configure(tmp_path)
    return made


def asked_for(address: str, name: str) -> str:
    """Return a parameter of an address."""
    return parse_qs(urlsplit(address).query)[name][0]
