"""The spec file of a table from anywhere: its dimensions, the tables wanted, the rule.

`cdop protect --help` and the README show the whole of it. Nothing here reads counts.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cdop.errors import Invalid
from cdop.statistics.disclosure.care import Care, Threshold
from cdop.statistics.disclosure.profiles import Others, Profile, Zeros, profile

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grouping(_Part):
    """Groups of a dimension's codes: from a column of the file, or written out."""

    column: Name | None = None
    prefix: str = ""
    groups: dict[Name, tuple[Name, ...]] = {}


class DimensionSpec(_Part):
    """A column of codes. Without `codes`, those of the file, in the order of the file."""

    name: Name
    codes: tuple[Name, ...] = ()
    total: Name | None = None
    grouping: tuple[Grouping, ...] = ()


class TableSpec(_Part):
    """A table to print, with all margins; `where` names a column that says yes or no."""

    id: FileName
    dimensions: tuple[Name, ...]
    where: Name | None = None


class Rule(_Part):
    """A profile by name, or what is small, how zeros and other counts are printed, and the width.

    A width of 0 asks only that no small count follow exactly, by adding and subtracting.
    """

    profile: str | None = None
    small: tuple[int, int] | None = None
    width: Annotated[int, Field(ge=0, le=1000)] | None = None
    zeros: Zeros = Zeros.HIDEABLE
    others: Others = Others.EXACT
    base: Annotated[int, Field(ge=1, le=1000)] = 1
    weight: Literal["counts", "cells"] = "counts"

    def as_profile(self) -> Profile:
        """Return the rule as a profile. Raises `Invalid` when it is half of each."""
        if self.profile is not None:
            if self.small is not None or self.width is not None:
                raise Invalid({"rule": "The rule names a profile: it cannot change it as well"})
            return profile(self.profile)
        if self.small is None or self.width is None:
            raise Invalid({"rule": "The rule needs a profile, or both small and width"})
        low, high = self.small
        if not 0 <= low <= high:
            raise Invalid({"rule": "small is the least and the greatest small count, from 0"})
        if self.others != Others.EXACT and (self.base < 2 or self.width < 1):
            raise Invalid({"rule": "Rounding needs a base of 2 or more and a width of 1 or more"})
        if self.others == Others.NEAREST and self.base % 2 == 0:
            raise Invalid({"rule": "The base of rounding to the nearest must be odd"})
        title = "A rule of the spec file"
        return Profile("rule", title, low, high, self.width, "", self.zeros, self.others, self.base)


class ThresholdSpec(_Part):
    """Codes of a dimension whose counts are small up to `high`."""

    dimension: Name
    codes: tuple[Name, ...]
    high: Annotated[int, Field(ge=1)]


class AttackerSpec(_Part):
    """A reader who knows something: `board` its own records, `known` some counts of a table."""

    kind: Literal["board", "known", "families"]
    dimension: Name | None = None
    codes: tuple[Name, ...] = ()
    table: FileName | None = None
    cells: tuple[tuple[Name, ...], ...] = ()


class Spec(_Part):
    """A whole spec file."""

    title: str = ""
    count: Name
    absent: Literal["zero", "impossible"] = "zero"
    dimension: Annotated[tuple[DimensionSpec, ...], Field(min_length=1)]
    table: Annotated[tuple[TableSpec, ...], Field(min_length=1)]
    rule: Rule
    threshold: tuple[ThresholdSpec, ...] = ()
    groups: tuple[Name, ...] = ()
    attacker: tuple[AttackerSpec, ...] = ()

    def care(self) -> Care:
        """Return what asks for more care than the rule."""
        thresholds = (Threshold(t.dimension, t.codes, t.high) for t in self.threshold)
        return Care(tuple(thresholds), self.groups)


def read_spec(path: Path) -> Spec:
    """Read a spec file. Raises `Invalid`, naming the entry, for what is no spec."""
    try:
        with path.open("rb") as file:
            spec = Spec.model_validate(tomllib.load(file))
    except OSError:
        raise Invalid({"spec": f"The spec file {path} cannot be read"}) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid({"spec": f"The spec file is no TOML: {error}"}) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid({"spec": f"The spec file is wrong at {where}: {first['msg']}"}) from None
    _check_names(spec)
    return spec


def _check_names(spec: Spec) -> None:
    names = [dimension.name for dimension in spec.dimension]
    ids = [table.id for table in spec.table]
    for what, found in (("dimension", names), ("table", ids)):
        twice = [name for name in found if found.count(name) > 1]
        if twice:
            raise Invalid({"spec": f"The spec file has two of {what} {twice[0]!r}"})
    used = {name for table in spec.table for name in table.dimensions}
    used |= {t.dimension for t in spec.threshold} | set(spec.groups)
    used |= {a.dimension for a in spec.attacker if a.dimension}
    for name in sorted(used - set(names)):
        raise Invalid({"spec": f"The spec file has no dimension {name!r}"})
    for table in spec.table:
        if len(set(table.dimensions)) < len(table.dimensions):
            raise Invalid({"spec": f"The table {table.id!r} names a dimension twice"})
