"""Tables: passkeys of accounts, and what browsers are being asked to sign. Nothing here is secret.

A passkey's private half never leaves the device: whoever reads this table signs in nowhere.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import BigNumber, Bytes, Document, Key, Moment, Text, new_id


class Passkey(SQLModel, table=True):
    """A passkey that an account holds. `name` is its owner's word for it.

    `sign_count` is how often it has signed, as it says; one that does not count says 0.
    """

    __tablename__ = "passkeys"
    __table_args__ = (
        CheckConstraint("sign_count >= 0", name="sign_count"),
        Index("ix_passkeys_account", "account_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    credential_id: bytes = Field(sa_type=Bytes, unique=True)
    public_key: bytes = Field(sa_type=Bytes)
    sign_count: int = Field(sa_type=BigNumber)
    transports: list[str] = Field(sa_type=Document)
    name: str = Field(sa_type=Text)
    added_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class PasskeyChallenge(SQLModel, table=True):
    """What one browser is to sign for one purpose, once and for some minutes.

    `asked_of` is a hash of the purpose and of what is that browser's alone.
    """

    __tablename__ = "passkey_challenges"
    __table_args__ = (Index("ix_passkey_challenges_asked_at", "asked_at"),)

    asked_of: bytes = Field(primary_key=True, sa_type=Bytes)
    challenge: bytes = Field(sa_type=Bytes)
    asked_at: datetime = Field(sa_type=Moment)
