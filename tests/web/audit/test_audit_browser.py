"""The auditor's pages in a real browser: accessible, narrow, and with a download that arrives."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cdop.deaths.service import notify
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, browser_type_launch_args, serving, visit
from tests.client import session_of
from tests.factories import Herefordshire, child, herefordshire, told

__all__ = ["browser_type_launch_args", "visit"]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    county = herefordshire(sqlite_register)
    panel = county["herefordshire-cdop"]
    county.register.do(county.actors["coordinator"], notify, told(panel, child()))
    return county


def test_an_auditor_finds_who_looked_and_takes_the_log_away(
    county: Herefordshire, visit: Callable[..., Page]
) -> None:
    register = county.register
    with serving(create_app(register)) as address:
        page = visit(f"{address}/sign-in")
        token = session_of(register, county.actors["auditor"].account_id)
        url = address.replace("http:", "https:")
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": url, "secure": True}])
        page.goto(f"{address}/")
        page.get_by_role("link", name="Audit log").click()
        page.get_by_label("About the case").fill("CD-2026-0001")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("rowheader").first).to_be_visible()
        page.get_by_text("Is the log sealed?").click()
        assert_accessible(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the table").click()
        assert download.value.suggested_filename == "audit-log.csv"
        page.get_by_role("link", name="What is unusual").click()
        assert_accessible(page)
        page.goto(f"{address}/audit?case=nothing")
        expect(page.get_by_role("link", name="No case within your reach")).to_be_visible()
        assert_accessible(page)
