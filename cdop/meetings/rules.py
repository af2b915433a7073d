"""Rules of meetings: what may be arranged, what may go on an agenda. Pure functions of values."""

from dataclasses import dataclass
from datetime import date, time

from cdop.reference import NotInForce, codelist, edition_on
from cdop.reference.clocks import add_months

FURTHEST = 24
"""How many months ahead a meeting may lie: beyond that a mistyped year is likelier than a plan."""


@dataclass(frozen=True)
class CaseState:
    """What decides whether a case may be put before the panel."""

    status: str
    has_summary: bool
    of_this_panel: bool
    died_after_meeting: bool = False
    arranged_elsewhere: date | None = None
    """The day of another arranged meeting that has the case on its agenda."""


def day_fault(held_on: date, today: date) -> str | None:
    """Say what is wrong with the day of a meeting, or None.

    A day that has passed is allowed: paper records are entered late.
    """
    try:
        edition_on("analysis", held_on)
    except NotInForce:
        return "The day must not be before 1 April 2008, when the duty to review began"
    if held_on > add_months(today, FURTHEST):
        return "The day must not be more than two years ahead"
    return None


def start_fault(starts_at: str) -> str | None:
    """Say what is wrong with a time of day written as 14:30, or None; it may be left open."""
    try:
        sound = not starts_at or f"{time.fromisoformat(starts_at):%H:%M}" == starts_at
    except ValueError:
        sound = False
    return None if sound else "The start must be a time, such as 14:30"


def case_refusal(case: CaseState) -> str | None:
    """Say why a case cannot go on a panel's agenda and what to do instead, or None when it can.

    The panel works on the anonymised summary alone: all its papers are anonymised (Cumbria).
    """
    if not case.of_this_panel:
        return "This case belongs to another panel. Arrange its transfer first."
    if case.status == "joined":
        return "This case was joined to another one. Put that one on the agenda instead."
    if case.status == "out-of-scope":
        return "This death is outside the scope of review, so that no panel reviews it."
    if case.status == "reviewed":
        return "This case has been reviewed and signed off already."
    if not case.has_summary:
        return (
            "The anonymised summary of this case is not written yet, and it is all that the panel "
            "sees. Open the case, write the summary, and then put it on the agenda."
        )
    if case.died_after_meeting:
        return "The child died after the day of this meeting. Choose a later meeting."
    if case.arranged_elsewhere:
        day = case.arranged_elsewhere
        return (
            f"This case is on the agenda of the meeting of {day.day} {day:%B %Y}. "
            "Take it off there first."
        )
    return None


def agenda_refusal(status: str) -> str | None:
    """Say why an agenda cannot change any more, or None when it can."""
    if status == "arranged":
        return None
    return f"This meeting has been {status}: its agenda can no longer change."


def hold_refusal(status: str, held_on: date, today: date) -> str | None:
    """Say why attendance cannot be recorded, or None when it can."""
    if status == "cancelled":
        return "This meeting was cancelled."
    if held_on > today:
        return "Attendance is recorded on the day of the meeting or later."
    return None


def attendance_fault(attendance: dict[str, str], day: date) -> str | None:
    """Say what is wrong with an attendance, agency code to state, or None.

    Agencies and states are the code lists `agencies` and `attendance` on the meeting's day.
    """
    agencies, states = codelist("agencies", day), codelist("attendance", day)
    if any(a not in agencies or s not in states for a, s in attendance.items()):
        return "Select an agency and how it attended from the lists"
    if not {"attended", "represented"} & set(attendance.values()):
        return "Select at least one agency that attended or was represented"
    return None
