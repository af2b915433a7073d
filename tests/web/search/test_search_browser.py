"""Finding a child, and being told of a likely duplicate while typing, in a real browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from cdop.deaths.service import notify
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, serving
from tests.client import session_of
from tests.factories import Herefordshire, child, herefordshire, told

Open = Callable[..., Page]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite with one case."""
    county = herefordshire(sqlite_register)
    county.register.do(
        county.actors["coordinator"], notify, told(county["herefordshire-cdop"], child())
    )
    return county


@pytest.fixture
def open_page(county: Herefordshire, visit: Open) -> Iterator[Open]:
    """Give a function that opens a page as the coordinator."""
    with serving(create_app(county.register)) as address:

        def opened(path: str, **options: object) -> Page:
            page = visit(f"{address}/sign-in", **options)
            account = county.actors["coordinator"].account_id
            assert account
            token = session_of(county.register, account)
            secure = address.replace("http:", "https:")
            cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            page.goto(f"{address}{path}")
            return page

        yield opened


@pytest.mark.parametrize("script", [True, False])
def test_a_child_is_found_with_and_without_script(open_page: Open, script: bool) -> None:
    page = open_page("/search", java_script_enabled=script)
    page.get_by_label("Name, NHS number").fill("exampel testchild 1/3/2026")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name="CD-2026-0001")).to_be_visible()
    assert "exampel" not in page.url
    if script:
        expect(page.locator("#found")).to_be_focused()
        assert_accessible(page)


def test_a_likely_duplicate_appears_while_the_notification_is_typed(open_page: Open) -> None:
    page = open_page("/deaths/notify")
    page.get_by_label("Given names").fill("Exampel")
    page.get_by_label("Family name").fill("Testchild")
    for group, parts in (("Date of birth", "1 3 2026"), ("Date of death", "10 11 2026")):
        date = page.get_by_role("group", name=group)
        for label, value in zip(("Day", "Month", "Year"), parts.split(), strict=True):
            date.get_by_label(label).fill(value)
    page.get_by_label("Time of death").focus()
    said = page.locator("#likely")
    expect(said).to_contain_text("CD-2026-0001: Probably the same child")
    expect(page.get_by_label("Given names")).to_have_value("Exampel")
    assert_accessible(page)
