"""Statistics in a real browser, without JavaScript too: from the exact year to the file."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, serving
from tests.client import session_of
from tests.deaths import YEAR, herefordshire_2013_14
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
def test_an_analyst_opens_the_year_builds_the_release_and_downloads_it(
    analyst: Open, script: bool
) -> None:
    page = analyst("/statistics", java_script_enabled=script)
    page.get_by_role("row", name=YEAR).get_by_role("link", name="Exact figures").click()
    expect(page.get_by_role("heading", name="Reviewed in the year: 5")).to_be_visible()
    page.get_by_role("button", name="Build the release").click()
    expect(page.get_by_role("heading", name="release", level=1)).to_be_visible()
    expect(page.get_by_role("row", name="Female [c]")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the release").click()
    assert download.value.suggested_filename == "herefordshire-cdop-2013-14-partner-1to4.zip"


def test_the_pages_of_statistics_are_accessible(analyst: Open) -> None:
    page = analyst("/statistics")
    assert_accessible(page)
    page.get_by_role("row", name=YEAR).get_by_role("link", name="Exact figures").click()
    assert_accessible(page)
    page.get_by_role("button", name="Build the release").click()
    page.get_by_role("link", name="Download the release").wait_for()
    assert_accessible(page)
