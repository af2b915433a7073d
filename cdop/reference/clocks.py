"""Clocks: how long the law, national guidance or a local protocol gives, and when that is over."""

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import ceil
from typing import Literal

import holidays
from pydantic import Field

from cdop.clock import local_day
from cdop.errors import Misconfigured
from cdop.reference.codelists import codelist_edition
from cdop.reference.loading import Certainty, Dated, Unknown, parse, read

Unit = Literal["hours", "days", "working_days", "weeks", "months"]
Standing = Literal["statutory", "expected", "local"]


class Clock(Dated):
    """One time limit.

    `standing`: `statutory` is written in an Act or regulations, `expected` in national guidance,
    `local` in one area's protocol. `subject` is what it runs for and `applies_to` narrows that:
    for a death `every-death` or `joint-agency-response`, for a case review the review kinds, for a
    request about rights `rights-request`.
    """

    code: str
    label: str
    subject: Literal["death", "case-review", "rights-request"]
    applies_to: tuple[str, ...] = Field(min_length=1)
    starts: str
    stops_on: str
    amount: int = Field(gt=0)
    unit: Unit
    who: str
    standing: Standing
    source: str = Field(min_length=1)
    certainty: Certainty
    note: str = ""


@cache
def every_clock() -> tuple[Clock, ...]:
    """Return all clocks of all dates. Raises `Misconfigured`."""
    found = tuple(parse(Clock, row, "clocks.toml") for row in read("clocks.toml")["clocks"])
    events = codelist_edition("clock-events", "1")
    for each in found:
        if each.starts not in events or each.stops_on not in events:
            raise Misconfigured(f"Reference file clocks.toml ({each.code}): unknown event.")
        others = [other for other in found if other.code == each.code and other is not each]
        if any(other.in_force(each.valid_from) for other in others):
            raise Misconfigured(f"Reference file clocks.toml ({each.code}): editions overlap.")
    return found


@cache
def clocks(
    on: date,
    *,
    starts: str | None = None,
    subject: str | None = None,
    applies_to: str | None = None,
) -> tuple[Clock, ...]:
    """Return the clocks in force on a day, optionally those of one start, subject or case."""
    return tuple(
        each
        for each in every_clock()
        if each.in_force(on)
        and starts in (None, each.starts)
        and subject in (None, each.subject)
        and (applies_to is None or applies_to in each.applies_to)
    )


def clock(code: str, on: date) -> Clock:
    """Return one clock as it stood on a day. Raises `Unknown`."""
    for each in every_clock():
        if each.code == code and each.in_force(on):
            return each
    raise Unknown("No such clock was in force on that day.")


def due(clock: Clock, start: date | datetime) -> date | datetime:
    """Return when a clock started at `start` runs out.

    Hours from a time give a time in UTC; hours from a day whose time is unknown give a day, rounded
    up to whole days. Every other unit gives the last day, in England, on which the step is in
    time. The day it starts does not count. Raises `ValueError` for a time without a zone.
    """
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise ValueError("A clock's start needs a time zone.")
        if clock.unit == "hours":
            return start.astimezone(UTC) + timedelta(hours=clock.amount)
        start = local_day(start)
    if clock.unit == "working_days":
        return add_working_days(start, clock.amount)
    if clock.unit == "months":
        return add_months(start, clock.amount)
    days = {"days": clock.amount, "weeks": 7 * clock.amount, "hours": ceil(clock.amount / 24)}
    return start + timedelta(days=days[clock.unit])


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def add_working_days(day: date, amount: int) -> date:
    """Return the `amount`-th working day after `day` in England."""
    while amount > 0:
        day += timedelta(days=1)
        amount -= is_working_day(day)
    return day


def is_working_day(day: date) -> bool:
    """Say whether `day` is neither a weekend nor a bank holiday in England."""
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
