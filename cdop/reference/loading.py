"""Reads the data files, checks them, and finds the edition in force on a day."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cdop.errors import Misconfigured

Certainty = Literal[
    "found", "recalled-high", "recalled-medium", "recalled-low", "inferred", "invented"
]
"""How far to trust the wording: only `found` was checked against a public document. `inferred` is
arithmetic or this project's own choice of code; `invented` serves demonstrations only."""


class Unknown(LookupError):
    """No list, edition or item has this name."""


class NotInForce(LookupError):
    """The thing exists, but no edition of it was in force on that day."""


class Frozen(BaseModel):
    """A value read from a data file: immutable, and any key that is not known is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Frozen):
    """Something in force from a day to a day, both included; no last day means still in force."""

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from")
        return self

    def in_force(self, day: date) -> bool:
        """Say whether `day` lies within the dates in force."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Edition(Dated):
    """One dated edition of a list, form or table, with where its words come from."""

    id: str = Field(min_length=1)
    edition: str = Field(min_length=1)
    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    certainty: Certainty
    note: str = ""


E = TypeVar("E", bound=Edition)


def data(*parts: str) -> Traversable:
    """Return a file or folder of the package's data."""
    return files("cdop.reference").joinpath("data", *parts)


@cache
def names(folder: str) -> tuple[str, ...]:
    """Return the ids of the files in a folder of data, sorted."""
    found = (entry.name for entry in data(folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def read(*parts: str) -> dict[str, Any]:
    """Return a data file's content. Raises `Misconfigured` if it is not TOML."""
    try:
        return tomllib.loads(data(*parts).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"Reference file {'/'.join(parts)} is not TOML: {error}.") from error


def check(model: type[E], rows: Iterable[dict[str, Any]], where: str) -> tuple[E, ...]:
    """Return the editions in a file, oldest first. Raises `Misconfigured` naming file and fault."""
    editions = tuple(parse(model, row, where) for row in rows)
    if not editions:
        raise Misconfigured(f"Reference file {where} holds no edition.")
    ordered = tuple(sorted(editions, key=lambda each: each.valid_from))
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
            raise Misconfigured(
                f"Reference file {where}: editions {earlier.edition} and {later.edition} overlap."
            )
    if len({each.edition for each in ordered}) != len(ordered):
        raise Misconfigured(f"Reference file {where} names an edition twice.")
    return ordered


M = TypeVar("M", bound=BaseModel)


def parse(model: type[M], row: dict[str, Any], where: str) -> M:
    """Return one checked value. Raises `Misconfigured` saying where and what is wrong."""
    try:
        return model.model_validate(row)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'whole'}: {fault['msg']}"
            for fault in error.errors()
        )
        name = row.get("edition") or row.get("code") or "?"
        raise Misconfigured(f"Reference file {where} ({name}): {faults}.") from error


def on_day(editions: Sequence[E], day: date) -> E:
    """Return the edition in force on `day`. Raises `NotInForce`."""
    for edition in editions:
        if edition.in_force(day):
            return edition
    # The day may be that of a death: it stays out of the message.
    raise NotInForce(f"No edition of {editions[0].id} was in force on that day.")


def named(editions: Sequence[E], name: str) -> E:
    """Return the edition called `name`. Raises `Unknown`."""
    for edition in editions:
        if edition.edition == name:
            return edition
    raise Unknown(f"{editions[0].id} has no edition {name}.")
