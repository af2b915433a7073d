"""Tables of deaths. Plain columns hold codes and derived values only; the rest is sealed.

No set of plain columns may yield a date of birth: year, band and quintile are derived when
identity is sealed (`derived_by` names the edition of the rules), and exact dates are not kept.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Number, Text, new_id
from cdop.security.sealing import Sealed, sealed_column


class Death(Sealed, table=True):
    """A child's death: the case. `organisation_id` is the panel (CDOP) that reviews it.

    `status`: open, reviewed (signed off by the chair), out-of-scope, joined (into `joined_to_id`).
    Years are financial years such as 2013-14.
    """

    __tablename__ = "deaths"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'reviewed', 'out-of-scope', 'joined')", name="status"),
        CheckConstraint("(status = 'joined') = (joined_to_id IS NOT NULL)", name="joined"),
        CheckConstraint("subject_id = id", name="own_key"),
        UniqueConstraint("organisation_id", "reference", name="uq_deaths_reference"),
        Index("ix_deaths_list", "organisation_id", "notified_on", "id"),
        Index("ix_deaths_died", "organisation_id", "died_year"),
        Index("ix_deaths_reviewed", "organisation_id", "reviewed_year"),
    )

    reference: str = Field(sa_type=Text)
    status: str = Field(default="open", sa_type=Text)
    joined_to_id: UUID | None = Field(
        default=None, sa_type=Key, foreign_key="deaths.id", index=True
    )
    out_of_scope: str | None = Field(default=None, sa_type=Text)
    notified_on: date = Field(sa_type=Day)
    reviewed_on: date | None = Field(default=None, sa_type=Day)

    residence_area_id: UUID | None = Field(
        default=None, sa_type=Key, foreign_key="organisations.id"
    )
    death_area_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="organisations.id")
    sex: str = Field(sa_type=Text)
    ethnicity: str = Field(sa_type=Text)
    expected: str = Field(sa_type=Text)
    place_of_death: str = Field(sa_type=Text)

    derived_by: str = Field(sa_type=Text)
    died_year: str = Field(sa_type=Text)
    notified_year: str = Field(sa_type=Text)
    reviewed_year: str | None = Field(default=None, sa_type=Text)
    age_band: str = Field(sa_type=Text)
    ethnic_group: str = Field(sa_type=Text)
    deprivation: str = Field(sa_type=Text)
    months_to_review: str | None = Field(default=None, sa_type=Text)

    names: bytes | None = sealed_column()
    identity: bytes | None = sealed_column()
    summary: bytes | None = sealed_column()
    scope_remark: bytes | None = sealed_column()


class Notification(Sealed, table=True):
    """One notification of a death, as it was told. Several may stand behind one case.

    `came_from_id` is the case that it opened or first joined, when that one was joined to this.
    """

    __tablename__ = "notifications"

    death_id: UUID = Field(sa_type=Key, foreign_key="deaths.id", index=True)
    came_from_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="deaths.id")
    received_at: datetime = Field(sa_type=Moment)
    received_by: str = Field(sa_type=Text)
    receipt: str = Field(sa_type=Text, unique=True)

    names: bytes | None = sealed_column()
    identity: bytes | None = sealed_column()
    circumstances: bytes | None = sealed_column()
    notifier: bytes | None = sealed_column()


class DeathEvent(Sealed, table=True):
    """A step in a case's life, for its timeline; kept as rows, not read from the audit log."""

    __tablename__ = "death_events"
    __table_args__ = (Index("ix_death_events_timeline", "death_id", "at"),)

    death_id: UUID = Field(sa_type=Key, foreign_key="deaths.id")
    kind: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Moment)
    by: str = Field(sa_type=Text)
    other_kind: str | None = Field(default=None, sa_type=Text)
    other_id: UUID | None = Field(default=None, sa_type=Key)

    remark: bytes | None = sealed_column()


class PossibleMatch(SQLModel, table=True):
    """Two cases that may be the same child, for the coordinator of both to decide.

    `why` is the rule's word (`same` or `possible`); how they compare is sealed in the cases.
    """

    __tablename__ = "possible_matches"
    __table_args__ = (
        CheckConstraint("decision IN ('same', 'different')", name="decision"),
        Index("uq_possible_matches_pair", "death_id", "other_id", unique=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    death_id: UUID = Field(sa_type=Key, foreign_key="deaths.id")
    other_id: UUID = Field(sa_type=Key, foreign_key="deaths.id")
    why: str = Field(sa_type=Text)
    decision: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    decided_by: str | None = Field(default=None, sa_type=Text)


class ReferenceCounter(SQLModel, table=True):
    """The last number that an organisation gave out in a series, such as CD-2026."""

    __tablename__ = "reference_counters"

    organisation_id: UUID = Field(primary_key=True, sa_type=Key, foreign_key="organisations.id")
    series: str = Field(primary_key=True, sa_type=Text)
    last: int = Field(sa_type=Number)
