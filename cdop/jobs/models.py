"""The table of long work: what was asked, how far it is, and how it ended."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import Document, Key, Moment, Number, Text, new_id

_LIVE = sa.text("state IN ('queued', 'running')")


class Job(SQLModel, table=True):
    """One piece of work about one subject.

    `state`: queued, running, done, failed (with its `reason`), cancelled. Whoever runs it shows by
    `beat_at` that it lives; work whose runner went silent is taken up again. `answer` holds no
    count that may not be seen by whoever may see the subject. There is one live job of a kind for
    a subject, however often it is asked for.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"
        ),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (ended_at IS NULL)", name="ended_with_state"
        ),
        Index("ix_jobs_state", "state", "asked_at"),
        Index(
            "uq_jobs_live",
            "subject_id",
            "kind",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    kind: str = Field(sa_type=Text)
    subject_kind: str = Field(sa_type=Text)
    subject_id: UUID = Field(sa_type=Key)
    asked_at: datetime = Field(sa_type=Moment)
    asked_by: str = Field(sa_type=Text)
    state: str = Field(default="queued", sa_type=Text)
    attempts: int = Field(default=0, sa_type=Number)
    beat_at: datetime | None = Field(default=None, sa_type=Moment)
    cancelled_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    stage: str = Field(default="", sa_type=Text)
    done: int = Field(default=0, sa_type=Number)
    whole: int = Field(default=0, sa_type=Number)
    reason: str = Field(default="", sa_type=Text)
    answer: dict[str, Any] = Field(default_factory=dict, sa_type=Document)
