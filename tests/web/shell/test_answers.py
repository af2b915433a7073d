"""What each answer says of itself, and what it leaves with the browser."""

import logging

import pytest
from sqlmodel import select

from cdop.errors import Invalid
from cdop.organisations import people
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from tests.client import code_for
from tests.web.shell.sample import PASSWORD, USERNAME


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sign-in", "text/html; charset=utf-8"),
        ("/nowhere", "text/html; charset=utf-8"),
        ("/sample/fails/broken", "text/html; charset=utf-8"),
        ("/health", "text/plain; charset=utf-8"),
        ("/static/css/app.css", "text/css; charset=utf-8"),
        ("/static/js/app.js", "text/javascript; charset=utf-8"),
        ("/static/images/icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_every_answer_says_what_it_is(client, path, kind):
    answer = client.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.headers["Content-Type"] == kind
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_every_cookie_is_bound_to_the_host(register, stranger):
    """Over the whole way in and out: no other host, no script and no plain HTTP gets one."""
    answers = [stranger.get("/sign-in")]
    named = {"username": USERNAME, "password": PASSWORD}
    answers.append(stranger.submit("/sign-in", named))
    place = answers[-1].headers["Location"].partition("?")[0]
    page = stranger.get(place).text
    begun = page.partition('name="csrf" value="')[2].partition('"')[0]
    fields = {"code": code_for(register, USERNAME), "csrf": begun}
    answers.append(stranger.post(place, data=fields))
    answers.append(stranger.submit("/sign-out", {}))
    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    assert len(lines) >= 3
    for line in lines:
        assert line.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(line.split("; "))
        assert "samesite=lax" in line.lower()
        assert "domain" not in line.lower()
        assert len(line.partition(";")[0]) < 4096


def test_password_fields_are_masked_and_may_be_filled_by_a_manager(stranger):
    page = stranger.get("/sign-in").text
    field = page.partition('name="password"')
    tag = field[0].rpartition("<")[2] + field[2].partition(">")[0]
    assert 'type="password"' in tag
    assert 'autocomplete="current-password"' in tag
    assert "onpaste" not in page


FORGED = "imogen\r\n2026-11-20 incident 1234: all is well\n"


def test_no_line_of_a_log_can_be_forged(register, stranger, caplog):
    with caplog.at_level(logging.DEBUG):
        stranger.submit("/sign-in", {"username": FORGED, "password": "wrong"})
        stranger.get("/sample/fails/broken%0d%0aincident", headers={"User-Agent": "x"})
    assert "all is well" not in caplog.text
    with register.reading(system("tests")) as work:
        kept = work.session.exec(select(AuditEntry.actor)).all()
    assert not [name for name in kept if "\n" in name or "incident" in name]


def test_a_user_name_is_one_line(register):
    for name in (FORGED, "imogen\x00", "imo\u202egen"):
        with pytest.raises(Invalid, match="one line"):
            register.do(system("tests"), people.add_account, name, "Somebody")
