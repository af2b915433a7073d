"""Invented cases on their way to a panel: summarised, on an agenda, classified."""

from datetime import date
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths.service import notify, write_summary
from cdop.meetings.service import NewMeeting, arrange, put_on_agenda
from cdop.overview.answers import NONE, Analysis, Draft, Line
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from cdop.tasks.models import Task
from tests.factories import MAKER, Herefordshire, child, told

SUMMARY = "An invented infant was found unresponsive in an adult bed."
MEETING_DAY = date(2026, 11, 20)

WHOLE = Draft(
    category="10",
    modifiable="yes",
    lines=(
        Line("A", NONE, "1", "no"),
        Line("B", NONE, "1", "no"),
        Line("C", "unsafe-sleep", "2", "yes", "An invented remark about sleep"),
        Line("D", NONE, "0", "no"),
    ),
    analysis=Analysis(cause="Unascertained", learning="An invented lesson"),
    event="sudi",
    social_care="not-known-to-care",
    statutory_order="never",
    agency_response="yes",
)


def a_case(county: Herefordshire, seed: int = 1, *, summary: str = SUMMARY, **facts: date) -> UUID:
    """Notify an invented death to Herefordshire's panel; an empty summary is not written."""
    coordinator = county.actors["coordinator"]
    of = child(seed, given=f"Example{seed}", family=f"Testchild{seed}", **facts)  # type: ignore[arg-type]
    receipt = county.register.do(coordinator, notify, told(county["herefordshire-cdop"], of))
    assert receipt.death_id is not None
    if summary:
        county.register.do(coordinator, write_summary, receipt.death_id, summary)
    return receipt.death_id


def a_meeting(county: Herefordshire, day: date = MEETING_DAY, starts_at: str = "09:30") -> UUID:
    """Arrange a meeting of Herefordshire's panel."""
    new = NewMeeting(county["herefordshire-cdop"], day, starts_at, "Invented House")
    return county.register.do(county.actors["coordinator"], arrange, new)


def put_on(county: Herefordshire, meeting_id: UUID, death_id: UUID) -> None:
    """Put a case on an agenda, as the coordinator does."""
    coordinator = county.actors["coordinator"]
    county.register.do(coordinator, put_on_agenda, meeting_id, ("deaths", death_id), "")


def a_tabled_case(county: Herefordshire, seed: int = 1, day: date = MEETING_DAY) -> UUID:
    """Put an invented case before Herefordshire's panel."""
    death_id = a_case(county, seed)
    put_on(county, a_meeting(county, day), death_id)
    return death_id


def open_tasks(register: Register, subject_id: UUID) -> set[str]:
    """Return the kinds of the open tasks about a subject."""
    with register.reading(MAKER) as work:
        query = select(Task.kind).where(Task.subject_id == subject_id, col(Task.done_at).is_(None))
        return {kind for kind in work.session.exec(query) if not kind.startswith("step:")}


def audited(register: Register, action: str) -> list[AuditEntry]:
    """Return the audit lines of an action, in order."""
    with register.reading(MAKER) as work:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(col(AuditEntry.id))
        return list(work.session.exec(query))
