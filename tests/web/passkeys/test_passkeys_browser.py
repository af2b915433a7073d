"""A passkey from its making to its removal, in Chromium with its virtual authenticator."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from cdop.clock import FixedClock
from cdop.sign_in import factors
from tests.browser import assert_accessible, sign_in
from tests.client import code_for
from tests.factories import MAKER, Herefordshire
from tests.web.passkeys.conftest import PASSWORD, WHO, Device

Open = Callable[..., Page]


def add_passkey(page: Page, address: str, name: str = "Work laptop") -> None:
    page.goto(f"{address}/account/passkeys/add")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("The passkey was added")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You have signed out.")).to_be_visible()


def with_passkey(page: Page) -> None:
    page.get_by_role("button", name="Sign in with a passkey").click()


def test_a_passkey_signs_in_confirms_and_once_removed_does_neither(
    county: Herefordshire,
    address: str,
    visit: Open,
    device_of: Callable[[Page], Device],
    clock: FixedClock,
) -> None:
    page = visit(address)
    device = device_of(page)
    sign_in(page, WHO, PASSWORD, code_for(county.register, WHO))
    add_passkey(page, address)
    assert_accessible(page)
    # By itself: no name, no password, no code.
    sign_out(page)
    assert_accessible(page)
    with_passkey(page)
    page.get_by_role("button", name="Sign out").wait_for()
    # A person whom the device does not know gets nowhere, and is told so.
    sign_out(page)
    device.verifies(False)
    with_passkey(page)
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    assert_accessible(page)
    device.verifies(True)
    # As the second factor, after the password.
    page.get_by_label("User name").fill(WHO)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert_accessible(page)
    page.get_by_role("button", name="Use your passkey").click()
    page.get_by_role("button", name="Sign out").wait_for()
    # To confirm, some minutes later.
    clock.at += timedelta(minutes=10)
    page.goto(f"{address}/account/passkeys")
    page.get_by_role("link", name="Remove Work laptop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    assert_accessible(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove Work laptop")
    assert_accessible(page)
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("The passkey was removed")).to_be_visible()
    # It is still on the device, and worth nothing.
    sign_out(page)
    with_passkey(page)
    expect(page.get_by_text("That passkey was not accepted")).to_be_visible()


def test_a_device_makes_one_passkey_for_an_account(
    county: Herefordshire, address: str, visit: Open, device_of: Callable[[Page], Device]
) -> None:
    page = visit(address)
    device_of(page)
    sign_in(page, WHO, PASSWORD, code_for(county.register, WHO))
    add_passkey(page, address)
    page.goto(f"{address}/account/passkeys/add")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("Fill in first: Name.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("The same once more")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("This device has a passkey for your account already.")).to_be_visible()
    assert_accessible(page)


def test_at_another_address_the_page_says_where_passkeys_work(
    county: Herefordshire, address: str, visit: Open, device_of: Callable[[Page], Device]
) -> None:
    page = visit(address.replace("localhost", "127.0.0.1"))
    device_of(page)
    with_passkey(page)
    expect(page.get_by_text("Passkeys work only at localhost")).to_be_visible()


def test_without_javascript_a_sentence_says_what_to_do_instead(address: str, visit: Open) -> None:
    page = visit(address, java_script_enabled=False)
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_someone_without_a_second_factor_may_begin_with_a_passkey(
    county: Herefordshire, address: str, visit: Open, device_of: Callable[[Page], Device]
) -> None:
    county.register.do(MAKER, factors.remove_all, county.actors[WHO].account_id)
    page = visit(address)
    device_of(page)
    page.get_by_label("User name").fill(WHO)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert_accessible(page)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    page.goto(f"{address}/account/passkeys")
    page.get_by_role("link", name="Remove First passkey").click()
    expect(page.get_by_text("This is your only second factor.")).to_be_visible()
