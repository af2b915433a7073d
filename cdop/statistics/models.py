"""The table of releases: what left the register, frozen as it left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Document, Key, Moment, Text, new_id


class Release(SQLModel, table=True):
    """A protected release of one panel's year. Once built it is never built again or changed.

    There is one of a year, whatever the profile: two could be held against each other. `package`
    is the zip that people download, `digest` its SHA-256; `ledger` says for each published cell
    what was shown; `certificate` is the proof's digest, the witnesses stay inside.
    """

    __tablename__ = "releases"
    __table_args__ = (Index("uq_releases_year", "organisation_id", "year", unique=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    year: str = Field(sa_type=Text)
    profile: str = Field(sa_type=Text)
    edition: str = Field(sa_type=Text)
    built_at: datetime = Field(sa_type=Moment)
    built_by: str = Field(sa_type=Text)
    digest: str = Field(sa_type=Text)
    certificate: str = Field(sa_type=Text)
    ledger: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    package: bytes = Field(sa_type=Bytes)
