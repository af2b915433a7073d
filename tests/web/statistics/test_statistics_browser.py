"""Statistics in a real browser, without JavaScript too: from the exact year to the file."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from cdop.security.work import Register
from cdop.statistics import settling
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, serving
from tests.client import session_of
from tests.deaths import YEAR, herefordshire_2013_14
from tests.desk import released
from tests.factories import Herefordshire, herefordshire

Open = Callable[..., Page]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire's published year on SQLite."""
    found = herefordshire(sqlite_register)
    herefordshire_2013_14(sqlite_register, found["herefordshire-cdop"])
    return found


@pytest.fixture
def analyst(county: Herefordshire, visit: Open) -> Iterator[Open]:
    """Give a function that opens a page as the analyst."""
    with serving(create_app(county.register)) as address:

        def open_page(path: str, **options: object) -> Page:
            page = visit(f"{address}/sign-in", **options)
            account = county.actors["analyst"].account_id
            assert account
            token = session_of(county.register, account)
            secure = address.replace("http:", "https:")
            cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            page.goto(f"{address}{path}")
            return page

        yield open_page


@pytest.mark.parametrize("script", [True, False])
def test_an_analyst_drafts_and_builds_and_after_approval_downloads(
    county: Herefordshire, analyst: Open, script: bool
) -> None:
    """With JavaScript the page follows the work; without, it is looked at again."""
    page = analyst("/statistics", java_script_enabled=script)
    page.get_by_role("row", name=YEAR).get_by_role("link", name="Exact figures").click()
    expect(page.get_by_role("heading", name="Reviewed in the year: 5")).to_be_visible()
    page.get_by_role("link", name="Draft a release").click()
    page.get_by_label("Who is it for?").fill("Invented public health team")
    page.get_by_role("button", name="Draft it").click()
    page.get_by_role("button", name="Stop: comparing the profiles").click()
    _see(page, "button", "Protect, attack and build it", again=not script).click()
    _see(page, "heading", "Waits for approval", again=not script)
    release_id = UUID(page.url.rpartition("/")[2])
    county.register.do(county.actors["release-approver"], settling.approve, release_id)
    page.reload()
    page.locator("summary", has_text="Deaths in the year by sex").click()
    expect(page.get_by_role("row", name="Female [c]").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the release").click()
    assert download.value.suggested_filename == "herefordshire-cdop-2013-14-partner-1to4.zip"


def _see(page: Page, role: Any, name: str, *, again: bool) -> Locator:
    """Wait until something stands on the page, looking again where nothing moves by itself."""
    found = page.get_by_role(role, name=name)
    for _ in range(120):
        if again and not found.count():
            page.wait_for_timeout(500)
            page.reload()
    found.first.wait_for(timeout=60_000)
    return found.first


def test_the_pages_of_statistics_are_accessible(county: Herefordshire, analyst: Open) -> None:
    page = analyst("/statistics")
    assert_accessible(page)
    page.get_by_role("row", name=YEAR).get_by_role("link", name="Exact figures").click()
    page.get_by_role("heading", name="exact figures").wait_for()
    assert_accessible(page)
    release = released(county)
    for path in ("", "/new?cdop=herefordshire-cdop&year=2013-14", f"/{release.id}"):
        page.goto(urljoin(page.url, f"/statistics/releases{path}"))
        page.get_by_role("heading", level=1).wait_for()
        assert_accessible(page)
