"""Whoever types, sends or forges what no page of ours does gets a page, never a fault."""

import importlib
import pkgutil
import re
from base64 import b64encode
from itertools import cycle
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI
from sqlmodel import SQLModel, select
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.types import Message, Scope

import cdop.web
from cdop.organisations.models import SignIn
from cdop.security.actor import system
from cdop.security.work import Register
from cdop.web.app import create_app
from cdop.web.deps import COOKIE
from cdop.web.errors import Incidents
from cdop.web.forms import Form
from cdop.web.headers import BodyLimit, OriginCheck, PlainAddress, SecurityHeaders
from cdop.web.templating import go
from tests.client import Client, raising
from tests.factories import Herefordshire, herefordshire
from tests.straight import run

ADDRESSES = (
    "/reports/jcr-outcomes?board={}&year=2013-14",
    "/reports/jcr-outcomes?board=herefordshire&year={}",
    "/reports/jcr-outcomes.csv?board={}&year={}",
    "/deaths?after={}",
    "/deaths?after=2013-04-01_{}",
    "/deaths/{}",
    "/holds/{}/00000000-0000-0000-0000-000000000000",
    "/statistics/{}/2013-14",
    "/sign-in?next={}&notice={}",
    "/{}",
)
TYPED = (
    *("\x00", "a\x00b", "\r\nX-Injected: 1", "x" * 5000, "' OR 1=1 --", "../../etc/passwd"),
    *("9" * 30, "1e309", "٣", "𝟙", "²", "\u202eabc", "\uffff", "🧒", "0000-00", "{{7*7}}"),
)
PEOPLE = ("jcr-administrator", "coordinator", "caldicott-guardian", "analyst")


@pytest.fixture
def people(register: Register) -> list[Client]:
    """Clients of four roles; an error that nothing handles fails the test."""
    county = herefordshire(register)
    app = create_app(register, report=raising)
    return [Client(app).act_as(register, county.actors[name]) for name in PEOPLE]


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


def test_no_address_breaks_a_page(people: list[Client]) -> None:
    asking = cycle(people)
    for address in ADDRESSES:
        for typed in TYPED:
            client = people[0] if address.startswith("/reports") else next(asking)
            answer = client.get(address.replace("{}", quote(typed, safe="")))
            assert answer.status_code < 500
            assert "x-injected" not in answer.headers


@pytest.mark.parametrize("path", ["/deaths/notify", "/rights/new", "/referrals/new"])
def test_no_typed_text_breaks_a_form(people: list[Client], path: str) -> None:
    pages = [(client, client.get(path)) for client in people]
    client, page = next((c, p) for c, p in pages if p.status_code == 200)
    typed = r'<(?:input|select|textarea)[^>]* name="([^"]+)"'
    names = sorted(set(re.findall(typed, page.text)) - {"csrf"})
    assert len(names) > 3
    for first in range(len(TYPED)):
        fields = {name: TYPED[(first + n) % len(TYPED)] for n, name in enumerate(names)}
        assert client.submit(path, fields).status_code in (404, 409, 422)


def test_numbers_past_any_measure_are_refused_and_not_a_fault(people: list[Client]) -> None:
    client = people[1]
    answer = client.submit("/deaths/notify", {f"causes-{'9' * 5000}-text": "x"})
    assert answer.status_code == 400
    days = {"born_on-day": "9" * 5000, "born_on-month": "9" * 19, "born_on-year": "2014"}
    answer = client.submit("/deaths/notify", days)
    assert answer.status_code == 422
    assert "The date of birth must be a real date" in answer.text


def test_an_answer_to_htmx_bears_any_address(county: Herefordshire) -> None:
    request = Request({"type": "http", "headers": [(b"hx-request", b"true")]})
    assert go(request, "/é/🧒?a=b").headers["HX-Redirect"] == "/%C3%A9/%F0%9F%A7%92?a=b"


def test_no_other_spelling_of_an_address_opens_a_page(county: Herefordshire) -> None:
    """Sent as they are: a client of our own would tidy them first."""
    app = create_app(county.register, report=raising)
    member = Client(app).act_as(county.register, county.actors["coordinator"])
    cookie = f"{COOKIE}={member.cookies[COOKIE]}"
    assert status_of(app, "/deaths", cookie) == 200
    for path in SPELLINGS:
        assert status_of(app, path, "") in (400, 404), path
        assert status_of(app, path, cookie) in (400, 404), path


