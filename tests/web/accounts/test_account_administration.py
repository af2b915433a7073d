"""An administrator manages the accounts of others: not their passwords, nor their own rights."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from cdop.clock import FixedClock
from cdop.organisations import sessions
from cdop.organisations.sessions import csrf
from cdop.security import one_time_codes
from cdop.web.deps import BEGUN
from tests.client import Client, session_of
from tests.factories import Herefordshire

NEW = {
    "display_name": "Ada Invented",
    "username": "ada",
    "role": "panel-member",
    "organisation_id": "",
}
CHOSEN = "eleven grey herons"


@pytest.fixture
def admin(app: FastAPI, county: Herefordshire) -> Client:
    """The administrator's browser."""
    return Client(app).act_as(county.register, county.actors["administrator"])


def at(county: Herefordshire, slug: str = "herefordshire-cdop") -> dict[str, str]:
    return {"organisation_id": str(county[slug])}


def id_of(county: Herefordshire, who: str) -> UUID:
    found = county.actors[who].account_id
    assert found
    return found


def link(page: str) -> str:
    """Return the secret of the invitation on a page."""
    return re.search(r"http://localhost:8000/join#([\w-]{43})<", page).group(1)


def test_the_list_shows_who_there_is_and_finds_by_name(admin: Client) -> None:
    everyone = admin.get("/accounts").text
    assert "Coordinator" in everyone
    assert "No second factor yet" in everyone
    found = admin.submit("/accounts", {"words": "panel chair"}).text
    assert "panel-chair" in found
    assert "jcr-member" not in found
    assert "Nobody has that name" in admin.submit("/accounts", {"words": "%"}).text


