"""The tables of releases: what left the register, frozen as it left, and what befell it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import defer
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Day, Document, Key, Moment, Number, Text, new_id


class Release(SQLModel, table=True):
    """A release of a panel's or group's year, or of several pooled, on its way out of the register.

    `state` and what leads from one to the next: `cdop.statistics.rules`. `year` is the last of
    `years` pooled ones. `recipients` are those it is for; `known` are counts that others have
    published; `asked` are its tables, where they are not those of the year. `snapshot` holds the
    coded rows that were counted, so that the package can be built again byte for byte; `package`
    is the zip that people download, `digest` its SHA-256; `ledger` says for each published cell
    what was shown; `certificate` is the keyed digest of the proof, whose witnesses are not kept.
    `against` are the earlier releases it was proved against.
    """

    __tablename__ = "releases"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'refused', 'proved', 'declined', 'discarded', 'released', "
            "'withdrawn')",
            name="state",
        ),
        CheckConstraint(
            "state IN ('draft', 'refused', 'discarded') OR package IS NOT NULL", name="proved"
        ),
        CheckConstraint(
            "(state IN ('released', 'withdrawn')) = (approved_by IS NOT NULL)", name="approved"
        ),
        CheckConstraint(
            "approved_by IS NULL OR (approved_by <> drafted_by AND approved_by <> built_by)",
            name="two_people",
        ),
        CheckConstraint("years BETWEEN 1 AND 5", name="years"),
        Index("ix_releases_year", "organisation_id", "year"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    year: str = Field(sa_type=Text)
    years: int = Field(default=1, sa_type=Number)
    profile: str = Field(sa_type=Text)
    edition: str = Field(sa_type=Text)
    state: str = Field(default="draft", sa_type=Text)
    version: int = Field(default=0, sa_type=Number)
    recipients: list[dict[str, Any]] = Field(default_factory=list, sa_type=Document)
    known: list[dict[str, Any]] = Field(default_factory=list, sa_type=Document)
    merged: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    asked: list[dict[str, Any]] | None = Field(default=None, sa_type=Document)
    note: str = Field(default="", sa_type=Text)
    replaces_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="releases.id")
    against: list[str] = Field(default_factory=list, sa_type=Document)
    reason: str = Field(default="", sa_type=Text)
    drafted_at: datetime = Field(sa_type=Moment)
    drafted_by: str = Field(sa_type=Text)
    built_at: datetime | None = Field(default=None, sa_type=Moment)
    built_by: str | None = Field(default=None, sa_type=Text)
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    approved_by: str | None = Field(default=None, sa_type=Text)
    digest: str = Field(default="", sa_type=Text)
    certificate: str = Field(default="", sa_type=Text)
    ledger: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
    snapshot: str = Field(default="", sa_type=Text)
    package: bytes | None = Field(default=None, sa_type=Bytes)


WITHOUT_FILE = defer(Release.package)  # type: ignore[arg-type]
"""Option of a query for several releases: the file of each, megabytes, stays in the database."""


class ReleaseEvent(SQLModel, table=True):
    """What befell a release, for the desk: each step, and each download. Never changed.

    `kind` is a step of `cdop.statistics.rules`, or `download`; `remark` is what the person typed.
    """

    __tablename__ = "release_events"
    __table_args__ = (Index("ix_release_events_release", "release_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    release_id: UUID = Field(sa_type=Key, foreign_key="releases.id")
    at: datetime = Field(sa_type=Moment)
    by: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    remark: str = Field(default="", sa_type=Text)


class ApiToken(SQLModel, table=True):
    """What a program reads the released packages of one panel or group with, kept as a hash.

    `asked` counts its requests since `counted_from`: more than a token may make are refused.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id", index=True)
    name: str = Field(sa_type=Text)
    token_hash: bytes = Field(sa_type=Bytes, unique=True)
    made_at: datetime = Field(sa_type=Moment)
    made_by: str = Field(sa_type=Text)
    expires_on: date = Field(sa_type=Day)
    used_at: datetime | None = Field(default=None, sa_type=Moment)
    counted_from: datetime | None = Field(default=None, sa_type=Moment)
    asked: int = Field(default=0, sa_type=Number)
    revoked_at: datetime | None = Field(default=None, sa_type=Moment)
    revoked_by: str | None = Field(default=None, sa_type=Text)
