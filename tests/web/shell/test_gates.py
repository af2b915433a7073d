"""The gates of a route in their order: signed in, permitted, confirmed just now."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI, Response
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.organisations.models import Membership
from cdop.registers import open_register
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from cdop.web.app import create_app
from cdop.web.deps import CurrentActor, requires, signed_in
from tests.client import Client, raising
from tests.conftest import NOW, sqlite_settings
from tests.factories import MAKER, Herefordshire, herefordshire


@pytest.fixture
def county(sqlite_template: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Herefordshire]:
    folder = tmp_path / "register"
    shutil.copytree(sqlite_template, folder)
    register = open_register(sqlite_settings(folder), clock=clock)
    yield herefordshire(register)
    register.engine.dispose()


def app_of(register: Register) -> FastAPI:
    """Return the app with three small routes that tell who asked."""
    app, router = create_app(register, report=raising), APIRouter()

    def told(actor: CurrentActor) -> Response:
        return Response(actor.name)

    for path, asked in (
        ("/any", signed_in()),
        ("/cases", requires("deaths:case:read")),
        ("/keys", requires("deaths:case:read", confirmed=True)),
        ("/own-keys", signed_in(confirmed=True)),
    ):
        router.add_api_route(path, told, methods=["GET", "POST"], dependencies=[asked])
    app.include_router(router)
    return app


def denials(register: Register) -> list[tuple[str, str]]:
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.outcome == "denied")
        return [(line.actor, line.action) for line in work.session.exec(query)]


def test_whoever_is_not_signed_in_is_led_to_the_door(county: Herefordshire) -> None:
    client = Client(app_of(county.register))
    for path in ("/any", "/cases", "/keys"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
        assert client.post(path).status_code == 401
    assert denials(county.register) == []


def test_without_the_permission_the_page_is_absent_and_a_line_is_kept(
    county: Herefordshire,
) -> None:
    client = Client(app_of(county.register))
    client.act_as(county.register, county.actors["panel-member"])
    absent = client.get("/there-is-none")
    answer = client.get("/cases")
    assert answer.status_code == absent.status_code == 404
    assert client.get("/any").text == "panel-member"
    assert denials(county.register) == [("panel-member", "deaths:case:read")]


def test_with_the_permission_the_route_knows_who_asks(county: Herefordshire) -> None:
    client = Client(app_of(county.register))
    client.act_as(county.register, county.actors["coordinator"])
    assert client.get("/cases").text == "coordinator"
    assert client.submit("/cases", {}).text == "coordinator"
    assert denials(county.register) == []


def test_a_change_without_the_session_s_token_is_refused(county: Herefordshire) -> None:
    client = Client(app_of(county.register))
    client.act_as(county.register, county.actors["coordinator"])
    assert client.post("/cases", data={"said": "nothing"}).status_code == 403
    assert client.post("/cases", data={"csrf": "0" * 64}).status_code == 403


@pytest.mark.parametrize("path", ["/keys", "/own-keys"])
def test_what_asks_for_it_wants_a_second_factor_given_just_now(
    county: Herefordshire, clock: FixedClock, path: str
) -> None:
    client = Client(app_of(county.register))
    client.act_as(county.register, county.actors["coordinator"])
    assert client.get(path).text == "coordinator"
    clock.at = NOW + timedelta(minutes=10)
    assert client.get("/cases").text == "coordinator"
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/confirm")
    wrong = client.submit(path, {"confirmation": "000000"})
    assert wrong.status_code == 401
    assert "That is not right" in wrong.text


def test_the_permission_is_asked_before_the_second_factor(
    county: Herefordshire, clock: FixedClock
) -> None:
    client = Client(app_of(county.register))
    client.act_as(county.register, county.actors["panel-member"])
    clock.at = NOW + timedelta(minutes=10)
    assert client.get("/keys").status_code == 404


def test_a_role_that_ends_is_gone_at_the_next_click(county: Herefordshire) -> None:
    client = Client(app_of(county.register))
    coordinator = county.actors["coordinator"]
    client.act_as(county.register, coordinator)
    assert client.get("/cases").status_code == 200

    def dismiss(work: Work) -> None:
        query = select(Membership).where(Membership.account_id == coordinator.account_id)
        work.session.exec(query).one().valid_to = work.today - timedelta(days=1)

    county.register.do(MAKER, dismiss)
    assert client.get("/cases").status_code == 404
    assert client.get("/any").text == "coordinator"