def test_an_invited_person_comes_in_by_the_link_and_by_nothing_else(
    admin: Client, app: FastAPI, county: Herefordshire
) -> None:
    answer = admin.submit("/accounts/new", {**NEW, **at(county)})
    assert answer.status_code == 200
    secret = link(answer.text)
    ada = Client(app)
    assert ada.get("/join").status_code == 200
    assert ada.get("/join").status_code == 200, "reading uses nothing up"
    joined = ada.post("/join", data={"invitation": secret, "password": CHOSEN})
    assert joined.headers["Location"] == "/sign-in/enrol"
    assert ada.get("/meetings").status_code == 303, "not in yet"
    page = ada.get("/sign-in/enrol").text
    key = re.search(r'cdop-key">([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
    step = one_time_codes.step_at(county.register.clock.now())
    code = one_time_codes.code_of(key, step)
    done = ada.post("/sign-in/enrol", data={"code": code, "csrf": csrf(ada.cookies[BEGUN])})
    assert done.status_code == 200
    assert len(re.findall(r"<code>[a-z0-9-]{29}</code>", done.text)) == 10
    assert ada.get("/meetings").status_code == 200
    again = Client(app).post("/join", data={"invitation": secret, "password": CHOSEN})
    assert again.status_code == 422
    assert "used or has expired" in again.text


def test_no_form_of_an_administrator_takes_a_password(admin: Client, county: Herefordshire) -> None:
    account = id_of(county, "coordinator")
    for path in ("/accounts/new", f"/accounts/{account}", f"/accounts/{account}/roles/new"):
        assert 'type="password"' not in admin.get(path).text
    answer = admin.submit("/accounts/new", {**NEW, **at(county), "password": CHOSEN})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"username": "coordinator"}, "That user name is taken"),
        ({"organisation_id": ""}, "Panel member: name the organisation"),
        ({"role": "decision-maker"}, "A decision maker holds an office"),
        ({"role": "king"}, "Select the role"),
        ({"valid_to-day": "1", "valid_to-month": "1", "valid_to-year": "2020"}, "last day must"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(
    admin: Client, county: Herefordshire, changed: dict[str, str], sentence: str
) -> None:
    answer = admin.submit("/accounts/new", {**NEW, **at(county), **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Ada Invented"' in answer.text


def test_a_role_given_or_ended_counts_from_the_next_request(
    admin: Client, app: FastAPI, county: Herefordshire
) -> None:
    account = id_of(county, "analyst")
    analyst = Client(app).act_as(county.register, county.actors["analyst"])
    assert analyst.get("/search").status_code == 404
    given = admin.submit(f"/accounts/{account}/roles/new", {"role": "coordinator", **at(county)})
    assert given.headers["Location"] == f"/accounts/{account}?notice=role"
    assert analyst.get("/search").status_code == 200
    page = admin.get(f"/accounts/{account}").text
    ends = re.findall(r'href="(/accounts/[^"]+/end)">End<[^>]+> CDOP coordinator', page)
    assert len(ends) == 1
    assert 'value="19"' in admin.get(ends[0]).text, "yesterday is offered"
    day = {"valid_to-day": "19", "valid_to-month": "11", "valid_to-year": "2026"}
    assert admin.submit(ends[0], day).status_code == 303
    assert analyst.get("/search").status_code == 404
    assert admin.submit(ends[0], day).status_code == 409


def test_a_disabled_account_is_out_at_its_next_request_until_it_is_enabled(
    admin: Client, app: FastAPI, county: Herefordshire
) -> None:
    account = id_of(county, "coordinator")
    web = Client(app).act_as(county.register, county.actors["coordinator"])
    assert web.get("/deaths").status_code == 200
    admin.submit(f"/accounts/{account}/disable", {})
    assert web.get("/deaths").status_code == 303
    assert "Disabled since" in admin.get(f"/accounts/{account}").text
    admin.submit(f"/accounts/{account}/enable", {})
    assert web.get("/deaths").status_code == 303, "the old session stays ended"
    fresh = session_of(county.register, account)
    assert sessions.actor_for(county.register, fresh)


def test_a_colleague_stands_in_between_two_days(
    admin: Client, app: FastAPI, county: Herefordshire, clock: FixedClock
) -> None:
    account = id_of(county, "panel-member")
    path = f"/accounts/{account}/deputy"
    choice = re.search(r'value="([^"]+)"[^>]*>Panel Chair: ', admin.get(path).text).group(1)
    days = {
        **{
            f"valid_from-{part}": n
            for part, n in zip(("day", "month", "year"), ("21", "11", "2026"), strict=True)
        },
        **{
            f"valid_to-{part}": n
            for part, n in zip(("day", "month", "year"), ("22", "11", "2026"), strict=True)
        },
    }
    wrong = {**days, "valid_to-day": "20"}
    assert "must not be before" in admin.submit(path, {"membership_id": choice, **wrong}).text
    assert admin.submit(path, {"membership_id": choice, **days}).status_code == 303
    assert "Panel Chair: Panel chair at" in admin.get(f"/accounts/{account}").text
    for day, may in ((20, False), (21, True), (22, True), (23, False)):
        clock.at = clock.at.replace(day=day)
        found = sessions.actor_for(county.register, session_of(county.register, account))
        assert found.may("overview:review:sign") is may


def test_nobody_changes_their_own_rights(admin: Client, county: Herefordshire) -> None:
    own = id_of(county, "administrator")
    assert "Nobody changes their own rights." in admin.get(f"/accounts/{own}").text
    for path, fields in (
        ("disable", {}),
        ("reset", {"factor": "yes"}),
        ("roles/new", {"role": "coordinator", **at(county)}),
    ):
        answer = admin.submit(f"/accounts/{own}/{path}", fields)
        assert answer.status_code == 409, path
        assert "nother administrator" in answer.text


@pytest.mark.parametrize("who", ["coordinator", "auditor", "caldicott-guardian", "notifier"])
def test_nobody_else_sees_the_accounts(app: FastAPI, county: Herefordshire, who: str) -> None:
    web = Client(app).act_as(county.register, county.actors[who])
    account = id_of(county, "coordinator")
    for path in ("/accounts", "/accounts/new", f"/accounts/{account}"):
        assert web.get(path).status_code == 404
    assert web.submit(f"/accounts/{account}/reset", {}).status_code == 404


def test_what_changes_an_account_asks_for_the_second_factor_first(
    admin: Client, county: Herefordshire, clock: FixedClock, enrolled: Callable[[str], str]
) -> None:
    enrolled("administrator")
    account = id_of(county, "coordinator")
    clock.at += timedelta(minutes=5)
    assert admin.get("/accounts").status_code == 200
    assert admin.get("/accounts/new").headers["Location"] == "/confirm?next=/accounts/new"
    for path in ("invite", "reset", "disable", "enable", "roles/new", "deputy"):
        assert admin.submit(f"/accounts/{account}/{path}", {}).status_code == 401, path
