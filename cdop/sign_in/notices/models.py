"""The table of what is to be told by mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from cdop.db import Key, Moment, Text, new_id


class Notice(SQLModel, table=True):
    """Something to be told to the owner of an account, at the address of that moment.

    `kind` is a code of `cdop.sign_in.notices.words`. Rows go after some days, sent or not.
    """

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_waiting", "sent_at", "made_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    email: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    made_at: datetime = Field(sa_type=Moment)
    tried_at: datetime | None = Field(default=None, sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
