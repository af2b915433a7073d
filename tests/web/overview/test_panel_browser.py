"""The pages of meetings and of the panel in a real browser: accessible, narrow, without script."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from cdop.overview.service import save_draft
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, serving
from tests.client import session_of
from tests.factories import Herefordshire, herefordshire
from tests.panels import WHOLE, a_case, a_meeting, a_tabled_case

Open = Callable[..., Page]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """Herefordshire on SQLite: pages do not differ by database."""
    return herefordshire(sqlite_register)


@pytest.fixture
def as_(county: Herefordshire, visit: Open) -> Iterator[Open]:
    """Give a function that opens a page as somebody who is signed in."""
    with serving(create_app(county.register)) as address:

        def open_page(who: str, path: str, **options: object) -> Page:
            page = visit(f"{address}/sign-in", **options)
            account = county.actors[who].account_id
            assert account
            token = session_of(county.register, account)
            secure = address.replace("http:", "https:")
            cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
            page.goto(f"{address}{path}")
            return page

        yield open_page


def test_the_pages_of_meetings_are_accessible(county: Herefordshire, as_: Open) -> None:
    a_tabled_case(county)
    a_case(county, 2)
    a_case(county, 3, summary="")
    meeting_id = a_meeting(county)
    page = as_("coordinator", "/meetings")
    assert_accessible(page)
    page.get_by_role("link", name="Arrange a meeting").click()
    page.get_by_role("button", name="Arrange the meeting").click()
    expect(page.locator(".nhsuk-error-summary")).to_be_focused()
    assert_accessible(page)
    page = as_("coordinator", f"/meetings/{meeting_id}")
    page.get_by_text("Record who was there").click()
    assert_accessible(page)


def test_the_panels_pages_are_accessible(county: Herefordshire, as_: Open) -> None:
    death_id = a_tabled_case(county)
    assert_accessible(as_("panel-member", f"/overview/{death_id}"))
    page = as_("panel-member", f"/overview/{death_id}/classify")
    page.get_by_text("What each category includes").click()
    page.get_by_text("Read the case").click()
    assert_accessible(page)
    page.get_by_role("group", name="Factor 1").get_by_label("Remark").fill("No factor chosen")
    page.get_by_role("button", name="Save", exact=True).click()
    summary = page.locator(".nhsuk-error-summary")
    summary.get_by_role("link", name="Select a factor, or clear this line").click()
    expect(page.locator("#lines-0-factor")).to_be_focused()
    assert_accessible(page)
    warned = replace(WHOLE, secondary=("3",), modifiable="no")
    county.register.do(county.actors["panel-member"], save_draft, death_id, warned, 0)
    for path in ("", "/classify"):
        assert_accessible(as_("panel-chair", f"/overview/{death_id}{path}"))
    county.register.do(county.actors["panel-member"], save_draft, death_id, WHOLE, 1)
    assert_accessible(as_("panel-chair", f"/overview/{death_id}/sign-off"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_case_is_classified_and_signed_off(
    county: Herefordshire, as_: Open, script: bool
) -> None:
    death_id = a_tabled_case(county)
    page = as_("panel-member", f"/overview/{death_id}", java_script_enabled=script)
    page.get_by_role("link", name="Classify").click()
    page.get_by_role("radio", name="10. Sudden unexpected").check()
    for line, domain in enumerate("ABD", start=1):
        factor = page.get_by_role("group", name=f"Factor {line}")
        factor.get_by_label("Factor", exact=True).select_option(f"{domain}/none")
        factor.get_by_label("Relevance").select_option("1")
    page.get_by_role("button", name="Add another line").click()
    fourth = page.get_by_role("group", name="Factor 4")
    expect(fourth.get_by_label("Factor", exact=True)).to_be_focused()
    fourth.get_by_label("Factor", exact=True).select_option("C/unsafe-sleep")
    fourth.get_by_label("Relevance").select_option("2")
    fourth.get_by_label("Factor 4 is modifiable").check()
    page.get_by_role("group", name="Modifiable factors").get_by_label("Yes").check()
    page.get_by_role("button", name="Save and check the answers").click()
    expect(page.get_by_text("Unsafe sleeping arrangements")).to_be_visible()
    expect(page.get_by_text("To settle before sign-off")).to_have_count(0)
    chair = as_("panel-chair", "/", java_script_enabled=script)
    chair.get_by_role("link", name="Sign off the review").click()
    chair.get_by_role("link", name="Check and sign off").click()
    chair.get_by_role("button", name="Sign off the review").click()
    expect(chair.get_by_role("heading", level=1)).to_contain_text("Signed off")


def test_two_people_at_one_form_lose_nothing(county: Herefordshire, as_: Open) -> None:
    death_id = a_tabled_case(county)
    county.register.do(county.actors["panel-member"], save_draft, death_id, WHOLE, 0)
    page = as_("panel-chair", f"/overview/{death_id}/classify")
    page.get_by_label("Learning points").fill("Typed by the chair")
    newer = replace(WHOLE, category="9")
    county.register.do(county.actors["panel-member"], save_draft, death_id, newer, 1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("cell", name="9. Infection")).to_be_visible()
    expect(page.get_by_label("Learning points")).to_have_value("Typed by the chair")
    assert_accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
