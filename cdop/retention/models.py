"""Tables of retention: periods that organisations set, legal holds, and erasures with two names."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Number, Text, new_id
from cdop.security.sealing import Sealed, sealed_column
from cdop.security.sections import Section

HOLD = "retention:hold:set"

_LIVE = text("state <> 'withdrawn'")
_IN_FORCE = text("lifted_at IS NULL")


class HoldReason(BaseModel):
    """Why a record must be kept, and why no longer."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""


class RetentionPeriod(SQLModel, table=True):
    """How many years a kind of record is kept; `years` null: without end. The last edition counts.

    `owner_id` is the organisation, or the register for kinds that belong to none.
    """

    __tablename__ = "retention_periods"
    __table_args__ = (
        UniqueConstraint("owner_id", "kind", "edition", name="uq_retention_periods_edition"),
        CheckConstraint("years BETWEEN 1 AND 150", name="years"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    owner_id: UUID = Field(sa_type=Key)
    kind: str = Field(sa_type=Text)
    edition: int = Field(sa_type=Number)
    years: int | None = Field(default=None, sa_type=Number)
    decided_on: date = Field(sa_type=Day)
    source: str = Field(sa_type=Text)
    set_at: datetime = Field(sa_type=Moment)
    set_by: str = Field(sa_type=Text)


class LegalHold(Sealed, table=True):
    """Keeps a record (or all records of an organisation) from being erased until it is lifted.

    `subject_id` is the record, so that the reasons are erased with it.
    """

    __tablename__ = "legal_holds"
    __table_args__ = (
        CheckConstraint(
            "record_kind IN ('deaths', 'referrals', 'rights_requests', 'organisations')",
            name="record_kind",
        ),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        Index(
            "ix_legal_holds_in_force",
            "subject_id",
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )

    record_kind: str = Field(sa_type=Text)
    why: str = Field(sa_type=Text)
    set_at: datetime = Field(sa_type=Moment)
    set_by: str = Field(sa_type=Text)
    lifted_at: datetime | None = Field(default=None, sa_type=Moment)
    lifted_by: str | None = Field(default=None, sa_type=Text)

    reason: bytes | None = sealed_column()
    lift_reason: bytes | None = sealed_column()


class Erasure(SQLModel, table=True):
    """One record's way to erasure: proposed by one person, approved by another, carried out.

    Once erased, the row is the tombstone that says so; it stays.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint("state IN ('proposed', 'approved', 'erased', 'withdrawn')", name="state"),
        CheckConstraint("approved_by <> proposed_by", name="four_eyes"),
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approved"),
        CheckConstraint(
            "state IN ('proposed', 'withdrawn') OR approved_by IS NOT NULL", name="approval"
        ),
        CheckConstraint(
            "(state = 'erased') = (erased_at IS NOT NULL)"
            " AND (erased_at IS NULL) = (erased_by IS NULL)",
            name="erased",
        ),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_by IS NOT NULL)", name="withdrawn"),
        Index(
            "uq_erasures_live",
            "record_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index("ix_erasures_list", "organisation_id", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    kind: str = Field(sa_type=Text)
    record_kind: str = Field(sa_type=Text)
    record_id: UUID = Field(sa_type=Key)
    reference: str = Field(sa_type=Text)
    counts_from: date = Field(sa_type=Day)
    years: int = Field(sa_type=Number)
    state: str = Field(default="proposed", sa_type=Text)
    proposed_at: datetime = Field(sa_type=Moment)
    proposed_by: str = Field(sa_type=Text)
    approved_at: datetime | None = Field(default=None, sa_type=Moment)
    approved_by: str | None = Field(default=None, sa_type=Text)
    erased_at: datetime | None = Field(default=None, sa_type=Moment)
    erased_by: str | None = Field(default=None, sa_type=Text)
    withdrawn_by: str | None = Field(default=None, sa_type=Text)


REASON = Section("legal_holds", "reason", HoldReason, HOLD)
LIFT_REASON = Section("legal_holds", "lift_reason", HoldReason, HOLD)
