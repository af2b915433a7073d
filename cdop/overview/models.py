"""Tables of the panel's review, and what is sealed in it.

A review keeps the edition of the form (`form_edition`) in force on the day the panel met.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Number, Text, new_id
from cdop.overview.answers import Analysis, FactorNotes
from cdop.security.sealing import Sealed, sealed_column
from cdop.security.sections import Section

READ = "overview:case:read"


class Review(Sealed, table=True):
    """A panel's review of one death. `version` counts its saves; a stale save is refused.

    `subject_id` is the death, so that its key seals the review too.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'signed-off')", name="status"),
        CheckConstraint(
            "status = 'draft' OR (category IS NOT NULL AND modifiable IS NOT NULL"
            " AND signed_off_at IS NOT NULL)",
            name="complete",
        ),
        Index("uq_reviews_death", "death_id", unique=True),
    )

    death_id: UUID = Field(sa_type=Key, foreign_key="deaths.id")
    meeting_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="meetings.id")
    form_edition: str = Field(sa_type=Text)
    reviewed_on: date = Field(sa_type=Day)
    status: str = Field(default="draft", sa_type=Text)
    version: int = Field(default=1, sa_type=Number)
    category: str | None = Field(default=None, sa_type=Text)
    secondary_categories: str = Field(default="", sa_type=Text)
    modifiable: str | None = Field(default=None, sa_type=Text)
    event: str | None = Field(default=None, sa_type=Text)
    social_care: str | None = Field(default=None, sa_type=Text)
    statutory_order: str | None = Field(default=None, sa_type=Text)
    asylum_seeker: str | None = Field(default=None, sa_type=Text)
    case_review: str | None = Field(default=None, sa_type=Text)
    agency_response: str | None = Field(default=None, sa_type=Text)
    drafted_by: str = Field(sa_type=Text)
    signed_off_at: datetime | None = Field(default=None, sa_type=Moment)
    signed_off_by: str | None = Field(default=None, sa_type=Text)

    analysis: bytes | None = sealed_column()
    factor_notes: bytes | None = sealed_column()


class Factor(SQLModel, table=True):
    """One line of contributory factors: domain, factor, relevance, and whether modifiable."""

    __tablename__ = "factors"
    __table_args__ = (Index("uq_factors_line", "review_id", "position", unique=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    review_id: UUID = Field(sa_type=Key, foreign_key="reviews.id")
    position: int = Field(sa_type=Number)
    domain: str = Field(sa_type=Text)
    factor: str = Field(sa_type=Text)
    relevance: str = Field(sa_type=Text)
    modifiable: str = Field(sa_type=Text)


ANALYSIS = Section("reviews", "analysis", Analysis, READ)
FACTOR_NOTES = Section("reviews", "factor_notes", FactorNotes, READ)
