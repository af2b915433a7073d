"""Kinds of record that can outlive their need, and what is known of how long others keep them.

No period stands here: an organisation sets its own (`cdop.retention.periods`).
"""

from datetime import date
from functools import cache
from typing import Literal, Self

from pydantic import Field, model_validator

from cdop.reference.clocks import add_months
from cdop.reference.loading import Certainty, Frozen, Unknown, parse, read

_FILE = "retention.toml"


class RecordKind(Frozen):
    """A kind of record: who sets its period, from which day that counts, how it is erased."""

    code: str = Field(min_length=1)
    label: str = Field(min_length=1)
    counts_from: str = Field(min_length=1)
    kept_by: Literal["organisation", "register"]
    erased_by: Literal["key", "rows", "words", "never"]
    why_never: str = ""
    source: str = Field(min_length=1)
    certainty: Certainty

    @model_validator(mode="after")
    def _never_has_a_reason(self) -> Self:
        if (self.erased_by == "never") != bool(self.why_never):
            raise ValueError("why_never goes with erased_by never, and with nothing else")
        return self


class Practice(Frozen):
    """How long somebody else keeps such records: to be read, never applied."""

    label: str = Field(min_length=1)
    note: str = ""
    source: str = Field(min_length=1)
    certainty: Certainty


@cache
def record_kinds() -> tuple[RecordKind, ...]:
    """Return the kinds of record in the order of the file. Raises `Misconfigured`."""
    return tuple(parse(RecordKind, row, _FILE) for row in read(_FILE)["kinds"])


def record_kind(code: str) -> RecordKind:
    """Return one kind of record. Raises `Unknown`."""
    for each in record_kinds():
        if each.code == code:
            return each
    raise Unknown("There is no such kind of record.")


@cache
def practices() -> tuple[Practice, ...]:
    """Return what others do. Raises `Misconfigured`."""
    return tuple(parse(Practice, row, _FILE) for row in read(_FILE)["practices"])


def period_ends(start: date, years: int) -> date:
    """Return the last day of a period of whole years that counts from `start`."""
    return add_months(start, 12 * years)


def period_began(today: date, years: int) -> date:
    """Return the latest start whose period of whole years is over today."""
    found = add_months(today, -12 * years)
    while period_ends(found, years) >= today:
        found = date.fromordinal(found.toordinal() - 1)
    return found
