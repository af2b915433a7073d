"""What every answer carries, and which requests go no further."""

import base64
import hashlib
import re
from copy import copy
from dataclasses import replace

import pytest

from cdop.web.app import create_app
from cdop.web.headers import LARGEST_BODY, SECURITY_HEADERS
from tests.client import Client
from tests.web.shell.test_forms import RIGHT


@pytest.mark.parametrize(
    "path", ["/sample/form", "/sign-in", "/nowhere", "/health", "/static/nowhere"]
)
def test_every_answer_carries_the_headers_and_is_kept_nowhere(client, path):
    answer = client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]


def test_the_policy_allows_the_one_script_on_the_page_and_nothing_inline_else(client):
    answer = client.get("/sample/parts")
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    for inline in ("<style", " style=", " onclick=", "javascript:"):
        assert inline not in answer.text


def test_static_files_are_kept_for_ever_by_their_version(client):
    page = client.get("/sample/parts").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(addresses) == 6
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/css/app.css?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/../pyproject.toml").status_code == 404
    assert client.get("/static/%2e%2e/pyproject.toml").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://testserver"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://testserver"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_change_that_another_site_asks_for_goes_no_further(client, headers):
    del client.headers["Sec-Fetch-Site"]
    assert client.submit("/sample/form", RIGHT, headers=headers).status_code == 403
    assert client.get("/sample/form", headers=headers).status_code == 200


def test_an_older_browser_may_say_its_origin(client):
    del client.headers["Sec-Fetch-Site"]
    headers = {"Origin": "https://testserver"}
    assert client.submit("/sample/form", RIGHT, headers=headers).status_code == 303


def test_behind_a_proxy_the_address_that_people_type_counts(register):
    """The proxy speaks TLS to people and plain HTTP to the program."""
    settings = replace(register.settings, origin="https://cdop.example")
    with_origin = copy(register)
    with_origin.settings = settings
    client = Client(create_app(with_origin))
    client.base_url = "http://10.0.0.1:8000"
    del client.headers["Sec-Fetch-Site"]
    right, other = (
        {"Origin": each} for each in ("https://cdop.example", "https://cdop.example.org")
    )
    assert client.post("/sign-in", data={"username": ""}, headers=right).status_code == 422
    assert client.post("/sign-in", data={"username": ""}, headers=other).status_code == 403
    kept = client.get("/sign-in").headers["Strict-Transport-Security"]
    assert kept == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_change_without_the_sessions_token_is_refused(client, token):
    fields = RIGHT if token is None else {**RIGHT, "csrf": token}
    answer = client.post("/sample/form", data=fields)
    assert answer.status_code == 403
    assert "Nothing has been changed" in answer.text


def test_a_body_past_the_limit_is_refused_announced_or_not(client):
    answer = client.submit("/sample/form", {"given_names": "x" * LARGEST_BODY})
    assert answer.status_code == 413
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    pieces = (b"x" * 65536 for _ in range(20))
    assert client.post("/sample/form", content=pieces, headers=kind).status_code == 413


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 3000, "application/x-www-form-urlencoded", 400),
    ],
)
def test_a_body_that_no_page_of_ours_sends_is_refused(client, body, kind, status):
    answer = client.post("/sample/form", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "json" not in answer.headers["Content-Type"]
