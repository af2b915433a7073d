"""What somebody typed in the search box: a number, dates, a postcode, a reference, and names.

Pure functions of text. A term is never logged, stored or put into an address.
"""

import calendar
import re
from dataclasses import dataclass, field
from datetime import date

from cdop.deaths.naming import tokens
from cdop.reference import nhs_numbers

LONGEST = 200
_MONTHS = {
    name.casefold(): number
    for number in range(1, 13)
    for name in (calendar.month_name[number], calendar.month_abbr[number])
} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_REFERENCE = re.compile(r"\bcd[-\s]?(\d{4})[-\s]?(\d{1,6})\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\d)\d{3}[-\s]?\d{3}[-\s]?\d{4}(?!\d)")
_POSTCODE = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)\s*(\d[a-z]{2})\b", re.IGNORECASE)
# Each with the places of year, month and day among its groups.
_DATES = (
    (re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{4}|\d{2})(?!\d)"), (3, 2, 1)),
    (
        re.compile(
            rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?[\s\-]*({_MONTH})\.?,?[\s\-]*(\d{{4}}|\d{{2}})(?!\d)",
            re.IGNORECASE,
        ),
        (3, 2, 1),
    ),
    (
        re.compile(
            rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})(?!\d)", re.IGNORECASE
        ),
        (3, 1, 2),
    ),
    (re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{4})(?!\d)"), (3, 2, 1)),
)


@dataclass(frozen=True)
class Term:
    """What a search asks for. `words` are the names typed, each a group of normalised words.

    `fault` says what was typed and is nothing that could be found.
    """

    reference: str = ""
    number: str = field(default="", repr=False)
    days: tuple[date, ...] = field(default=(), repr=False)
    postcode: str = field(default="", repr=False)
    words: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    fault: str = ""

    @property
    def kinds(self) -> list[str]:
        """Return what kinds of thing are asked for, for the audit log."""
        found = {
            "reference": self.reference,
            "number": self.number,
            "date": self.days,
            "postcode": self.postcode,
            "name": self.words,
        }
        return [kind for kind, value in found.items() if value]

    @property
    def canonical(self) -> str:
        """Return one text for all ways to type the same search."""
        days = [day.isoformat() for day in sorted(self.days)]
        words = sorted("-".join(group) for group in self.words)
        return "|".join((self.reference, self.number, *days, self.postcode, *words))


def read(typed: str, today: date) -> Term:
    """Read a search term; days in English order, a year of two digits as the last that has been."""
    rest = typed[:LONGEST]
    found: dict[str, str] = {}
    fault = ""
    for name, pattern, value in (
        ("reference", _REFERENCE, _reference),
        ("number", _NUMBER, _number),
    ):
        match = pattern.search(rest)
        if match:
            try:
                found[name] = value(match)
            except ValueError as wrong:
                fault = str(wrong)
            rest = _without(rest, match)
    days, rest, wrong_day = _days(rest, today)
    match = _POSTCODE.search(rest)
    if match:
        found["postcode"] = f"{match[1]}{match[2]}".upper()
        rest = _without(rest, match)
    groups = (tokens(part) for part in rest.split())
    words = tuple(group for group in groups if group)
    return Term(days=days, words=words, fault=fault or wrong_day, **found)


def _reference(match: re.Match[str]) -> str:
    return f"CD-{match[1]}-{int(match[2]):04d}"


def _number(match: re.Match[str]) -> str:
    return nhs_numbers.normalise(match[0])


def _days(text: str, today: date) -> tuple[tuple[date, ...], str, str]:
    found: list[date] = []
    fault = ""
    for pattern, (year, month, day) in _DATES:
        while match := pattern.search(text):
            text = _without(text, match)
            try:
                found.append(date(_year(match[year], today), _month(match[month]), int(match[day])))
            except ValueError:
                fault = "There is no such date. Type it like 3/5/2014 or 3 May 2014."
    return tuple(dict.fromkeys(found)), text, fault


def _year(typed: str, today: date) -> int:
    year = int(typed)
    if len(typed) == 4:
        return year
    return 2000 + year if 2000 + year <= today.year else 1900 + year


def _month(typed: str) -> int:
    return int(typed) if typed.isdigit() else _MONTHS[typed.lower()]


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"