SPELLINGS = (
    *("//deaths", "/deaths/", "/deaths//", "/./deaths", "/sign-in/../deaths", "/health/../deaths"),
    *("/deaths;a=b", "/DEATHS", "/%2e/deaths", "/static/..%2fdeaths", "/deaths%20", "/deaths%0a"),
    *("/deaths.json", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..\\..\\pyproject.toml"),
    *(
        "/static/",
        "/static/css",
        "/static//etc/passwd",
        "deaths",
        "/deaths%252F",
        "/deaths%e2%80%ae",
    ),
)


def status_of(app: FastAPI, raw_path: str, cookie: str) -> int:
    """Ask for an address exactly as it is written, as a server hands it on."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), (b"cookie", cookie.encode())],
    }
    run(app, scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "é",
        "a" * 4000,
        "null",
        "' OR 1=1 --",
        "../../keys.json",
        '{"account_id": 1}',
        "=;=",
    ],
)
def test_a_forged_cookie_is_no_session(county: Herefordshire, cookie: str) -> None:
    stranger = Client(create_app(county.register, report=raising))
    header = f"{COOKIE}={cookie}; {COOKIE}=y".encode()
    answer = stranger.get("/deaths", headers={"Cookie": header})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/deaths")


def test_what_is_kept_of_a_session_opens_none(county: Herefordshire) -> None:
    """Whoever reads the database finds hashes, and a hash is no token."""
    app = create_app(county.register, report=raising)
    Client(app).act_as(county.register, county.actors["coordinator"])
    with county.register.reading(system("tests")) as work:
        kept = work.session.exec(select(SignIn)).all()
    assert kept
    for each in kept:
        for told in (each.token_hash.hex(), str(each.id), b64encode(each.token_hash).decode()):
            answer = Client(app).get("/deaths", headers={"Cookie": f"{COOKIE}={told}"})
            assert answer.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HTTP-Method-Override": "POST"},
        {"X-Method-Override": "POST"},
        {"X-Original-URL": "/sign-out"},
        {"X-Rewrite-URL": "/sign-out"},
    ],
)
def test_no_header_or_field_makes_one_request_another(
    county: Herefordshire, headers: dict[str, str]
) -> None:
    app = create_app(county.register, report=raising)
    client = Client(app).act_as(county.register, county.actors["coordinator"])
    assert client.get("/sign-out?_method=POST", headers=headers).status_code == 405
    assert client.get("/deaths?_method=DELETE", headers=headers).status_code == 200


def test_whom_a_proxy_would_name_is_not_believed(county: Herefordshire) -> None:
    app = create_app(county.register, report=raising)
    client = Client(app).act_as(county.register, county.actors["coordinator"])
    forwarded = {
        "X-Forwarded-Host": "elsewhere.example",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-User": "administrator",
        "X-Remote-User": "administrator",
        "Forwarded": "for=127.0.0.1;host=elsewhere.example",
    }
    answer = client.get("/deaths", headers=forwarded)
    assert "elsewhere.example" not in answer.text + str(answer.headers)
    assert Client(app).get("/deaths", headers=forwarded).status_code == 303


def test_a_file_or_another_kind_of_body_is_refused(county: Herefordshire) -> None:
    app = create_app(county.register, report=raising)
    client = Client(app).act_as(county.register, county.actors["coordinator"])
    attached = {"given_names": ("x.html", b"<script>", "text/html")}
    assert client.post("/deaths/notify", files=attached).status_code == 415
    for kind in ("application/json", "text/xml", "multipart/form-data; boundary=x", ""):
        answer = client.post("/deaths/notify", content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415


def test_whoever_goes_away_in_mid_sentence_is_no_fault(county: Herefordshire) -> None:
    """Nobody is there to be answered, and no incident is counted."""
    app = create_app(county.register, report=raising)
    member = Client(app).act_as(county.register, county.actors["coordinator"])
    said: list[Message] = [
        {"type": "http.request", "body": b"given_names=Exam", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return said.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = {
        "host": "testserver",
        "cookie": f"{COOKIE}={member.cookies[COOKIE]}",
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
    }
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": "/deaths/notify",
        "raw_path": b"/deaths/notify",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
    run(app, scope, receive, send)
    assert not said


def test_every_form_takes_its_own_fields_only() -> None:
    """No field of a table can be set by naming it (mass assignment)."""
    for module in pkgutil.walk_packages(cdop.web.__path__, "cdop.web."):
        importlib.import_module(module.name)
    ours = [kind for kind in _below(Form) if kind.__module__.startswith("cdop.")]
    assert len(ours) >= 30
    for kind in ours:
        assert kind.model_config["extra"] == "forbid", kind
        assert kind.model_config["frozen"], kind
        assert not issubclass(kind, SQLModel), kind


def _below(kind: type[Form]) -> list[type[Form]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]


def test_middleware_is_plain_asgi(county: Herefordshire) -> None:
    app = create_app(county.register)
    kinds: list[Any] = [each.cls for each in app.user_middleware]
    assert {OriginCheck, BodyLimit, PlainAddress, SecurityHeaders, Incidents} <= set(kinds)
    assert not [kind for kind in kinds if issubclass(kind, BaseHTTPMiddleware)]
    assert SecurityHeaders is kinds[0], "what any other one answers must carry the headers"
