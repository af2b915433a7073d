"""Whatever host, origin or method a request names, it gets no further for it."""

import pytest

from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, herefordshire

ELSEWHERE = "elsewhere.example"


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


@pytest.fixture
def web(county: Herefordshire) -> Client:
    return Client(create_app(county.register)).act_as(county.register, county.actors["coordinator"])


@pytest.mark.parametrize(
    "path", ["/deaths/", "/sign-in/", "/health/", "//elsewhere.example/x", "/", "/static", "/nope"]
)
def test_no_answer_leads_to_the_host_that_a_request_names(web: Client, path: str) -> None:
    answer = web.get(path, headers={"Host": ELSEWHERE})
    assert ELSEWHERE not in answer.headers.get("location", "")
    assert ELSEWHERE not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://testserver"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://testserver"},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/deaths/notify", "/sign-out"])
def test_no_change_is_taken_from_another_site(
    web: Client, path: str, headers: dict[str, str]
) -> None:
    assert web.submit(path, {}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://elsewhere.example", "http://testserver", "https://testserver."],
)
def test_a_browser_that_says_nothing_must_name_this_very_origin(
    web: Client, origin: str | None
) -> None:
    del web.headers["Sec-Fetch-Site"]
    headers = {"Origin": origin} if origin else {}
    assert web.submit("/deaths/notify", {}, headers=headers).status_code == 403
    right = {"Origin": "https://testserver"}
    assert web.submit("/deaths/notify", {}, headers=right).status_code == 422


def test_another_session_s_token_or_none_changes_nothing(
    county: Herefordshire, web: Client
) -> None:
    other = Client(create_app(county.register)).act_as(county.register, county.actors["neighbour"])
    page = other.get("/deaths/notify").text
    theirs = page.partition('name="csrf" value="')[2].partition('"')[0]
    assert len(theirs) == 64
    for token in (theirs, "", "0" * 64, "é"):
        assert web.post("/deaths/notify", data={"csrf": token}).status_code == 403
    assert web.post("/deaths/notify", data={"sex": "female"}).status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_no_other_method_does_anything(web: Client, method: str) -> None:
    answer = web.request(method, "/deaths")
    assert answer.status_code in (403, 405)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/deaths", "/deaths/notify", "/nope", "/sign-in"])
def test_no_page_is_kept_or_framed_or_named_to_others(web: Client, path: str) -> None:
    headers = web.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_fields_that_a_form_does_not_have_are_refused(county: Herefordshire, web: Client) -> None:
    for stranger in ("organisation_id", "status", "subject_id", "reviewed_on", "received_by"):
        assert web.submit("/deaths/notify", {stranger: "x"}).status_code == 400


def test_a_panel_that_is_not_one_s_own_cannot_be_notified_by_naming_it(
    county: Herefordshire, web: Client
) -> None:
    for panel in (county["worcestershire-cdop"], county["herefordshire"], "nonsense"):
        answer = web.submit("/deaths/notify", {"cdop": str(panel)})
        assert answer.status_code == 404
