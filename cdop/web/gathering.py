"""From the body of a request to a model's plain data: parts of dates, ticks, repeated lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.exceptions import HTTPException

from cdop.web.fields import DATE_PARTS, is_date, is_list, line_of
from cdop.web.sentences import capital, phrase_of

CSRF_FIELD = "csrf"
CONFIRMATION_FIELD = "confirmation"
"""The code of a second factor that is asked for again: part of no form of its own."""
PASSKEY_FIELD = "confirmation_passkey"
"""What a passkey has signed in its place."""
NO_ANSWERS = frozenset({CSRF_FIELD, CONFIRMATION_FIELD, PASSKEY_FIELD})
"""Fields that belong to the session and not to a form."""
_MOST_FIELDS = 2000
_MOST_LINES = 200
_LONGEST_NUMBER = 4  # digits
# C0 controls that word processors leave behind, and NUL, which PostgreSQL refuses.
_CONTROLS = {code: " " for code in range(32) if chr(code) not in "\n\t"} | {13: None}
# Pydantic refuses it as a date, so that no rule across fields runs on a stand-in.
_NO_DATE = "not a date"


@dataclass(frozen=True)
class Posted:
    """The fields of a posted form, as typed. Never printed."""

    fields: Mapping[str, tuple[str, ...]] = field(repr=False)


async def read_form(request: Request) -> Posted:
    """Read a request's body. Raises HTTPException 400 or 415 for what no page of ours sends."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise HTTPException(415)
    try:
        pairs = parse_qsl(
            (await request.body()).decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400) from None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value.translate(_CONTROLS))
    return Posted(fields)


PostedForm = Annotated[Posted, Depends(read_form)]


@dataclass
class Gathering:
    """Takes the fields that a model declares out of `left`.

    `faults` holds sentences for what cannot be offered to the model; `order` the names of the
    fields in the page's order; `numbers` which typed line became which item of a list.
    """

    left: dict[str, tuple[str, ...]] = field(repr=False)
    faults: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def take(self, kind: type[BaseModel], prefix: str = "") -> dict[str, Any]:
        """Return the data of a model whose fields' names begin with `prefix`."""
        data: dict[str, Any] = {}
        for name, info in kind.model_fields.items():
            key = prefix + name
            self.order.append(key)
            taken = self._take_field(key, info)
            if taken not in ("", []):
                data[name] = taken
        return data

    def locate(
        self, kind: type[BaseModel], loc: tuple[int | str, ...]
    ) -> tuple[str, FieldInfo | None]:
        """Return the name in the page, and the declaration, of pydantic's location of an error."""
        name, info = "", None
        model: type[BaseModel] | None = kind
        for step in loc:
            if isinstance(step, int):
                if name not in self.numbers:
                    break
                name = f"{name}-{self.numbers[name][step]}"
            elif model and step in model.model_fields:
                info = model.model_fields[step]
                name = f"{name}-{step}" if name else step
                model = line_of(info.annotation)
            else:
                break
        return name, info

    def _take_field(self, key: str, info: FieldInfo) -> Any:
        line = line_of(info.annotation)
        if line:
            return self._take_lines(key, line)
        if is_date(info.annotation):
            return self._take_day(key, info)
        if is_list(info.annotation):
            return [value.strip() for value in self.left.pop(key, ()) if value.strip()]
        return self._one(key)

    def _take_lines(self, key: str, line: type[BaseModel]) -> list[dict[str, Any]]:
        """Take a group's lines; a line in which nothing was typed is no line."""
        kept = self.numbers[key] = []
        items = []
        for number in line_numbers(key, self.left):
            item = self.take(line, f"{key}-{number}-")
            if item:
                kept.append(number)
                items.append(item)
        return items

    def _take_day(self, key: str, info: FieldInfo) -> date | str:
        parts = [self._one(f"{key}-{part}") for part in DATE_PARTS]
        if not any(parts):
            return ""
        try:
            return _day(parts, phrase_of(info))
        except ValueError as fault:
            self.faults[key] = str(fault)
            return _NO_DATE

    def _one(self, key: str) -> str:
        values = self.left.pop(key, ())
        if len(values) > 1:
            raise HTTPException(400)
        return values[0].strip() if values else ""


def line_numbers(key: str, names: Mapping[str, Any]) -> list[int]:
    """Return the numbers of a repeated group's lines among the names of fields, in order."""
    heads = {n.removeprefix(f"{key}-").partition("-")[0] for n in names if n.startswith(f"{key}-")}
    numbered = [head for head in heads if head.isascii() and head.isdigit()]
    if len(numbered) > _MOST_LINES or any(len(head) > _LONGEST_NUMBER for head in numbered):
        raise HTTPException(400)
    return sorted(int(head) for head in numbered)


def _day(parts: list[str], phrase: str) -> date:
    """Return the day that three inputs name; raises ValueError with the sentence to show."""
    absent = [part for part, typed in zip(DATE_PARTS, parts, strict=True) if not typed]
    if absent:
        raise ValueError(f"{capital(phrase)} must include a {' and a '.join(absent)}")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{capital(phrase)} must be a real date")
    if len(parts[2]) != 4:
        raise ValueError(f"The year of {phrase} must have 4 numbers")
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except (ValueError, OverflowError):
        raise ValueError(f"{capital(phrase)} must be a real date") from None
