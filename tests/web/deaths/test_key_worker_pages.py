"""The coordinator assigns a family to its key worker, who then reaches that case alone."""

from uuid import UUID, uuid4

import pytest

from cdop.deaths.service import notify
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import MAKER, Herefordshire, child, herefordshire, told


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


def case_of(county: Herefordshire, seed: int) -> UUID:
    opened = county.register.do(MAKER, notify, told(county["herefordshire-cdop"], child(seed)))
    assert opened.death_id
    return opened.death_id


def client_of(county: Herefordshire, who: str) -> Client:
    client = Client(create_app(county.register, report=raising))
    return client.act_as(county.register, county.actors[who])


def test_a_family_is_assigned_and_the_assignment_ended(county: Herefordshire) -> None:
    mine, other = case_of(county, 1), case_of(county, 2)
    coordinator, worker = client_of(county, "coordinator"), client_of(county, "key-worker")
    address = f"/deaths/{mine}/key-worker"
    assert f'href="{address}"' in coordinator.get(f"/deaths/{mine}").text
    assert "Select a key worker" in coordinator.submit(address, {}).text
    refused = coordinator.submit(address, {"key_worker": "panel-member"})
    assert refused.status_code == 422
    assert worker.get(f"/deaths/{mine}").status_code == 404
    assert "No case is in your reach" in worker.get("/").text
    assert coordinator.submit(address, {"key_worker": "key-worker"}).status_code == 303
    start = worker.get("/").text
    assert f'href="/deaths/{mine}"' in start
    assert str(other) not in start
    assert "End the assignment to Key Worker" in coordinator.get(address).text
    shown = worker.get(f"/deaths/{mine}")
    assert shown.status_code == 200
    assert address not in shown.text
    assert str(other) not in shown.text  # though the two children are a possible duplicate
    assert worker.get(f"/deaths/{other}").status_code == 404
    assert coordinator.submit(f"{address}/end", {"key_worker": "key-worker"}).status_code == 303
    assert worker.get(f"/deaths/{mine}").status_code == 404


def test_another_panel_s_case_has_no_such_page(county: Herefordshire) -> None:
    neighbour = client_of(county, "neighbour")
    for case in (case_of(county, 1), uuid4()):
        assert neighbour.get(f"/deaths/{case}/key-worker").status_code == 404
