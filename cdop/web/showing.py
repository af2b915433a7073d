"""Values that the macros `ui.due` and `ui.timeline` show."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cdop.web.templating import day, moment


@dataclass(frozen=True)
class Due:
    """A due day. With `week` it is the Monday of the week in which it falls.

    `standing` is `statutory`, `expected` or `local`; None where no rule sets the day.
    """

    on: date
    today: date
    standing: str | None = None
    source: str = ""
    week: bool = False

    @property
    def last_day(self) -> date:
        """Return the last day that is still in time, as far as it may be shown."""
        return self.on + timedelta(days=6) if self.week else self.on

    @property
    def is_overdue(self) -> bool:
        """Say whether the day, or the whole of the week, has passed."""
        return self.last_day < self.today

    @property
    def text(self) -> str:
        """Return the day in words."""
        return f"Week of {day(self.on)}" if self.week else day(self.on)

    @property
    def distance(self) -> str:
        """Return how far off it is, in words."""
        if self.is_overdue:
            return f"{_days((self.today - self.last_day).days)} overdue"
        if self.on <= self.today:
            return "due this week" if self.week else "due today"
        return f"in {_days((self.on - self.today).days)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


@dataclass(frozen=True)
class Event:
    """Something that happened, for a timeline. `by` is who did it."""

    at: datetime | date
    title: str
    detail: str = ""
    by: str = ""

    @property
    def text(self) -> str:
        """Return when it was, in words."""
        return moment(self.at) if isinstance(self.at, datetime) else day(self.at)
