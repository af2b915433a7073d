"""An audit line as a plain row: the same columns and indexes, no code, no trigger, no tree."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, insert
from sqlmodel import Field, Session, SQLModel

from cdop.db import Document, Key, Moment, Text, new_id
from cdop.security.audit import Said
from cdop.security.keys import Ring


class PlainEntry(SQLModel, table=True):
    """What was done."""

    __tablename__ = "plain_log"
    __table_args__ = tuple(
        Index(f"ix_plain_log_{name}", *columns)
        for name, columns in {
            "subject": ("subject_id", "at"),
            "case": ("case_id", "at"),
            "actor": ("actor", "at"),
            "at": ("at",),
        }.items()
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    at: datetime = Field(sa_type=Moment)
    recorded_at: datetime = Field(sa_type=Moment)
    actor: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    subject_kind: str | None = Field(default=None, sa_type=Text)
    subject_id: UUID | None = Field(default=None, sa_type=Key)
    case_id: UUID | None = Field(default=None, sa_type=Key)
    organisation_id: UUID | None = Field(default=None, sa_type=Key)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Document)


def write(session: Session, _ring: Ring, lines: Sequence[Said]) -> None:
    """Add rows, as the register writes its other rows, in the place of `audit.write`."""
    session.add_all([PlainEntry(**vars(line)) for line in lines])


def write_at_once(session: Session, _ring: Ring, lines: Sequence[Said]) -> None:
    """Write rows in one statement, as `audit.write` does."""
    session.connection().execute(insert(PlainEntry), [vars(line) for line in lines])
