"""The gates of a route in their order: signed in, permitted, confirmed just now."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.organisations import sessions
from cdop.organisations.models import Membership, Organisation
from cdop.organisations.sessions import Current
from cdop.registers import open_register
from cdop.security import one_time_codes
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from cdop.sign_in import authenticators
from cdop.statistics import tokens
from cdop.web.app import create_app
from cdop.web.deps import COOKIE, CurrentActor, CurrentRegister, by_token, requires, signed_in
from tests.client import Client, code_for, raising
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

    def shown(request: Request, _: CurrentRegister) -> Response:
        session: Current = request.state.session
        return Response(f"{session.actor.name} at {request.state.place}: {request.state.csrf}")

    for path, asked in (
        ("/any", signed_in()),
        ("/cases", requires("deaths:case:read")),
        ("/keys", requires("deaths:case:read", confirmed=True)),
        ("/own-keys", signed_in(confirmed=True)),
    ):
        router.add_api_route(path, told, methods=["GET", "POST"], dependencies=[asked])
    router.add_api_route("/shown", shown, dependencies=[signed_in()])
    router.add_api_route("/program", told, dependencies=[by_token()])
    app.include_router(router)
    return app


def denials(register: Register) -> list[tuple[str, str]]:
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.outcome == "denied")
        return [(line.actor, line.action) for line in work.session.exec(query)]


def refusals(register: Register) -> int:
    """Return how often a second factor was wrong."""
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == "accounts:session:refuse")
        return len(work.session.exec(query).all())


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
    asked = client.submit(path, {})
    assert asked.status_code == 401
    assert "That is not right" not in asked.text, "nothing was given yet"
    assert refusals(county.register) == 0, "and nothing counts as a wrong one"
    wrong = client.submit(path, {"confirmation": "000000"})
    assert wrong.status_code == 401
    assert "That is not right" in wrong.text
    assert refusals(county.register) == 1


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


def test_a_form_may_bring_the_code_that_a_grave_step_asks_for(
    county: Herefordshire, clock: FixedClock
) -> None:
    """Right, it is done and stands for five minutes; and a sixth wrong one has to wait."""
    register, coordinator = county.register, county.actors["coordinator"]
    client = Client(app_of(register)).act_as(register, coordinator)
    account = coordinator.account_id
    assert account
    register.do(MAKER, authenticators.add, account, one_time_codes.new_secret())
    clock.at = NOW + timedelta(minutes=10)
    assert client.submit("/keys", {"confirmation": ""}).status_code == 401
    code = code_for(register, "coordinator")
    assert client.submit("/keys", {"confirmation": code}).text == "coordinator"
    assert client.get("/own-keys").text == "coordinator"
    clock.at += timedelta(minutes=10)
    answers = [client.submit("/keys", {"confirmation": "000000"}) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {401}
    assert "That is not right, or was used before" in answers[0].text
    assert "Try again in 2 seconds" in answers[5].text
    clock.at += timedelta(minutes=10)
    with_passkey = client.submit("/keys", {"confirmation": code, "confirmation_passkey": "none"})
    assert "That is not right" in with_passkey.text, "what a passkey answered is asked first"


def test_the_page_s_shell_knows_the_session_its_token_and_where_somebody_works(
    county: Herefordshire,
) -> None:
    """By the names of today; an organisation that is no more is not told of."""
    register, guardian = county.register, county.actors["caldicott-guardian"]
    client = Client(app_of(register)).act_as(register, guardian)
    token = client.cookies[COOKIE]
    places = "Herefordshire CDOP, Herefordshire Joint Case Review group"
    for _ in range(2):  # remembered the second time
        answer = client.get("/shown").text
        assert answer == f"caldicott-guardian at {places}: {sessions.csrf(token)}"

    def close(work: Work) -> None:
        row = work.session.get_one(Organisation, county["herefordshire-jcr"])
        row.valid_to = work.today

    register.do(MAKER, close)
    again = Client(app_of(register)).act_as(register, guardian)
    assert " at Herefordshire CDOP: " in again.get("/shown").text
    auditor = Client(app_of(register)).act_as(register, county.actors["auditor"])
    assert auditor.get("/shown").text.startswith("auditor at : ")


def test_a_program_without_a_good_token_is_told_to_bring_one(county: Herefordshire) -> None:
    client = Client(app_of(county.register))
    analyst = county.actors["analyst"]
    _, text = county.register.do(analyst, tokens.make, "herefordshire-cdop", "a program", 1)
    good = client.get("/program", headers={"Authorization": f"bearer  {text}"})
    assert good.status_code == 200
    wrong = ["", "Bearer", "Bearer ", f"Basic {text}", text, "Bearer another", f"Bearer {text}x"]
    for headers in ({}, *({"Authorization": each} for each in wrong)):
        answer = client.get("/program", headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), headers


def test_a_program_that_asks_too_often_is_told_when_to_ask_again(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_A_MINUTE", 2)
    client = Client(app_of(county.register))
    analyst = county.actors["analyst"]
    _, text = county.register.do(analyst, tokens.make, "herefordshire-cdop", "a program", 1)
    for _ in range(3):
        answer = client.get("/program", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
