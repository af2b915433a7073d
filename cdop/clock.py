"""The only clock. Services are given one, so that a rule never asks the machine what day it is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands where it was set, for tests and for demonstration data of the past."""

    at: datetime

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.at


def local_day(moment: datetime) -> date:
    """Return the calendar day in England of an aware time."""
    return moment.astimezone(LONDON).date()


def midnight(day: date) -> datetime:
    """Return the first moment of `day` in England, as an aware UTC time."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def noon(day: date) -> datetime:
    """Return noon in England on `day`, as an aware UTC time."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=LONDON).astimezone(UTC)
