"""What reaches far asks for the second factor again, and loses nothing that was typed."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from cdop.clock import FixedClock
from cdop.organisations import sessions
from cdop.sign_in.passkeys import proving
from cdop.web.deps import COOKIE, requires
from cdop.web.forms import Form, PostedForm, ask, bind
from cdop.web.templating import go
from tests.client import Client, code_for
from tests.factories import Herefordshire
from tests.integration.sign_in.test_passkeys import asked, give
from tests.passkeys import Device

LATER = timedelta(minutes=5)
ABSENT = UUID(int=1)
router = APIRouter()
GRAVE = requires("deaths:case:read", confirmed=True)


class Reason(Form):
    reason: str = ask("the reason")
    tags: list[str] = ask("a tag", [])


@router.get("/grave", dependencies=[GRAVE])
def ask_for_reason() -> Response:
    return Response("the form")


@router.post("/grave", dependencies=[GRAVE])
def do(request: Request, posted: PostedForm) -> Response:
    bound = bind(Reason, posted)
    return go(request, f"/grave?{len(bound.model.reason)}-{len(bound.model.tags)}")


@pytest.fixture
def coordinator(
    app: FastAPI, web: Client, county: Herefordshire, enrolled: Callable[[str], str]
) -> Client:
    """The coordinator's browser, and a page that asks for confirmation."""
    app.include_router(router)
    enrolled("coordinator")
    return web.act_as(county.register, county.actors["coordinator"])


def test_a_second_factor_just_given_is_enough_for_five_minutes(
    coordinator: Client, clock: FixedClock
) -> None:
    assert coordinator.get("/grave").status_code == 200
    clock.at += LATER - timedelta(seconds=1)
    assert coordinator.get("/grave").status_code == 200
    clock.at += timedelta(seconds=1)
    answer = coordinator.get("/grave?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/confirm?next=/grave%3Fx%3D1")


def test_a_page_leads_to_the_question_and_back(
    coordinator: Client, county: Herefordshire, clock: FixedClock
) -> None:
    clock.at += LATER
    page = coordinator.get("/confirm?next=/grave%3Fx%3D1")
    assert page.status_code == 200
    assert 'value="/grave?x=1"' in page.text
    wrong = coordinator.submit("/confirm", {"next": "/grave", "confirmation": "000000"})
    assert wrong.status_code == 401
    assert "not right" in wrong.text
    code = code_for(county.register, "coordinator")
    right = coordinator.submit("/confirm", {"next": "/grave", "confirmation": code})
    assert (right.status_code, right.headers["Location"]) == (303, "/grave")
    assert coordinator.get("/grave").status_code == 200
    clock.at += LATER
    again = coordinator.submit("/confirm", {"next": "/grave", "confirmation": code})
    assert again.status_code == 401, "a code is used once"


def test_a_form_that_comes_late_is_done_with_the_code_and_all_that_was_typed(
    coordinator: Client, county: Herefordshire, clock: FixedClock
) -> None:
    clock.at += LATER
    typed = {"reason": "A reason <with> marks", "tags": ["one", "two"]}
    asked = coordinator.submit("/grave", typed)
    assert asked.status_code == 401
    assert "A reason &lt;with&gt; marks" in asked.text
    assert asked.text.count('name="tags"') == 2
    assert 'action="/grave"' in asked.text
    code = code_for(county.register, "coordinator")
    answer = coordinator.submit("/grave", {**typed, "confirmation": code})
    assert answer.headers["Location"] == "/grave?21-2"


def test_a_passkey_answers_in_the_form_too_and_a_wrong_one_does_not(
    coordinator: Client, county: Herefordshire, clock: FixedClock
) -> None:
    register = county.register
    mine, stranger = give(register, county.actors["coordinator"]), Device(register.settings.origin)
    actor = sessions.actor_for(register, coordinator.cookies[COOKIE])
    clock.at += LATER
    for device, status in ((stranger, 401), (mine, 303)):
        answer = device.sign(asked(register, proving.of_session(actor)))
        typed = {"reason": "An invented reason", "confirmation_passkey": answer}
        assert coordinator.submit("/grave", typed).status_code == status


def test_htmx_is_given_the_question_in_place_of_the_page(
    coordinator: Client, clock: FixedClock
) -> None:
    clock.at += LATER
    asked = coordinator.submit("/grave", {"reason": "x"}, headers={"HX-Request": "true"})
    assert asked.status_code == 422
    assert asked.headers["HX-Retarget"] == "#maincontent"
    assert "<html" not in asked.text
    led = coordinator.get("/grave", headers={"HX-Request": "true"})
    assert led.headers["HX-Redirect"] == "/confirm?next=/grave"


def test_no_password_is_written_into_the_question(coordinator: Client, clock: FixedClock) -> None:
    clock.at += LATER
    asked = coordinator.submit("/grave", {"reason": "x", "new_password": "a secret of mine"})
    assert "a secret of mine" not in asked.text


def test_a_permission_is_asked_before_the_second_factor(
    app: FastAPI, county: Herefordshire, clock: FixedClock
) -> None:
    """Who may not is not even asked: absent and forbidden look alike."""
    app.include_router(router)
    auditor = Client(app).act_as(county.register, county.actors["auditor"])
    clock.at += LATER
    assert auditor.get("/grave").status_code == 404


def test_wrong_codes_wait(coordinator: Client, clock: FixedClock) -> None:
    clock.at += LATER
    for _ in range(5):
        coordinator.submit("/confirm", {"confirmation": "000000"})
    answer = coordinator.submit("/confirm", {"confirmation": "000000"})
    assert "Try again in 2 seconds" in answer.text


LINK_ON = {
    f"/statistics/releases/{ABSENT}/package": f"/statistics/releases/{ABSENT}",
    "/statistics/report.pdf": "/statistics",
    "/statistics/report.docx": "/statistics",
    "/reports/jcr-outcomes.csv": "/reports/jcr-outcomes",
}
"""Where the link to a file stands: a file leaves the browser where it is."""


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        ("release-approver", "POST", f"/statistics/releases/{ABSENT}/approve"),
        ("analyst", "GET", f"/statistics/releases/{ABSENT}/package"),
        ("analyst", "GET", "/statistics/report.pdf"),
        ("analyst", "GET", "/statistics/report.docx"),
        ("jcr-administrator", "GET", "/reports/jcr-outcomes.csv"),
        ("coordinator", "GET", f"/rights/{ABSENT}/copy"),
        ("coordinator", "POST", f"/rights/{ABSENT}/copy"),
        ("administrator", "GET", "/accounts/new"),
        ("administrator", "POST", "/accounts/new"),
    ],
)
def test_export_and_administration_ask_and_ordinary_reading_does_not(
    app: FastAPI, county: Herefordshire, clock: FixedClock, who: str, method: str, path: str
) -> None:
    web = Client(app).act_as(county.register, county.actors[who])
    clock.at += LATER
    answer = web.submit(path, {}) if method == "POST" else web.get(path)
    asked = (401, None) if method == "POST" else (303, f"/confirm?next={LINK_ON.get(path, path)}")
    assert (answer.status_code, answer.headers.get("Location")) == asked
    for ordinary in {"analyst": ("/statistics",), "coordinator": ("/deaths", "/rights")}.get(
        who, ()
    ):
        assert web.get(ordinary).status_code == 200
