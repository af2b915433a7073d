"""Whether a text that should be anonymous gives a child away. Pure functions of values.

Names count as whole words, whatever their accents; numbers, postcodes and dates however they are
written. It finds slips of the pen: whoever writes a summary answers for what it tells.
"""

import re
import unicodedata
from datetime import date

from cdop.deaths.documents import Identity, Names

_NUMBER = r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?"
_FIGURES = re.compile(r"(?<!\d)(\d{1,4})\s*[-/. _]\s*(\d{1,2})\s*[-/. _]\s*(\d{1,4})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)\d{8}(?!\d)")


def tells_identity(text: str, names: Names, identity: Identity) -> bool:
    """Say whether a text contains a child's name, NHS number, postcode, or an exact date."""
    return (
        _tells_name(text, names)
        or _tells_number(text, identity.nhs_number)
        or _tells_postcode(text, identity.postcode)
        or any(_tells_day(text, day) for day in (identity.born_on, identity.died_on) if day)
    )


def _tells_name(text: str, names: Names) -> bool:
    """Two letters, such as Jo, count only with a capital and not at a sentence's start: An, Do."""
    parts = set(_words(f"{names.given} {names.family} {names.also_known_as}"))
    if {part for part in parts if len(part) > 2} & set(_words(text)):
        return True
    within = re.findall(r"(?<![.!?])\s(\w\w)\b", _plain(text))
    return any(word[0].isupper() and word.casefold() in parts for word in within)


def _tells_number(text: str, number: str) -> bool:
    return bool(number) and number in re.sub(r"(?<=\d)[\W_]+(?=\d)", "", text)


def _tells_postcode(text: str, postcode: str) -> bool:
    compact = "".join(_words(postcode))
    return bool(compact) and compact in "".join(_words(text))


def _tells_day(text: str, day: date) -> bool:
    lowered = " ".join(_plain(text).casefold().split())
    month = f"(?:{day:%B}|{day:%b})\\b".casefold()
    for pattern in (rf"{_NUMBER}\W*(?:of\s+)?{month}", rf"{month}\W*(?:the\s+)?{_NUMBER}\b"):
        if any(int(found) == day.day for found in re.findall(pattern, lowered)):
            return True
    if any(found in _compact(day) for found in _COMPACT.findall(lowered)):
        return True
    return any(_is_day(found, day) for found in _FIGURES.findall(lowered))


def _is_day(figures: tuple[str, str, str], day: date) -> bool:
    """Say whether three figures are a day: year first or last, in four figures or in two."""
    first, second, third = figures
    years = {str(day.year), f"{day.year % 100:02}"}
    one, two, three = int(first), int(second), int(third)
    if third in years and {(one, two)} & {(day.day, day.month), (day.month, day.day)}:
        return True
    return first in years and (two, three) == (day.month, day.day)


def _compact(day: date) -> tuple[str, str, str]:
    return f"{day:%Y%m%d}", f"{day:%d%m%Y}", f"{day:%m%d%Y}"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _plain(text).casefold())


def _plain(text: str) -> str:
    """Return a text without accents, and with one kind of figures and letters."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
