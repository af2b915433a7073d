"""An administrator ends standing in before its day, and sets where an account's mail goes."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI

from cdop.clock import FixedClock
from cdop.organisations import people, sessions
from cdop.sign_in import administering, deputies
from tests.client import Client, session_of
from tests.factories import MAKER, Herefordshire
from tests.mailbox import SENDER, mailbox, sending

NEW = {
    "display_name": "Ada Invented",
    "username": "ada",
    "role": "panel-member",
    "email": "ada@example.invalid",
}


@pytest.fixture
def admin(app: FastAPI, county: Herefordshire) -> Client:
    """The administrator's browser."""
    return Client(app).act_as(county.register, county.actors["administrator"])


def id_of(county: Herefordshire, who: str) -> UUID:
    found = county.actors[who].account_id
    assert found
    return found


def stands_in(county: Herefordshire, clock: FixedClock, begins: int) -> UUID:
    """Let the coordinator stand in for the panel's chair for ten days."""
    day = clock.at.date() + timedelta(days=begins)
    with county.register.reading(MAKER) as work:
        [role] = administering.standing(work, id_of(county, "panel-chair")).roles
    ends = day + timedelta(days=10)
    return county.register.do(
        MAKER, people.add_deputy, id_of(county, "coordinator"), role.id, day, ends
    )


@pytest.mark.parametrize("begins", [-3, 0, 2])
def test_standing_in_ends_at_once_and_bites_on_the_next_request(
    admin: Client, county: Herefordshire, clock: FixedClock, begins: int
) -> None:
    deputy, account = stands_in(county, clock, begins), id_of(county, "coordinator")
    token = session_of(county.register, account)
    signs = "overview:review:sign"
    assert sessions.actor_for(county.register, token).may(signs) is (begins <= 0)
    path = f"/accounts/{account}/deputies/{deputy}/end"
    assert f'action="{path}"' in admin.get(f"/accounts/{account}").text
    done = admin.submit(path, {})
    assert done.headers["Location"] == f"/accounts/{account}?notice=deputy-ended"
    assert not sessions.actor_for(county.register, token).may(signs)
    assert f'action="{path}"' not in admin.get(f"/accounts/{account}").text
    assert admin.submit(path, {}).status_code == (409 if begins < 0 else 404)


def test_nobody_ends_anothers_deputy_by_the_wrong_address_or_role(
    admin: Client, app: FastAPI, county: Herefordshire, clock: FixedClock
) -> None:
    deputy = stands_in(county, clock, -1)
    wrong = f"/accounts/{id_of(county, 'analyst')}/deputies/{deputy}/end"
    assert admin.submit(wrong, {}).status_code == 404
    right = f"/accounts/{id_of(county, 'coordinator')}/deputies/{deputy}/end"
    chair = Client(app).act_as(county.register, county.actors["panel-chair"])
    assert chair.submit(right, {}).status_code == 404
    with county.register.reading(MAKER) as work:
        [held] = deputies.of(work, id_of(county, "coordinator"))
    assert held.valid_to > clock.at.date()


def test_with_a_mail_server_the_invitation_is_nowhere_on_the_page(
    admin: Client, county: Herefordshire
) -> None:
    with mailbox() as (address, received):
        sending(county.register, SMTP=address, SMTP_FROM=SENDER)
        at = {"organisation_id": str(county["herefordshire-cdop"])}
        page = admin.submit("/accounts/new", NEW | at).text
        assert "It was sent to ada@example.invalid" in page
        assert "/join#" not in page
    [message] = received
    assert message["To"] == "ada@example.invalid"
    assert re.search(r"/join#[\w-]{43}\s", str(message.get_payload()))


def test_an_invitation_that_was_not_taken_is_not_shown_either(
    admin: Client, county: Herefordshire
) -> None:
    sending(county.register, SMTP="smtp://127.0.0.1:9", SMTP_FROM=SENDER)
    at = {"organisation_id": str(county["herefordshire-cdop"])}
    page = admin.submit("/accounts/new", NEW | at).text
    assert "The mail server did not take it" in page
    assert "/join#" not in page


def test_an_address_is_set_shown_and_refused_when_it_is_none(
    admin: Client, county: Herefordshire
) -> None:
    account = id_of(county, "analyst")
    path = f"/accounts/{account}/address"
    assert admin.submit(path, {"email": "an@example.invalid"}).status_code == 303
    assert "an@example.invalid" in admin.get(f"/accounts/{account}").text
    answer = admin.submit(path, {"email": "nowhere"})
    assert answer.status_code == 422
    assert 'value="nowhere"' in answer.text
