"""The API: released packages of a token's panel, and nothing else; errors that echo nothing."""

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import pytest
from sqlmodel import select

from cdop.clock import FixedClock
from cdop.config import ROOT
from cdop.errors import Denied, Invalid, NotFound
from cdop.organisations import people
from cdop.organisations.models import Membership
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.security.work import Register
from cdop.statistics import tokens
from cdop.statistics.archive import pack
from cdop.statistics.models import ApiToken, Release
from cdop.web.app import create_app
from tests.browser import serving
from tests.client import Client, raising
from tests.factories import MAKER, Herefordshire, herefordshire

PANEL = "herefordshire-cdop"
CSV = "year,sex,count,count_symbol\n2013-14,male,,[c]\n2013-14,total,11,\n"
FILES = {
    "datapackage.json": b'{"title": "Invented", "resources": [{"path": "tables/died-by-sex.csv", '
    b'"title": "Deaths by sex"}, {"path": "codelists/sex.csv", "title": "Sex"}]}',
    "disclosure.json": b'{"profile": "partner-1to4"}',
    "tables/died-by-sex.csv": CSV.encode(),
}


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


@pytest.fixture
def client(county: Herefordshire) -> Client:
    return Client(create_app(county.register, report=raising))


def a_release(county: Herefordshire, at: str = PANEL, **changes: Any) -> UUID:
    now = county.register.clock.now()
    values: dict[str, Any] = {
        "organisation_id": county[at],
        "year": "2013-14",
        "profile": "partner-1to4",
        "edition": "E2.2",
        "state": "released",
        "drafted_at": now,
        "drafted_by": "a",
        "built_at": now,
        "built_by": "a",
        "approved_at": now,
        "approved_by": "b",
        "digest": "d" * 64,
        "package": pack(FILES, None),
    } | changes
    row = Release(**values)
    with county.register.work(MAKER) as work:
        work.session.add(row)
        work.session.flush()
        return row.id


def a_token(county: Herefordshire, days: int = 30) -> str:
    _, text = county.register.do(county.actors["analyst"], tokens.make, PANEL, "a program", days)
    return text


def ask(client: Client, path: str, token: str) -> Any:
    return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_program_reads_what_is_released(county: Herefordshire, client: Client) -> None:
    id, token = a_release(county), a_token(county)
    (found,) = ask(client, "/releases", token).json()["releases"]
    assert (found["id"], found["panel"], found["year"]) == (str(id), PANEL, "2013-14")
    assert [table["code"] for table in found["tables"]] == ["died-by-sex"]
    assert ask(client, f"/releases/{id}", token).json() == found
    assert ask(client, f"/releases/{id}/package", token).content == pack(FILES, None)
    text = client.get(found["tables"][0]["csv"], headers={"Authorization": f"Bearer {token}"})
    assert (text.text, text.headers["content-type"]) == (CSV, "text/csv; charset=utf-8")
    rows = ask(client, f"/releases/{id}/tables/died-by-sex.json", token).json()["rows"]
    assert [(row["sex"], row["count"], row["count_symbol"]) for row in rows] == [
        ("male", None, "[c]"),
        ("total", 11, ""),
    ]
    assert list(pd.read_csv(io.StringIO(text.text))["count"].dropna()) == [11]


@pytest.mark.parametrize("state", ["draft", "refused", "proved", "declined", "withdrawn"])
def test_nothing_is_read_that_is_not_released(
    county: Herefordshire, client: Client, state: str
) -> None:
    approved = {} if state == "withdrawn" else {"approved_by": None, "approved_at": None}
    id, token = a_release(county, state=state, **approved), a_token(county)
    assert ask(client, "/releases", token).json() == {"releases": []}
    for rest in ("", "/package", "/tables/died-by-sex.csv", "/tables/died-by-sex.json"):
        assert ask(client, f"/releases/{id}{rest}", token).status_code == 404


