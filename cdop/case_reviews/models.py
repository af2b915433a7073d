"""Tables of joint case review, and what is sealed in them.

The kind of review (`review_kind`) and its methodology are separate fields. Counting rows 1 to 6 of
the outcome table goes by the year a referral was received, row 7 by the year a review completed.
"""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Text, new_id
from cdop.security.sealing import Sealed, sealed_column
from cdop.security.sections import Section

SUBJECT_READ = "case_reviews:subject:read"

_LIVE = text("withdrawn_on IS NULL")
_OPEN_FROM_PANEL = text("death_id IS NOT NULL AND status IN ('received', 'recommended')")


class Subject(BaseModel):
    """Whom a referral is about. `name_answer` is `not-known` where there is no name."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    name_answer: str = ""
    born_on: date | None = None
    died_on: date | None = None
    incident_on: date | None = None
    address: str = ""


class Concern(BaseModel):
    """Why the case is referred, and by whom."""

    model_config = ConfigDict(extra="forbid")

    narrative: str = ""
    referrer: str = ""
    agency: str = ""
    contact: str = ""


class Rationale(BaseModel):
    """The reasons for a recommendation or a decision, in its makers' words, and who dissented."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    dissent: str = ""


class Referral(Sealed, table=True):
    """A case referred to a joint case review group, for one of its boards.

    `organisation_id` is the group; `board_id` the board on whose behalf it advises; `death_id` the
    case of a death in this register, where there is one. The referral has a key of its own.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint(
            "status IN ('received', 'recommended', 'decided', 'under-review', 'completed')",
            name="status",
        ),
        CheckConstraint("subject_id = id", name="own_key"),
        UniqueConstraint("organisation_id", "reference", name="uq_referrals_reference"),
        Index("ix_referrals_year", "organisation_id", "received_year"),
        Index("ix_referrals_list", "organisation_id", "received_on", "id"),
        Index("ix_referrals_board", "board_id", "received_on", "id"),
        Index(
            "uq_referrals_open_from_panel",
            "death_id",
            "board_id",
            unique=True,
            sqlite_where=_OPEN_FROM_PANEL,
            postgresql_where=_OPEN_FROM_PANEL,
        ),
    )

    reference: str = Field(sa_type=Text)
    board_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    death_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="deaths.id")
    source: str = Field(sa_type=Text)
    received_on: date = Field(sa_type=Day)
    received_year: str = Field(sa_type=Text)
    status: str = Field(default="received", sa_type=Text)

    subject: bytes | None = sealed_column()
    concern: bytes | None = sealed_column()


class Recommendation(Sealed, table=True):
    """What the group recommends, as recorded after its meeting. The last one counts."""

    __tablename__ = "recommendations"

    referral_id: UUID = Field(sa_type=Key, foreign_key="referrals.id", index=True)
    meeting_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="meetings.id")
    review_kind: str = Field(sa_type=Text)
    methodology: str | None = Field(default=None, sa_type=Text)
    recommended_on: date = Field(sa_type=Day)
    recorded_by: str = Field(sa_type=Text)

    rationale: bytes | None = sealed_column()


class Decision(SQLModel, table=True):
    """What is decided, by the offices that decide such a referral on that day.

    It stands (`decided_on` set) once every office that must agree has assented. A proposal that
    does not stand may be withdrawn; one at a time is live.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint("decided_on IS NULL OR withdrawn_on IS NULL", name="standing"),
        Index(
            "uq_decisions_live",
            "referral_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    referral_id: UUID = Field(sa_type=Key, foreign_key="referrals.id", index=True)
    review_kind: str = Field(sa_type=Text)
    methodology: str | None = Field(default=None, sa_type=Text)
    proposed_on: date = Field(sa_type=Day)
    decided_on: date | None = Field(default=None, sa_type=Day)
    withdrawn_on: date | None = Field(default=None, sa_type=Day)
    withdrawn_by: str | None = Field(default=None, sa_type=Text)


class Assent(Sealed, table=True):
    """One office's agreement to a decision, with its reasons; each office once."""

    __tablename__ = "assents"
    __table_args__ = (Index("uq_assents_office", "decision_id", "office", unique=True),)

    decision_id: UUID = Field(sa_type=Key, foreign_key="decisions.id")
    office: str = Field(sa_type=Text)
    given_on: date = Field(sa_type=Day)
    given_by: str = Field(sa_type=Text)

    rationale: bytes | None = sealed_column()


class CaseReview(SQLModel, table=True):
    """A review that a decision set in motion. Criteria not met: no row.

    A rapid review has an `outcome` (a code of `rapid-review-outcomes`) and the national panel's
    response to it; where it leads to another review, that is a second row of the same referral.
    """

    __tablename__ = "case_reviews"
    __table_args__ = (
        CheckConstraint("completed_on IS NULL OR completed_on >= started_on", name="order"),
        CheckConstraint("(completed_on IS NULL) = (completed_year IS NULL)", name="completed_year"),
        CheckConstraint(
            "(national_panel_response IS NULL) = (national_panel_on IS NULL)", name="response"
        ),
        Index("uq_case_reviews_referral", "referral_id", "review_kind", unique=True),
        Index("ix_case_reviews_completed", "organisation_id", "completed_year"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    referral_id: UUID = Field(sa_type=Key, foreign_key="referrals.id")
    review_kind: str = Field(sa_type=Text)
    methodology: str | None = Field(default=None, sa_type=Text)
    started_on: date = Field(sa_type=Day)
    completed_on: date | None = Field(default=None, sa_type=Day)
    completed_year: str | None = Field(default=None, sa_type=Text)
    outcome: str | None = Field(default=None, sa_type=Text)
    published_on: date | None = Field(default=None, sa_type=Day)
    national_panel_on: date | None = Field(default=None, sa_type=Day)
    national_panel_response: str | None = Field(default=None, sa_type=Text)


SUBJECT = Section("referrals", "subject", Subject, SUBJECT_READ)
CONCERN = Section("referrals", "concern", Concern, SUBJECT_READ)
RECOMMENDED_BECAUSE = Section("recommendations", "rationale", Rationale, SUBJECT_READ)
DECIDED_BECAUSE = Section("assents", "rationale", Rationale, SUBJECT_READ)
