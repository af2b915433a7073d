"""The table of loaded files. A file is never changed: a later one stands beside it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from cdop.db import Day, Document, Key, Moment, Number, Text, new_id


class ReferenceFile(SQLModel, table=True):
    """One edition of somebody's figures. `content` holds its columns and rows, as they were read.

    `digest` is the SHA-256 of the file as it was loaded.
    """

    __tablename__ = "reference_files"
    __table_args__ = (Index("uq_reference_files_edition", "kind", "edition", unique=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    kind: str = Field(sa_type=Text)
    edition: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    published_on: date = Field(sa_type=Day)
    valid_from: date = Field(sa_type=Day)
    valid_to: date | None = Field(default=None, sa_type=Day)
    digest: str = Field(sa_type=Text)
    row_count: int = Field(sa_type=Number)
    content: dict[str, Any] = Field(sa_type=Document)
    loaded_at: datetime = Field(sa_type=Moment)
    loaded_by: str = Field(sa_type=Text)
