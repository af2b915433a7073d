"""No line, no deed; and two hundred at once lose none."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop.deaths.models import Death
from cdop.deaths.service import notify
from cdop.meetings.models import Meeting
from cdop.security.actor import system
from cdop.security.audit import exporting, sealer
from cdop.security.audit.keeping import kept_sealed
from cdop.security.audit.verifying import verify
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role
from cdop.web.app import create_app
from tests.client import Client, session_of
from tests.factories import Herefordshire, appoint, child, told

SYSTEM = system("tests")
PEOPLE, AT_ONCE = 200, 32


def meeting(county: Herefordshire, number: int = 1) -> dict[str, Any]:
    """Return what is typed to arrange a meeting."""
    on = date(2026, 12, 1) + timedelta(days=number)
    day = {"held_on-day": on.day, "held_on-month": on.month, "held_on-year": on.year}
    place = {"place": f"Invented House {number}", "panel_type": "standard"}
    return {"organisation_id": str(county["herefordshire-cdop"]), **day, **place}


def refuse_lines(county: Herefordshire) -> None:
    """Let the database take no more lines, as when its disk is full."""

    @sa.event.listens_for(county.register.engine, "before_cursor_execute")
    def refuse(_connection, _cursor, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO audit_log"):
            raise sa.exc.OperationalError(statement, {}, Exception("disk full"))


@pytest.mark.parametrize("what", ["a page that opens an identity", "a save", "the log itself"])
def test_nothing_is_shown_and_nothing_done_without_its_line(
    county: Herefordshire, what: str
) -> None:
    coordinator = county.actors["coordinator"]
    of = child(given="Canary", family="Planted")
    county.register.do(coordinator, notify, told(county["herefordshire-cdop"], of))
    with county.register.reading(coordinator) as work:
        case = work.session.exec(select(Death.id)).one()
    app = create_app(county.register)
    web = Client(app).act_as(county.register, coordinator)
    auditor = Client(app).act_as(county.register, county.actors["auditor"])
    asked = {
        "a page that opens an identity": lambda: web.get(f"/deaths/{case}"),
        "a save": lambda: web.submit("/meetings/arrange", meeting(county)),
        "the log itself": lambda: auditor.get("/audit"),
    }[what]
    refuse_lines(county)
    answer = asked()
    assert answer.status_code == 500
    assert "Canary" not in answer.text
    assert "coordinator" not in answer.text
    with county.register.reading(SYSTEM) as work:
        assert work.session.exec(select(Meeting)).all() == []


def test_two_hundred_sign_in_and_save_at_once_and_no_line_is_lost(county: Herefordshire) -> None:
    """While the sealer runs. Each line is in a tree once, and the whole verifies."""
    register, panel = county.register, county["herefordshire-cdop"]
    with register.work(SYSTEM) as work:
        people = [
            appoint(work, f"person-{number}", Role.COORDINATOR, panel).id
            for number in range(PEOPLE)
        ]
    app = create_app(register, beside=kept_sealed)

    with Client(app) as first:

        def work_once(number: int) -> None:
            web = Client(app)
            web.cookies.set("__Host-cdop", session_of(register, people[number]))
            web.portal = first.portal  # one loop and its few threads for all, as when it serves
            answer = web.submit("/meetings/arrange", meeting(county, number))
            assert answer.status_code == 303, answer.text

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(work_once, range(PEOPLE), timeout=120))
    with register.reading(SYSTEM) as work:
        actions = Counter(work.session.exec(select(AuditEntry.action)))
        places = set(work.session.exec(select(Meeting.place)))
        assert sealer.waiting(work).lines == 0, "the sealer stopped before it had sealed all"
        verifier = exporting.signer(work).verifier
        line = select(AuditEntry.id).where(col(AuditEntry.action) == "meetings:meeting:arrange")
        assert len(set(work.session.exec(line))) == PEOPLE
    assert places == {f"Invented House {number}" for number in range(PEOPLE)}
    assert actions["accounts:session:start"] == PEOPLE
    report = verify(exporting.records(register, SYSTEM), verifier, [])
    assert report.is_intact
    assert report.unsealed == 0
    assert report.sealed == sum(actions.values())
