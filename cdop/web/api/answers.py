"""What the API answers, for its description and for the programs that read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TableLink(_Answer):
    """A table of a release, and where to read it."""

    code: str
    title: str
    csv: str
    in_json: str = Field(alias="json")


class ReleaseAnswer(_Answer):
    """A released package. `sha256` is that of the zip; `disclosure` says how it is protected."""

    id: UUID
    panel: str
    title: str
    year: str
    years_pooled: int
    profile: str
    released_at: datetime | None
    sha256: str
    package: str
    tables: list[TableLink]
    disclosure: dict[str, Any]


class ReleasesAnswer(_Answer):
    """The released packages in a token's scope."""

    releases: list[ReleaseAnswer]


class TableAnswer(_Answer):
    """A table: one row for each number; a count that is not shown is null and has a symbol."""

    table: str
    rows: list[dict[str, str | int | None]]
