"""Breaking the glass in a real browser: taken, seen by the panel, ended, reviewed."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from cdop.clock import FixedClock
from cdop.deaths.service import notify
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, browser_type_launch_args, serving, visit
from tests.client import session_of
from tests.factories import MAKER, Herefordshire, child, herefordshire, told

__all__ = ["browser_type_launch_args", "visit"]

Open = Callable[..., Page]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


@pytest.fixture
def case(county: Herefordshire) -> UUID:
    """A case of Herefordshire, out of reach for the neighbour's coordinator."""
    opened = county.register.do(MAKER, notify, told(county["herefordshire-cdop"], child(1)))
    assert opened.death_id
    return opened.death_id


@pytest.fixture
def as_(county: Herefordshire, visit: Open) -> Iterator[Open]:
    """Give a function that opens a page as somebody who has just signed in."""
    with serving(create_app(county.register)) as address:

        def open_page(who: str, path: str) -> Page:
            page = visit(f"{address}/sign-in")
            account = county.actors[who].account_id
            assert account
            secure = address.replace("http:", "https:")
            token = session_of(county.register, account)
            cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            page.goto(f"{address}{path}")
            return page

        yield open_page


def test_the_glass_is_broken_seen_ended_and_reviewed(
    county: Herefordshire, case: UUID, as_: Open, clock: FixedClock
) -> None:
    neighbour = as_("neighbour", "/break-glass")
    assert_accessible(neighbour)
    neighbour.get_by_role("link", name="Open another panel's cases").click()
    assert_accessible(neighbour)
    neighbour.get_by_role("button", name="Break the glass").click()
    expect(neighbour.get_by_role("alert").get_by_text("Choose the reason")).to_be_visible()
    neighbour.get_by_label("Whose cases").select_option(label="Herefordshire CDOP")
    neighbour.get_by_label("The coroner or the police need an answer now").check()
    neighbour.get_by_label("What you need, and why it cannot wait").fill("An invented need")
    neighbour.get_by_role("button", name="Break the glass").click()
    banner = neighbour.get_by_text("You have opened another panel's cases by break-glass")
    expect(banner).to_be_visible()
    assert_accessible(neighbour)
    neighbour.goto(neighbour.url.replace("/search", f"/deaths/{case}"))
    expect(neighbour.get_by_text("Example Testchild").first).to_be_visible()

    coordinator = as_("coordinator", "/")
    coordinator.get_by_role("link", name="Your panel's cases were opened by break-glass").click()
    expect(coordinator.get_by_text("The coroner or the police need an answer now")).to_be_visible()
    expect(coordinator.get_by_text("An invented need")).to_be_hidden()
    assert_accessible(coordinator)
    coordinator.get_by_role("button", name="I have seen this").click()
    coordinator.get_by_role("button", name="End the access now").click()
    expect(coordinator.get_by_text("Waits for review")).to_be_visible()

    neighbour.reload()
    expect(neighbour.get_by_role("heading", name="Page not found")).to_be_visible()
    expect(banner).to_be_hidden()

    clock.at += timedelta(minutes=1)
    guardian = as_("caldicott-guardian", "/")
    guardian.get_by_role("link", name="Review an access by break-glass").click()
    expect(guardian.get_by_text("An invented need")).to_be_visible()
    guardian.get_by_role("button", name="Keep the review").click()
    expect(guardian.get_by_role("alert").get_by_text("Say whether")).to_be_visible()
    assert_accessible(guardian)
    guardian.get_by_label("Not appropriate").check()
    guardian.get_by_label("Why").fill("It could have waited")
    guardian.get_by_role("button", name="Keep the review").click()
    expect(guardian.get_by_text("It could have waited")).to_be_visible()

    auditor = as_("auditor", "/")
    expect(auditor.get_by_role("heading", name="Cases opened by break-glass")).to_be_visible()
    expect(auditor.get_by_text("Not appropriate")).to_be_visible()
    assert_accessible(auditor)
