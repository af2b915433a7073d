"""How a request fails: a page that gives nothing away, and a log that holds nothing typed."""

import logging

import pytest
from sqlmodel import select

from cdop.security.actor import system
from cdop.security.models import AuditEntry
from tests.web.shell.sample import ANALYST


def test_absent_denied_unknown_and_unreadable_are_one_page(client):
    pages = [
        client.get(path)
        for path in (
            "/nowhere",
            "/sample/fails/missing",
            "/sample/fails/denied",
            "/sample/number/not-a-number",
            "/sample/number/not-a-number?name=Robin",
        )
    ]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert len({tuple(sorted(page.headers.items())) for page in pages}) == 1


def test_a_stranger_is_led_to_sign_in_and_back(stranger):
    answer = stranger.get("/sample/parts?year=2013-14")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/sample/parts%3Fyear%3D2013-14"
    swapped = stranger.get("/sample/parts", headers={"HX-Request": "true"})
    assert (swapped.status_code, swapped.headers["HX-Redirect"]) == (
        204,
        "/sign-in?next=/sample/parts",
    )


def test_a_stranger_learns_of_no_record(stranger):
    known = stranger.get("/sample/number/1")
    unknown = stranger.get("/sample/number/2")
    assert known.status_code == unknown.status_code == 303


def test_a_missing_permission_is_the_same_page_and_a_line_in_the_log(register, analyst):
    denied, unknown = analyst.get("/sample/form"), analyst.get("/nowhere")
    assert denied.status_code == 404
    assert denied.content == unknown.content
    with register.reading(system("tests")) as work:
        entries = work.session.exec(select(AuditEntry)).all()
    denials = [(e.actor, e.action) for e in entries if e.outcome == "denied"]
    assert denials == [(ANALYST, "deaths:case:read")]


def test_a_refusal_says_which_rule(client):
    answer = client.get("/sample/fails/refused")
    assert answer.status_code == 409
    assert "The panel has already met, so the agenda is closed." in answer.text


def test_a_services_refusal_that_no_form_takes_up_is_still_a_page(client):
    answer = client.get("/sample/fails/invalid")
    assert answer.status_code == 422
    assert "Enter something else" in answer.text


def test_a_method_that_a_page_does_not_have(client):
    answer = client.submit("/sample/parts", {})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert "That cannot be done here" in answer.text


def test_a_broken_page_gives_a_number_and_no_detail(client, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/sample/fails/broken?name=canary-of-a-child")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    record = next(r for r in caplog.records if r.name == "cdop.web")
    line = record.getMessage()
    incident = line.split()[1].rstrip(":")
    assert incident in answer.text
    assert "builtins.ValueError at " in line
    assert "sample.py" in line
    logged = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("cdop"))
    for told in ("canary-of-a-child", "imogen.invented"):
        assert told not in logged
        assert told not in answer.text
    assert record.exc_info is None


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_the_frameworks_own_pages_are_off(client, path):
    assert client.get(path).status_code == 404


def test_health_asks_nothing(stranger):
    assert stranger.get("/health").text == "ok"
