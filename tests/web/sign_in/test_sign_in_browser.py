"""In a real browser: an invited person comes in, keeps the codes, and comes back by one of them."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from cdop.security import one_time_codes
from cdop.sign_in import invitations
from tests.browser import assert_accessible, serving
from tests.client import code_for
from tests.factories import Herefordshire
from tests.web.sign_in.conftest import PASSWORD

CHOSEN = "eleven grey herons"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def first_step(page: Page, who: str, password: str) -> None:
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")


def on(page: Page, heading: str) -> None:
    """Wait for a page, and hold it against axe at both widths."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("script", [True, False])
def test_an_invited_person_comes_in_and_back(
    app: FastAPI, county: Herefordshire, visit: Callable[..., Page], script: bool
) -> None:
    register, admin = county.register, county.actors["administrator"]
    secret = register.do(admin, invitations.invite, county.actors["panel-member"].account_id)
    with serving(app) as address:
        page = visit(f"{address}/join#{secret}", java_script_enabled=script)
        field = page.get_by_label("Invitation")
        if script:
            expect(field).to_have_value(secret)
            assert secret not in page.url, "it does not stay in the history"
        field.fill(secret)
        page.get_by_label("New password", exact=True).fill(CHOSEN)
        if script:
            on(page, "Take up your invitation")
        press(page, "Set password")
        key = page.locator(".cdop-key").inner_text().replace(" ", "")
        step = one_time_codes.step_at(register.clock.now())
        page.get_by_label("Code").fill(one_time_codes.code_of(key, step))
        if script:
            on(page, "Set up your authenticator app")
        press(page, "Continue")
        codes = page.locator(".cdop-codes code").all_inner_texts()
        assert len(codes) == 10
        if script:
            on(page, "Your recovery codes")
        page.get_by_role("button", name="I have kept them").or_(
            page.get_by_role("link", name="I have kept them")
        ).click()
        expect(page.get_by_role("heading", name="Your work")).to_be_visible()
        press(page, "Sign out")
        first_step(page, "panel-member", CHOSEN)
        page.get_by_label("Code").fill(codes[0])
        if script:
            on(page, "Your second factor")
        press(page, "Continue")
        page.goto(f"{address}/account")
        expect(page.get_by_text("9 left")).to_be_visible()
        if script:
            on(page, "Your account")
        press(page, "Sign out everywhere")
        expect(page.get_by_text("You have signed out everywhere.")).to_be_visible()


def test_an_administrator_invites_and_confirms(
    app: FastAPI,
    county: Herefordshire,
    enrolled: Callable[[str], str],
    visit: Callable[..., Page],
) -> None:
    who = enrolled("administrator")
    with serving(app) as address:
        page = visit(f"{address}/accounts/new")
        first_step(page, who, PASSWORD)
        page.get_by_label("Code").fill(code_for(county.register, who))
        press(page, "Continue")
        on(page, "Invite somebody")
        page.goto(f"{address}/confirm?next=/accounts")
        on(page, "Confirm that it is you")
        press(page, "Confirm")
        on(page, "Accounts")
        page.get_by_role("link", name="Panel Member").click()
        on(page, "Panel Member")
        page.get_by_role("button", name="Let stand in for a colleague").or_(
            page.get_by_role("link", name="Let stand in for a colleague")
        ).click()
        on(page, "Stand in for a colleague")
        page.goto(f"{address}/accounts/new")
        page.get_by_label("Name", exact=True).fill("Ada Invented")
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Role").select_option("auditor")
        press(page, "Make an invitation")
        on(page, "Invitation for Ada Invented")
