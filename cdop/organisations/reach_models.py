"""Tables of what an account reaches beside its own roles: see `cdop.organisations.reach`."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Text, new_id
from cdop.security.sealing import Sealed, sealed_column


class Deputy(SQLModel, table=True):
    """Somebody who stands in for the holder of a membership, between two days, both included.

    The rights end earlier when the membership does.
    """

    __tablename__ = "deputies"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="order"),
        Index("ix_deputies_account", "account_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    membership_id: UUID = Field(sa_type=Key, foreign_key="memberships.id")
    valid_from: date = Field(sa_type=Day)
    valid_to: date = Field(sa_type=Day)


class Assignment(SQLModel, table=True):
    """A case (`subject_id`) assigned to a person whose role reaches assigned cases only.

    `organisation_id` is the panel at which the role is held.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="order"),
        Index("ix_assignments_account", "account_id"),
        Index("ix_assignments_subject", "subject_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    subject_id: UUID = Field(sa_type=Key)
    valid_from: date = Field(sa_type=Day)
    valid_to: date | None = Field(default=None, sa_type=Day)


class BreakGlass(Sealed, table=True):
    """Access to another organisation's cases, taken with a reason for a short time.

    `organisation_id` is whose cases. It ends at `ends_at` by itself, or earlier at `ended_at`.
    The row has a key of its own: what was written about the need and in the review is sealed.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("subject_id = id", name="own_key"),
        CheckConstraint("ends_at > opened_at", name="order"),
        CheckConstraint("(reviewed_at IS NULL) = (verdict IS NULL)", name="reviewed"),
        CheckConstraint("verdict IN ('appropriate', 'not-appropriate')", name="verdict"),
        Index("ix_break_glass_account", "account_id", "ends_at"),
        Index("ix_break_glass_organisation", "organisation_id", "opened_at"),
    )

    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    opened_by: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=Moment)
    ends_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    verdict: str | None = Field(default=None, sa_type=Text)
    reviewed_at: datetime | None = Field(default=None, sa_type=Moment)
    reviewed_by: str | None = Field(default=None, sa_type=Text)

    need: bytes | None = sealed_column()
    review: bytes | None = sealed_column()
