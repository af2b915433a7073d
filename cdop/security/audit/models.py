"""What seals the audit log: a tree of its lines for each organisation, and where that has got to.

A tree is named by its organisation's id; the one of lines about none by `NO_ORGANISATION`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Key, Moment, Number, Text

NO_ORGANISATION = UUID(int=0)


class AuditLeaf(SQLModel, table=True):
    """One line in the tree of its organisation: the hash of all that it says. Insert only."""

    __tablename__ = "audit_leaves"
    __table_args__ = (UniqueConstraint("entry_id", name="uq_audit_leaves_entry_id"),)

    tree: UUID = Field(primary_key=True, sa_type=Key)
    position: int = Field(
        primary_key=True, sa_type=Number, sa_column_kwargs={"autoincrement": False}
    )
    entry_id: UUID = Field(sa_type=Key)
    hash: bytes = Field(sa_type=Bytes)


class AuditCheckpoint(SQLModel, table=True):
    """What a tree was when it had `size` lines, signed. Insert only.

    `frontier` holds the hashes of its whole subtrees, from the largest: all that is needed to go
    on. `note` is the signed text that leaves the machine.
    """

    __tablename__ = "audit_checkpoints"

    tree: UUID = Field(primary_key=True, sa_type=Key)
    size: int = Field(primary_key=True, sa_type=Number, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=Moment)
    frontier: bytes = Field(sa_type=Bytes)
    note: str = Field(sa_type=Text)


class Unsealed(SQLModel, table=True):
    """A line that is in no tree yet. A trigger adds it with the line; sealing takes it away.

    A line that commits late is here when it commits, whatever its id: nothing is passed over.
    """

    __tablename__ = "audit_unsealed"
    __table_args__ = {"sqlite_with_rowid": False}

    entry_id: UUID = Field(primary_key=True, sa_type=Key)


class SealerLease(SQLModel, table=True):
    """One row: which process seals, and until when unless it goes on."""

    __tablename__ = "audit_lease"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(default=1, primary_key=True, sa_type=Number)
    holder: str = Field(default="", sa_type=Text)
    until: datetime = Field(sa_type=Moment)


class SinkState(SQLModel, table=True):
    """A place that checkpoints are sent to: when it was tried last, and since when it fails."""

    __tablename__ = "audit_sinks"

    sink: str = Field(primary_key=True, sa_type=Text)
    tried_at: datetime = Field(sa_type=Moment)
    failing_since: datetime | None = Field(default=None, sa_type=Moment)
    error: str = Field(default="", sa_type=Text)


class Delivery(SQLModel, table=True):
    """The size of the newest checkpoint of a tree that a sink has taken."""

    __tablename__ = "audit_deliveries"

    sink: str = Field(primary_key=True, sa_type=Text)
    tree: UUID = Field(primary_key=True, sa_type=Key)
    size: int = Field(sa_type=Number)
    at: datetime = Field(sa_type=Moment)
