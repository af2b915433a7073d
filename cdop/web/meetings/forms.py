"""What the pages about meetings accept."""

from datetime import date, time
from uuid import UUID

from cdop.meetings.models import PanelType
from cdop.meetings.service import NewMeeting
from cdop.web.forms import Form, ask


class ArrangeForm(Form):
    """A meeting to arrange. The kind of panel is asked of panels only."""

    organisation_id: UUID = ask("the panel or group")
    held_on: date = ask("the day of the meeting")
    starts_at: time | None = ask("the start", None)
    place: str = ask("the place", "", max_length=200)
    panel_type: PanelType = ask("the kind of panel", PanelType.STANDARD)

    def command(self) -> NewMeeting:
        """Return the meeting as the service takes it."""
        return NewMeeting(
            organisation_id=self.organisation_id,
            held_on=self.held_on,
            starts_at=f"{self.starts_at:%H:%M}" if self.starts_at else "",
            place=self.place,
            panel_type=self.panel_type,
        )


class AgendaForm(Form):
    """A case to put on an agenda, or to take off it."""

    death_id: UUID = ask("a case")


class Presence(Form):
    """How one agency was present; no state means that nothing was recorded."""

    agency: str = ask("an agency", max_length=40)
    state: str | None = ask("how the agency attended", None, max_length=40)


class AttendanceForm(Form):
    """Who was at a meeting."""

    attendance: list[Presence] = ask("who was there", [])

    def command(self) -> dict[str, str]:
        """Return the attendance as the service takes it: agency to state."""
        return {each.agency: each.state for each in self.attendance if each.state}
