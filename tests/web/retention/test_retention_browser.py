"""The pages of retention and of rights in a real browser: accessible and narrow."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from cdop.retention import holds
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, browser_type_launch_args, serving, visit
from tests.client import session_of
from tests.integration.retention.conftest import Old

__all__ = ["browser_type_launch_args", "visit"]

Open = Callable[..., Page]


@pytest.fixture
def as_(old: Old, visit: Open) -> Iterator[Open]:
    """Give a function that opens a page as somebody who is signed in."""
    with serving(create_app(old.register)) as address:

        def open_page(who: str, path: str) -> Page:
            page = visit(f"{address}/sign-in")
            account = old.county.actors[who].account_id
            assert account
            token = session_of(old.register, account)
            secure = address.replace("http:", "https:")
            cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            page.goto(f"{address}{path}")
            return page

        yield open_page


def test_a_record_is_held_freed_proposed_approved_and_erased(old: Old, as_: Open) -> None:
    for why in ("inquest", "court"):
        old.register.do(old.guardian, holds.set_hold, old.record, why, "An invented letter")
    page = as_("coordinator", f"/holds/deaths/{old.id}")
    page.get_by_text("Lift a hold").click()
    assert_accessible(page)
    for _ in range(2):
        which = page.get_by_label("Which hold?")
        if which.count():
            which.select_option(index=1)
        elif page.get_by_label("Why need it").is_hidden():
            page.get_by_text("Lift a hold").click()
        page.get_by_label("Why need it not be held any longer?").fill("It is over")
        page.get_by_role("button", name="Lift the hold").click()
    expect(page.get_by_text("No hold is in force")).to_be_visible()
    page = as_("coordinator", "/retention")
    assert_accessible(page)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Propose for erasure").click()
    guardian = as_("caldicott-guardian", "/")
    guardian.get_by_role("link", name="Approve the erasure of a record").click()
    guardian.get_by_role("link", name="CD-2026-0001").click()
    assert_accessible(guardian)
    guardian.get_by_role("button", name="Approve the erasure").click()
    page.get_by_role("link", name="CD-2026-0001").click()
    assert_accessible(page)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Erased")
    assert_accessible(as_("coordinator", f"/deaths/{old.id}"))


def test_periods_and_requests_are_accessible(old: Old, as_: Open) -> None:
    page = as_("caldicott-guardian", "/retention/periods")
    page.get_by_role("button", name="Set the period").click()
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    assert_accessible(page)
    page = as_("coordinator", "/rights/new")
    assert_accessible(page)
    page.get_by_label("What is held about a person").check()
    page.get_by_label("Name of whoever asks").fill("Parent Invented")
    page.get_by_label("Parent, or person").check()
    page.get_by_label("Whom it is about").fill("Example1 Testchild1")
    page.get_by_role("button", name="Record the request").click()
    page.get_by_role("button", name="Search the records").click()
    assert_accessible(page)
    page.get_by_role("checkbox", name="CD-2026-0001").check()
    page.get_by_role("button", name="Link these records").click()
    page.get_by_role("link", name="Make a redacted copy").click()
    assert_accessible(page)
    page.get_by_role("button", name="Make the copy").click()
    expect(page.get_by_text("Kept back.").first).to_be_visible()
    assert_accessible(page)
