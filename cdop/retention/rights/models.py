"""Tables of requests about rights, and what is sealed in them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Text, new_id
from cdop.security.sealing import Sealed, sealed_column
from cdop.security.sections import Section

HANDLE = "rights:request:handle"


class Asked(BaseModel):
    """Who asks, about whom, and for what. An empty `about` means: about whoever asks."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    contact: str = ""
    about: str = ""
    nhs_number: str = ""
    born_on: date | None = None
    text: str = ""

    @property
    def sought(self) -> str:
        """Return the name to be sought in the records."""
        return self.about or self.name


class Note(BaseModel):
    """Why a request took longer, or how it was answered."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


class RightsRequest(Sealed, table=True):
    """A request about rights, with a key of its own. `exemptions` are codes between blanks."""

    __tablename__ = "rights_requests"
    __table_args__ = (
        CheckConstraint("subject_id = id", name="own_key"),
        CheckConstraint("(closed_on IS NULL) = (outcome IS NULL)", name="closed"),
        UniqueConstraint("organisation_id", "reference", name="uq_rights_requests_reference"),
        Index("ix_rights_requests_list", "organisation_id", "due_on", "id"),
    )

    reference: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    relation: str = Field(sa_type=Text)
    received_on: date = Field(sa_type=Day)
    due_on: date = Field(sa_type=Day)
    extended_on: date | None = Field(default=None, sa_type=Day)
    closed_on: date | None = Field(default=None, sa_type=Day)
    outcome: str | None = Field(default=None, sa_type=Text)
    exemptions: str = Field(default="", sa_type=Text)
    recorded_by: str = Field(sa_type=Text)
    closed_by: str | None = Field(default=None, sa_type=Text)

    asked: bytes | None = sealed_column()
    extension: bytes | None = sealed_column()
    answer: bytes | None = sealed_column()


class RightsRecord(SQLModel, table=True):
    """A record that somebody found to be about the person of a request."""

    __tablename__ = "rights_records"
    __table_args__ = (
        CheckConstraint("record_kind IN ('deaths', 'referrals')", name="record_kind"),
        UniqueConstraint("request_id", "record_id", name="uq_rights_records_once"),
        Index("ix_rights_records_record", "record_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    request_id: UUID = Field(sa_type=Key, foreign_key="rights_requests.id")
    record_kind: str = Field(sa_type=Text)
    record_id: UUID = Field(sa_type=Key)
    reference: str = Field(sa_type=Text)
    linked_at: datetime = Field(sa_type=Moment)
    linked_by: str = Field(sa_type=Text)


ASKED = Section("rights_requests", "asked", Asked, HANDLE)
EXTENSION = Section("rights_requests", "extension", Note, HANDLE)
ANSWER = Section("rights_requests", "answer", Note, HANDLE)
