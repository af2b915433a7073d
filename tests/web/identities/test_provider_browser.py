"""Signing in through a provider's own login page, in a real browser."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from cdop.security.single_sign_on import configuration
from cdop.security.single_sign_on.asking import Asked
from cdop.security.single_sign_on.tokens import Identity
from cdop.sign_in.identities import keeping
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from tests.browser import assert_accessible, serving
from tests.client import code_for, session_of
from tests.factories import MAKER, Herefordshire
from tests.identity_provider import PASSWORD, IdentityProvider
from tests.web.identities.conftest import WHO


def _stays(route: Route) -> None:
    """Answer a step out of the register with nothing, which leaves the browser where it is."""
    route.fulfill(status=204)


def test_a_person_signs_in_there_and_gives_the_second_factor_here(
    county: Herefordshire,
    identity_provider: IdentityProvider,
    visit: Callable[..., Page],
    tmp_path: Path,
) -> None:
    register, anna = county.register, county.actors[WHO]
    identity = Identity(identity_provider.issuer, "anna", None, False)
    register.do(MAKER, keeping.link, anna.account_id, identity, "session")
    app = create_app(register)
    with serving(app) as address:
        register.settings = replace(register.settings, origin=address)
        (trusted,) = configuration.load(identity_provider.configure(tmp_path, address))
        app.state.providers = (Asked(trusted, register.clock.now),)
        page = visit(address)
        assert_accessible(page)
        page.route(f"{identity_provider.issuer}/**", _stays)  # so that the page between is seen
        page.get_by_role("button", name="Sign in with County sign-in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("On to County sign-in")
        assert_accessible(page)
        page.unroute(f"{identity_provider.issuer}/**", _stays)
        page.get_by_role("link", name="Continue to County sign-in").click()
        page.get_by_placeholder("jane").or_(page.locator("input[name=login]")).first.fill("anna")
        page.locator("button[type=submit]").last.click()
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("button[type=submit]").last.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor")
        page.get_by_label("Code").fill(code_for(register, anna.name))
        page.get_by_role("button", name="Continue").click()
        page.goto(f"{address}/account/identities")
        expect(page.get_by_role("heading", level=2, name="County sign-in")).to_be_visible()
        assert_accessible(page)
        page.get_by_role("link", name="Unlink County sign-in").click()
        assert_accessible(page)
        page.goto(address)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are still signed in at County sign-in")).to_be_visible()
        assert_accessible(page)


def test_the_pages_of_linking_and_joining_are_accessible(
    county: Herefordshire,
    identity_provider: IdentityProvider,
    visit: Callable[..., Page],
    tmp_path: Path,
) -> None:
    register, actor = county.register, county.actors[WHO]
    app = create_app(register)
    with serving(app) as address:
        register.settings = replace(register.settings, origin=address)
        (trusted,) = configuration.load(identity_provider.configure(tmp_path, address))
        app.state.providers = (Asked(trusted, register.clock.now),)
        page = visit(f"{address}/join")
        expect(page.get_by_role("button", name="Use County sign-in")).to_be_visible()
        assert_accessible(page)
        assert actor.account_id
        secure = address.replace("http:", "https:")
        token = session_of(register, actor.account_id)
        cookie = {"name": COOKIE, "value": token, "url": secure, "secure": True}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto(f"{address}/account/identities")
        assert_accessible(page)
        page.route(f"{identity_provider.issuer}/**", _stays)
        page.get_by_role("button", name="Link County sign-in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("On to County sign-in")
        assert_accessible(page)
        # Back without what was asked: the page says what to do.
        page.goto(f"{address}/sign-in/from/county?state=invented&code=invented")
        expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
        assert_accessible(page)