def test_another_panel_and_nothing_are_the_same(county: Herefordshire, client: Client) -> None:
    theirs, token = a_release(county, "worcestershire-cdop"), a_token(county)
    own = a_release(county)
    paths = [f"/releases/{theirs}", f"/releases/{uuid4()}", "/releases/typed-name", "/nothing"]
    paths += [f"/releases/{own}/tables/{code}.csv" for code in ("none", "..%2fdisclosure", "X")]
    answers = [ask(client, path, token) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    assert "typed-name" not in answers[2].text


def test_a_token_is_needed_and_opens_nothing_else(county: Herefordshire, client: Client) -> None:
    token = a_token(county)
    for given in ("", token[:-1], token + "x", "typed secret"):
        answer = ask(client, "/releases", given)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "secret" not in answer.text
    page = client.get("/statistics", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 303
    client.act_as(county.register, county.actors["analyst"])
    assert client.get("/api/v1/releases").status_code == 401


def test_a_token_ends_and_can_be_revoked(
    county: Herefordshire, client: Client, clock: FixedClock
) -> None:
    token = a_token(county, days=1)
    assert ask(client, "/releases", token).status_code == 200
    clock.at += timedelta(days=2)
    assert ask(client, "/releases", token).status_code == 401
    other, text = county.register.do(county.actors["analyst"], tokens.make, PANEL, "x", 9)
    county.register.do(county.actors["analyst"], tokens.revoke, other.id)
    assert ask(client, "/releases", text).status_code == 401


@pytest.mark.parametrize("disabled", [True, False])
def test_a_token_ends_with_the_standing_of_its_maker(
    county: Herefordshire, client: Client, disabled: bool
) -> None:
    token = a_token(county)
    assert ask(client, "/releases", token).status_code == 200
    with county.register.work(MAKER) as work:
        other = people.by_username(work.session, "coordinator")
        people.add_membership(work, other.id, Role.ANALYST, county[PANEL], valid_from=work.today)
        account = people.by_username(work.session, "analyst")
        if disabled:
            account.disabled_at = work.now
        else:
            for held in work.session.exec(select(Membership)).all():
                if held.account_id == account.id:
                    held.valid_to = work.today - timedelta(days=1)
    assert ask(client, "/releases", token).status_code == 401
    with county.register.reading(MAKER) as work:
        line = work.session.exec(
            select(AuditEntry).where(AuditEntry.action == "statistics:token:use")
        ).one()
        assert (line.outcome, line.actor) == ("denied", tokens.GATE.name)
        assert line.organisation_id == county[PANEL]
        colleague = people.actor_by_username(work.session, "coordinator", work.now)
    page = client.act_as(county.register, colleague).get("/statistics/tokens").text
    assert "Refused: analyst, who made it, may make tokens here no longer" in page


def test_a_program_that_asks_too_often_waits(
    county: Herefordshire, client: Client, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST_A_MINUTE", 3)
    token = a_token(county)
    assert [ask(client, "/releases", token).status_code for _ in range(4)] == [200, 200, 200, 429]
    clock.at += timedelta(seconds=20)
    refused = ask(client, "/releases", token)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    clock.at += timedelta(seconds=40)
    assert ask(client, "/releases", token).status_code == 200


def test_each_reading_is_audited_and_only_the_hash_is_kept(
    county: Herefordshire, client: Client
) -> None:
    id, token = a_release(county), a_token(county)
    ask(client, f"/releases/{id}/tables/died-by-sex.csv", token)
    with county.register.reading(MAKER) as work:
        kept = work.session.exec(select(ApiToken)).one()
        line = work.session.exec(
            select(AuditEntry).where(AuditEntry.actor == f"token:{kept.id}")
        ).one()
        assert (line.action, line.subject_id) == ("statistics:release:read", id)
        assert line.detail["asked"] == "died-by-sex"
        assert kept.used_at
        assert token.encode() not in kept.token_hash


def test_only_whoever_may_makes_a_token(county: Herefordshire) -> None:
    do, analyst = county.register.do, county.actors["analyst"]
    for who in ("coordinator", "administrator", "panel-chair"):
        with pytest.raises(Denied):
            do(county.actors[who], tokens.make, PANEL, "x", 9)
    with pytest.raises(NotFound):
        do(analyst, tokens.make, "worcestershire-cdop", "x", 9)
    for name, days in (("", 9), ("x" * 81, 9), ("x", 0), ("x", 367)):
        with pytest.raises(Invalid):
            do(analyst, tokens.make, PANEL, name, days)


def test_the_description_is_of_the_api_and_of_nothing_else(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert set(described["paths"]) == {
        "/api/v1/releases",
        "/api/v1/releases/{release_id}",
        "/api/v1/releases/{release_id}/package",
        "/api/v1/releases/{release_id}/tables/{code}.csv",
        "/api/v1/releases/{release_id}/tables/{code}.json",
    }
    assert {method for path in described["paths"].values() for method in path} == {"get"}
    asked = [each["get"]["security"] for each in described["paths"].values()]
    assert asked == [[{"token": []}]] * len(described["paths"])


def test_a_fault_says_its_number_and_no_more(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = a_token(county)
    client = Client(create_app(county.register))
    monkeypatch.setattr("cdop.statistics.released.published", lambda _: 1 / 0)
    answer = ask(client, "/releases", token)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert set(answer.json()) == {"type", "title", "status", "incident"}


def test_an_analyst_makes_a_token_and_revokes_it(county: Herefordshire, client: Client) -> None:
    client.act_as(county.register, county.actors["analyst"])
    wrong = client.submit("/statistics/tokens", {"cdop": PANEL, "name": "", "days": "9"})
    assert (wrong.status_code, "Say what program it is for" in wrong.text) == (422, True)
    fields = {"cdop": PANEL, "name": "a program", "days": "9"}
    made = client.submit("/statistics/tokens", fields).text
    token = made.partition('cdop-token">')[2].partition("<")[0]
    assert ask(client, "/releases", token).status_code == 200
    listed = client.get("/statistics/tokens").text
    assert token not in listed
    (address,) = re.findall(r'action="(/statistics/tokens/[0-9a-f-]+/revoke)"', listed)
    assert client.submit(address, {}).status_code == 303
    assert ask(client, "/releases", token).status_code == 401
    client.act_as(county.register, county.actors["coordinator"])
    assert client.get("/statistics/tokens").status_code == 404


def test_pandas_reads_a_table_as_the_readme_shows(county: Herefordshire) -> None:
    """The very lines of the README, against a server."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    id, token = a_release(county), a_token(county)
    with serving(create_app(county.register), "127.0.0.1") as address:
        lines = shown.replace("http://localhost:8000", address).replace("RELEASE", str(id))
        found: dict[str, Any] = {"TOKEN": token}
        exec(lines, found)
    assert found["deaths"]["count"].dropna().tolist() == [11]
