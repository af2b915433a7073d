"""The table of tasks. A task holds (kind, id) of what it is about and never imports it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from cdop.db import Day, Key, Moment, Text, new_id
from cdop.security.actor import OFFICE

PERMISSIONS = frozenset(
    {
        "deaths:case:edit",
        "overview:review:draft",
        "overview:review:sign",
        "case_reviews:recommendation:record",
        "case_reviews:review:record",
        "retention:erasure:propose",
        "retention:erasure:approve",
        "rights:request:handle",
        "access:break-glass:review",
    }
)
"""What a task may ask of whoever does it, besides an office (`office:…`): see `may_be_asked`."""


def may_be_asked(permission: str) -> bool:
    """Say whether a task may ask this of whoever does it, so that a work list looks for it."""
    return permission in PERMISSIONS or permission.startswith(OFFICE)


_OPEN = text("done_at IS NULL")


class Task(SQLModel, table=True):
    """Something to do at an organisation, for whoever holds `permission` there.

    `due_on` is the exact day, or with `due_precision` `week` the first of the seven days in which
    it falls: a due day counted from a sealed date of death must not give that date away. With
    `none` no rule sets a day, and `due_on` is the day the task was opened. `standing` says how
    binding the day is (statutory, expected, local); `clock` is the rule it comes from.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("due_precision IN ('day', 'week', 'none')", name="due_precision"),
        Index(
            "uq_tasks_open_once",
            "organisation_id",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_tasks_open",
            "organisation_id",
            "permission",
            "due_on",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_tasks_subject", "subject_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    organisation_id: UUID = Field(sa_type=Key, foreign_key="organisations.id")
    kind: str = Field(sa_type=Text)
    permission: str = Field(sa_type=Text)
    subject_kind: str = Field(sa_type=Text)
    subject_id: UUID = Field(sa_type=Key)
    reference: str = Field(sa_type=Text)
    clock: str | None = Field(default=None, sa_type=Text)
    standing: str | None = Field(default=None, sa_type=Text)
    due_on: date = Field(sa_type=Day)
    due_precision: str = Field(default="day", sa_type=Text)
    opened_at: datetime = Field(sa_type=Moment)
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    done_by: str | None = Field(default=None, sa_type=Text)
