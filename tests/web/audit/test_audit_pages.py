"""The auditor's pages answer who looked at this child and what this person did, and are audited."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.deaths.documents import IDENTITY, NAMES
from cdop.deaths.models import Death
from cdop.deaths.service import notify
from cdop.security.audit import sealer
from cdop.security.audit.checkpoints import Verifier
from cdop.security.audit.verifying import verify
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from cdop.web.app import create_app
from tests.client import Client, raising
from tests.factories import Herefordshire, child, herefordshire, told


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """A county with two children, of whom the coordinator has opened the first."""
    county = herefordshire(sqlite_register)
    coordinator = county.actors["coordinator"]
    for seed in (1, 2):
        of = child(seed, given=f"Canary{seed}", family=f"Planted{seed}")
        county.register.do(coordinator, notify, told(county["herefordshire-cdop"], of))
    with county.register.work(coordinator) as work:
        death = work.session.exec(select(Death).order_by(col(Death.reference))).first()
        work.open(death, NAMES)
        work.open(death, IDENTITY)
    return county


@pytest.fixture
def client(county: Herefordshire) -> Client:
    app = create_app(county.register, report=raising)
    return Client(app).act_as(county.register, county.actors["auditor"])


def audited(county: Herefordshire, action: str) -> list[AuditEntry]:
    with county.register.reading(county.actors["auditor"]) as work:
        query = select(AuditEntry).where(AuditEntry.action == action)
        return list(work.session.exec(query.order_by(col(AuditEntry.id))))


def test_who_looked_at_this_child(county: Herefordshire, client: Client) -> None:
    page = client.get("/audit?case=cd-2026-0001").text
    assert "Opened a child&#39;s identity" in page
    assert page.count('href="/audit?who=coordinator"') >= 3
    assert "CD-2026-0002" not in page
    assert "Canary" not in page
    assert "Planted" not in page


def test_what_a_person_did(county: Herefordshire, client: Client) -> None:
    page = client.get("/audit?who=Coordinator").text
    assert "Notified a death" in page
    assert page.count("/audit?who=") == page.count("/audit?who=coordinator")
    assert "No line answers." in client.get("/audit?who=nobody").text


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("action=deaths:identity:read", "section: names", "section: summary"),
        ("outcome=denied", "No line answers.", "Opened a child"),
        ("first-day=1&first-month=1&first-year=2030", "No line answers.", "Opened a child"),
        ("last-day=1&last-month=1&last-year=2020", "No line answers.", "Opened a child"),
    ],
)
def test_the_log_is_narrowed(client: Client, query: str, there: str, not_there: str) -> None:
    page = client.get(f"/audit?{query}").text
    lines = page[page.index("<h2>Lines</h2>") :]
    assert there in lines
    assert not_there not in lines


def test_an_organisations_lines(county: Herefordshire, client: Client) -> None:
    page = client.get(f"/audit?organisation={county['worcestershire-cdop']}").text
    assert "Notified a death" not in page[page.index("<h2>Lines</h2>") :]
    page = client.get(f"/audit?organisation={county['herefordshire-cdop']}").text
    assert "Notified a death" in page[page.index("<h2>Lines</h2>") :]


def test_reading_the_log_is_in_the_log(county: Herefordshire, client: Client) -> None:
    client.get("/audit?case=CD-2026-0001&who=coordinator")
    client.get("/audit/unusual")
    first, second = audited(county, "audit:log:read")
    assert first.actor == "auditor"
    assert first.detail == {"asked": ["actor", "cases"], "about": "coordinator"}
    with county.register.reading(county.actors["auditor"]) as work:
        death = work.session.exec(select(Death).where(Death.reference == "CD-2026-0001")).one()
        assert first.case_id == death.id
    assert second.detail["unusual"]


def test_a_case_that_is_not_there_keeps_what_was_typed(client: Client) -> None:
    answer = client.get("/audit?case=CD-1999-9999&who=anna")
    assert answer.status_code == 422
    assert "No case within your reach has that reference" in answer.text
    assert 'value="anna"' in answer.text
    assert client.get("/audit?surprise=1").status_code == 400


def test_days_in_the_wrong_order_are_told(client: Client) -> None:
    days = "first-day=2&first-month=1&first-year=2026&last-day=1&last-month=1&last-year=2026"
    for path in ("/audit", "/audit/unusual"):
        answer = client.get(f"{path}?{days}")
        assert answer.status_code == 422
        assert "must not be before the first" in answer.text


def test_pages_follow_one_another_without_a_gap(
    county: Herefordshire, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cdop.web.audit.routes.ROWS", 5)
    with county.register.work(county.actors["coordinator"]) as work:
        for number in range(12):
            work.audit("tests:thing:done", why=f"number {number} of twelve")
    page, seen = client.get("/audit?action=tests:thing:done").text, ""
    for _ in range(3):
        seen += page[page.index("<h2>Lines</h2>") :]
        if 'rel="next"' not in page:
            break
        address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        page = client.get(address).text
    for number in range(12):
        assert seen.count(f"number {number} of twelve") == 1
    assert 'rel="next"' not in page


@pytest.mark.parametrize("who", ["coordinator", "administrator", "panel-chair"])
@pytest.mark.parametrize("path", ["/audit", "/audit/unusual"])
def test_nobody_else_sees_that_there_is_such_a_page(
    county: Herefordshire, who: str, path: str
) -> None:
    app = create_app(county.register, report=raising)
    client = Client(app).act_as(county.register, county.actors[who])
    assert client.get(path).status_code == 404
    assert client.submit("/audit/export", {"form": "csv"}).status_code == 404


def test_the_table_goes_away_with_no_cell_that_a_spreadsheet_runs(
    county: Herefordshire, client: Client
) -> None:
    with county.register.work(county.actors["coordinator"]) as work:
        work.audit("=cmd|' /C calc'!A0")
    answer = client.submit("/audit/export", {"form": "csv", "who": "coordinator"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith('"audit-log.csv"')
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head[:3] == ["when (UTC)", "who", "what"]
    assert {row[1] for row in rows} == {"coordinator"}
    assert any(row[3] == "'=cmd|' /C calc'!A0" for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    (line,) = audited(county, "audit:log:export")
    assert line.detail == {"form": "csv", "asked": ["actor"], "about": "coordinator"}


def test_the_file_that_proves_itself_verifies(county: Herefordshire, client: Client) -> None:
    answer = client.submit("/audit/export", {"form": "verifiable"})
    lines = answer.content.splitlines(keepends=True)
    head = json.loads(lines[0])
    report = verify(lines, Verifier.parse(head["key"]), [])
    assert report.is_intact
    assert report.sealed > 10
    assert "Canary" not in answer.text


def test_taking_the_log_away_needs_a_fresh_confirmation(
    county: Herefordshire, client: Client, clock: FixedClock
) -> None:
    clock.at += timedelta(minutes=10)
    answer = client.submit("/audit/export", {"form": "csv"})
    assert answer.status_code == 401
    assert audited(county, "audit:log:export") == []


def test_what_is_unusual_leads_to_its_lines(county: Herefordshire, client: Client) -> None:
    neighbour = county.actors["neighbour"]
    for _ in range(6):
        with pytest.raises(Exception), county.register.work(neighbour) as work:  # noqa: B017
            work.check("audit:log:read")
    page = client.get("/audit/unusual").text
    assert "Several refusals one after another" in page
    address = page.split('href="/audit?who=neighbour')[1].split('"')[0].replace("&amp;", "&")
    shown = client.get(f"/audit?who=neighbour{address}").text
    assert shown.count("Refused</strong>") == 6


def test_the_state_of_sealing_and_sinks_is_shown(county: Herefordshire, client: Client) -> None:
    page = client.get("/audit").text
    assert "no sink is set" in page
    assert "Nothing yet" in page
    sealer.seal(county.register)
    assert "lines, last on" in client.get("/audit").text


def test_the_start_page_leads_there(client: Client) -> None:
    page = client.get("/").text
    assert 'href="/audit"' in page
    assert 'href="/audit/unusual"' in page
