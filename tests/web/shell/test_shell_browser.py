"""The shell in a real browser: with and without JavaScript, at desktop width and at 320 px."""

import pytest
from playwright.sync_api import Page, expect

from cdop.web.deps import COOKIE, KNOWN
from tests.browser import assert_accessible, serving, sign_in
from tests.client import code_for
from tests.web.shell.sample import PASSWORD, USERNAME


@pytest.fixture
def address(app):
    with serving(app) as address:
        yield address


def fill_wrongly(page: Page) -> None:
    page.get_by_label("Given names").fill("Robin Invented")
    born = page.get_by_role("group", name="Date of birth")
    for part, number in (("Day", "31"), ("Month", "2"), ("Year", "2014")):
        born.get_by_label(part).fill(number)
    page.get_by_role("button", name="Notify").click()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_cookie_that_cannot_be_planted_works_on_loopback(app, visit, host, register):
    with serving(app, host) as address:
        page = visit(f"{address}/sample/form")
        assert_accessible(page)
        sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
        assert page.url == f"{address}/sample/form"
        cookie = next(c for c in page.context.cookies() if c["name"] == COOKIE)
        assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == (COOKIE, True, True)


def test_a_wrong_form_puts_the_focus_on_what_is_wrong(address, visit, register):
    page = visit(f"{address}/sample/form")
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    page.evaluate("window.untouched = true")
    fill_wrongly(page)
    summary = page.locator(".nhsuk-error-summary")
    expect(summary).to_be_focused()
    assert page.evaluate("window.untouched"), "the page was loaded anew instead of swapped"
    expect(page.get_by_label("Given names")).to_have_value("Robin Invented")
    assert_accessible(page)
    summary.get_by_role("link", name="The date of birth must be a real date").click()
    expect(page.locator("#born_on-day")).to_be_focused()


def test_the_same_form_works_without_javascript(address, visit, register):
    page = visit(f"{address}/sample/form", java_script_enabled=False)
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    fill_wrongly(page)
    expect(page.get_by_role("link", name="The date of birth must be a real date")).to_be_visible()
    expect(page.get_by_label("Given names")).to_have_value("Robin Invented")
    expect(page).to_have_title("Error: Sample form – cdop")


def test_a_part_that_belongs_to_an_answer_shows_with_it(address, visit, register):
    page = visit(f"{address}/sample/form")
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    why = page.get_by_label("Why is that?")
    expect(why).to_be_hidden()
    page.get_by_label("Not known").check()
    expect(why).to_be_visible()
    page.get_by_label("Female").check()
    expect(why).to_be_hidden()


def test_a_change_that_is_refused_keeps_what_was_typed_and_says_so(address, visit, register):
    page = visit(f"{address}/sample/form")
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    page.locator("input[name=csrf]").evaluate_all("all => all.forEach(e => e.value = 'old')")
    fill_wrongly(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been changed")
    expect(page.get_by_label("Given names")).to_have_value("Robin Invented")


def test_every_part_is_accessible(address, visit, register):
    page = visit(f"{address}/sample/parts")
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    expect(page.locator(".cdop-done")).to_be_focused()
    assert_accessible(page)
    page.goto(f"{address}/nowhere")
    assert_accessible(page)


def test_after_signing_out_back_shows_nothing(address, visit, register):
    page = visit(f"{address}/sample/form")
    sign_in(page, USERNAME, PASSWORD, code_for(register, USERNAME))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    assert [cookie["name"] for cookie in page.context.cookies()] == [KNOWN]
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
