"""A real browser for tests: Debian's Chromium, watched for faults, and axe.

A conftest takes the fixtures with

    from tests.browser import browser_type_launch_args, visit  # noqa: F401

and a test opens a window of its own for each person:

    with serving(create_app(register)) as address:
        anna = visit(address)
        sign_in(anna, "anna", password, code_for(register, "anna"))
        assert_accessible(anna)

At the end of the test it fails when any page wrote an error to the console, threw, or asked for
anything off loopback.
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "::1"}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Tell pytest-playwright which browser to start."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is missing. Type: sudo apt-get install -y chromium", pytrace=False)
    return {"executable_path": path, "args": FLAGS}


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a window of its own on an address and watches it for faults."""
    faults: list[str] = []
    contexts = []

    def open_window(address: str, **options: Any) -> Page:
        context = browser.new_context(viewport=WIDE, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda message: _note(faults, page, message))
        page.on("pageerror", lambda error: faults.append(f"error in the page: {error}"))
        page.on("request", lambda request: _check_address(faults, request.url))
        page.goto(address)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)


def _note(faults: list[str], page: Page, message: ConsoleMessage) -> None:
    if message.type != "error":
        return
    text = message.text
    # The browser writes a line for every answer of 400 or more: an answer we give on purpose.
    if "Failed to load resource" in text and "the server responded with a status of 4" in text:
        return
    # htmx writes the same line once more.
    if text.startswith("Response Status Error Code 4"):
        return
    faults.append(f"console of {urlsplit(page.url).path}: {text}")


def _check_address(faults: list[str], url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.hostname not in _LOOPBACK:
        faults.append(f"request off loopback: {url}")


@contextmanager
def serving(app: FastAPI, host: str = "localhost") -> Iterator[str]:
    """Serve an app on a free port of loopback. Gives its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(500):
        if server.started:
            break
        time.sleep(0.01)
    assert server.started, "the server did not start within 5 seconds"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def sign_in(page: Page, username: str, password: str, code: str | None = None) -> None:
    """Sign in on the page that is open, which leads to the sign-in page if it is not that.

    `code` is the second factor's, for an account that has one (`tests.client.code_for`).
    """
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    if code:
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Sign out").wait_for()


def assert_accessible(page: Page) -> None:
    """Fail with what axe finds on the page as it stands, at desktop width and at 320 px.

    Beyond axe: at 320 px nothing makes the page scroll sideways (WCAG 1.4.10).
    """
    faults = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        faults += [f"{size['width']} px: {fault}" for fault in _axe(page)]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append("320 px: the page scrolls sideways")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    assert not faults, f"{urlsplit(page.url).path}\n" + "\n".join(faults)


def _axe(page: Page) -> list[str]:
    page.evaluate(_axe_source())
    rules = {"target-size": {"enabled": True}}
    options = json.dumps({"runOnly": _RULES, "rules": rules, "resultTypes": ["violations"]})
    found = page.evaluate(f"axe.run(document, {options})")
    # Axe leaves empty style attributes behind, which a later swap would copy.
    page.evaluate(
        "document.querySelectorAll('[style=\"\"]').forEach(e => e.removeAttribute('style'))"
    )
    return [
        f"{violation['id']} ({violation['help']}): {node['html']} – {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@cache
def _axe_source() -> str:
    return AXE.read_text()
