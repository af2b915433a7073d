"""The ways in which people write a day and programs count it, for the search for leaks."""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def spellings(day: date) -> set[str]:
    """Return ways to write a day, lower case, with one blank for every mark between its parts."""
    d, m, y = day.day, day.month, day.year
    week = day.isocalendar()
    found = {f"{day:%Y %j}", f"{day:%Y%j}", f"{week.year} w{week.week:02} {week.weekday}"}
    for year in (f"{y}", f"{y % 100:02}"):
        for dd, mm in ((f"{d:02}", f"{m:02}"), (str(d), str(m))):
            found |= {f"{year} {mm} {dd}", f"{dd} {mm} {year}", f"{mm} {dd} {year}"}
    for month in (f"{day:%B}".lower(), f"{day:%b}".lower()):
        for shown in _shown_days(d):
            found |= {f"{shown} {month}", f"{shown} of {month}", f"{shown}{month}{y % 100:02}"}
            found |= {f"{month} {shown}", f"{month} the {shown}"}
    parts = (f"year {y}", f"month {m}", f"day {d}")
    return found | {" ".join(parts), " ".join(parts[::-1])}


def tight_spellings(day: date) -> set[str]:
    """Return ways to write a day, with nothing between its parts, that stand nowhere by chance."""
    found = {f"{day:%Y%m%d}", f"{day:%d%m%Y}", f"{day:%m%d%Y}"}
    for month in (f"{day:%B}".lower(), f"{day:%b}".lower()):
        for shown in _shown_days(day.day):
            found |= {f"{shown}{month}{day.year}", f"{month}{shown}{day.year}"}
            found |= {f"{shown}of{month}{day.year}", f"{day.year}{month}{shown}"}
    return found


def _shown_days(day: int) -> set[str]:
    ending = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return {str(day), f"{day:02}", f"{day}{ending}"}


def instants(day: date) -> Iterator[tuple[str, bytes]]:
    """Yield counts that are too large to stand anywhere by chance."""
    for zone in (UTC, LONDON):
        for at in (time(0), time(12)):
            seconds = int(datetime.combine(day, at, zone).timestamp())
            for number, unit in ((seconds, "seconds"), (seconds * 1000, "milliseconds")):
                if abs(number) >= 10**8:
                    yield f"{unit} since 1970", str(number).encode()
                for order in "<>":
                    yield f"{unit} since 1970, 64 bits", struct.pack(f"{order}q", number)
                    yield f"{unit} since 1970, a double", struct.pack(f"{order}d", number)


def counts() -> dict[str, Callable[[date], bytes]]:
    """Return the ways to count a day in which any single day stands by chance."""
    starts = {
        "an ordinal": 0,
        "a Julian day": -1_721_425,
        "days since 1970": date(1970, 1, 1).toordinal(),
        "days since 2000": date(2000, 1, 1).toordinal(),
        "a spreadsheet's serial": date(1899, 12, 30).toordinal(),
        "a modified Julian day": date(1858, 11, 17).toordinal(),
    }
    found: dict[str, Callable[[date], bytes]] = {}
    for name, start in starts.items():
        found[name] = partial(_in_digits, start)
        for form in (">i", "<i", ">3", "<3"):
            found[f"{name} ({form})"] = partial(_packed, form, start)
    for form in (">i", "<i"):
        found[f"seconds since 1970 ({form})"] = partial(_packed_seconds, form)
    return found


def _in_digits(start: int, day: date) -> bytes:
    return str(day.toordinal() - start).encode()


def _packed(form: str, start: int, day: date) -> bytes:
    """Pack into four bytes (`i`) or three, big- or little-endian."""
    order, size = form[0], form[1]
    whole = struct.pack(f"{order}i", day.toordinal() - start)
    if size == "i":
        return whole
    return whole[1:] if order == ">" else whole[:3]


def _packed_seconds(form: str, day: date) -> bytes:
    return struct.pack(form, int(datetime.combine(day, time(0), UTC).timestamp()))
