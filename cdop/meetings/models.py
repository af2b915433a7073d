"""Tables of meetings. An agenda item holds (table, id) of what it is about and never imports it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Number, Text, new_id


class PanelType(StrEnum):
    """How a panel sits. A joint case review group always sits as `standard`."""

    STANDARD = "standard"
    NEONATAL = "neonatal"
    LOCAL_THEMED = "local-themed"
    REGIONAL_THEMED = "regional-themed"


class Meeting(SQLModel, table=True):
    """A meeting of a panel (CDOP) or a joint case review group."""

    __tablename__ = "meetings"
    __table_args__ = (
        CheckConstraint("status IN ('arranged', 'held', 'cancelled')", name="status"),
        UniqueConstraint(
            "organisation_id", "held_on", "starts_at", "panel_type", name="uq_meetings_once"
        ),
        Index("ix_meetings_next", "organisation_id", "held_on"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    held_on: date = Field(sa_type=Day)
    starts_at: str = Field(default="", sa_type=Text)
    place: str = Field(default="", sa_type=Text)
    panel_type: str = Field(default="standard", sa_type=Text)
    status: str = Field(default="arranged", sa_type=Text)
    arranged_at: datetime = Field(sa_type=Moment)
    arranged_by: str = Field(sa_type=Text)


class AgendaItem(SQLModel, table=True):
    """Something on a meeting's agenda; once for each meeting."""

    __tablename__ = "agenda_items"
    __table_args__ = (
        UniqueConstraint("meeting_id", "subject_id", name="uq_agenda_items_once"),
        Index("ix_agenda_items_subject", "subject_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    meeting_id: UUID = Field(sa_type=Key, foreign_key="meetings.id")
    position: int = Field(sa_type=Number)
    subject_kind: str = Field(sa_type=Text)
    subject_id: UUID = Field(sa_type=Key)
    reference: str = Field(sa_type=Text)


class Attendance(SQLModel, table=True):
    """How an agency was present at a meeting: a code of the list `attendance`."""

    __tablename__ = "attendances"
    __table_args__ = (
        CheckConstraint(
            "state IN ('attended', 'represented', 'absent', 'not-member')", name="state"
        ),
    )

    meeting_id: UUID = Field(primary_key=True, sa_type=Key, foreign_key="meetings.id")
    agency: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(sa_type=Text)
