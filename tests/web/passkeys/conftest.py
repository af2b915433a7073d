"""A county served on localhost, as its register is known, and a device that holds passkeys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import CDPSession, Page

from cdop.organisations.models import Account
from cdop.security import one_time_codes, passwords
from cdop.security.work import Register
from cdop.sign_in import authenticators
from cdop.web.app import create_app
from tests.browser import browser_type_launch_args, serving, visit
from tests.factories import MAKER, Herefordshire, herefordshire

__all__ = ["browser_type_launch_args", "visit"]

PASSWORD = "an invented password"
WHO = "coordinator"


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire, whose coordinator has a password and an authenticator app."""
    found = herefordshire(sqlite_register)
    with sqlite_register.work(MAKER) as work:
        account = work.session.get_one(Account, found.actors[WHO].account_id)
        account.password_hash = passwords.hash_password(PASSWORD)
        authenticators.add(work, account.id, one_time_codes.new_secret())
    return found


@pytest.fixture
def address(county: Herefordshire) -> Iterator[str]:
    with serving(create_app(county.register)) as found:
        county.register.settings = replace(county.register.settings, origin=found)
        yield found


@dataclass
class Device:
    """A device of Chromium's own that verifies its user, without a person and without hardware."""

    session: CDPSession
    id: str

    def verifies(self, who: bool) -> None:
        """Let the person pass or fail the device's check from now on."""
        self.session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": who}
        )


@pytest.fixture
def device_of() -> Callable[[Page], Device]:
    def give(page: Page) -> Device:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return Device(session, made["authenticatorId"])

    return give
