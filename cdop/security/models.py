"""Tables of the security package: wrapped keys, blind index, audit log, what the register is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Document, Key, Moment, Number, Text, new_id

_DESTROYED = text("wrapped IS NULL")
_CURRENT = text("state = 'current'")


class RegisterInfo(SQLModel, table=True):
    """One row: which register this is, and a value that only its own keys reproduce."""

    __tablename__ = "register_info"

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    created_at: datetime = Field(sa_type=Moment)
    key_check: bytes = Field(sa_type=Bytes)
    demonstration: int = Field(default=0, sa_type=Number)


class SealingKey(SQLModel, table=True):
    """A key-encryption key that is or was in use; the key itself is in the ring, never here.

    New case keys are wrapped under the one that is `current`. `check` is a value that only this
    key gives. A key has no row before it is promoted and after it is retired: the foreign key of
    `DataKey` lets none be retired that a case still needs, nor be used afterwards.
    """

    __tablename__ = "sealing_keys"
    __table_args__ = (
        CheckConstraint("state IN ('current', 'former')", name="state"),
        Index(
            "uq_sealing_keys_current",
            "state",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
    )

    version: int = Field(
        primary_key=True, sa_type=Number, sa_column_kwargs={"autoincrement": False}
    )
    state: str = Field(sa_type=Text)
    check: bytes = Field(sa_type=Bytes)
    promoted_at: datetime = Field(sa_type=Moment)


class DataKey(SQLModel, table=True):
    """The wrapped key of one case (`subject_id`): destroying it makes the case unreadable.

    `kek_version` is what it is wrapped under, `made_under` what was current when it was made. The
    row of a destroyed key stays, without the key, so that none is ever made for the case again.
    """

    __tablename__ = "data_keys"
    __table_args__ = (
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed"),
        CheckConstraint("(wrapped IS NULL) = (kek_version IS NULL)", name="under"),
        Index(
            "ix_data_keys_destroyed",
            "destroyed_at",
            sqlite_where=_DESTROYED,
            postgresql_where=_DESTROYED,
        ),
    )

    subject_id: UUID = Field(primary_key=True, sa_type=Key)
    generation: int = Field(sa_type=Number)
    kek_version: int | None = Field(
        default=None, sa_type=Number, foreign_key="sealing_keys.version"
    )
    made_under: int | None = Field(default=None, sa_type=Number)
    wrapped: bytes | None = Field(default=None, sa_type=Bytes)
    destroyed_at: datetime | None = Field(default=None, sa_type=Moment)


class IndexRoot(SQLModel, table=True):
    """A root of index tokens that is in force; the root itself is in the ring, never here.

    The one that is `current` has the tokens of every case, and is looked up with. While another is
    `filling`, tokens are written with both. What is `leaving` is neither looked up nor written.
    `check` is a value that only this root gives; empty where it was never known.
    """

    __tablename__ = "index_roots"
    __table_args__ = (
        CheckConstraint("state IN ('current', 'filling', 'leaving')", name="state"),
        UniqueConstraint("state"),
    )

    version: int = Field(
        primary_key=True, sa_type=Number, sa_column_kwargs={"autoincrement": False}
    )
    state: str = Field(sa_type=Text)
    check: bytes = Field(sa_type=Bytes)
    since: datetime = Field(sa_type=Moment)


class IndexToken(SQLModel, table=True):
    """A keyed token that finds a sealed value: equal values give equal tokens within a kind.

    `unique_within` is the organisation for kinds that may stand for one subject only there
    (NHS number), else null. Tokens leak which subjects share a value, and nothing else.
    """

    __tablename__ = "index_tokens"
    __table_args__ = (
        UniqueConstraint("unique_within", "version", "kind", "token", name="uq_index_tokens_once"),
        Index("ix_index_tokens_lookup", "kind", "version", "token"),
        Index("ix_index_tokens_subject", "subject_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    kind: str = Field(sa_type=Text)
    version: int = Field(sa_type=Number)
    token: bytes = Field(sa_type=Bytes)
    organisation_id: UUID = Field(sa_type=Key)
    unique_within: UUID | None = Field(default=None, sa_type=Key)
    subject_id: UUID = Field(sa_type=Key)


class AuditEntry(SQLModel, table=True):
    """Who did what to what, and when. Insert only; no foreign keys; names of fields, no values.

    `case_id` is the case whose key seals what was opened or written; `mac` is keyed over all the
    rest (`cdop.security.audit.lines`), and empty on lines older than it.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'denied', 'failed')", name="outcome"),
        Index("ix_audit_log_subject", "subject_id", "at"),
        Index("ix_audit_log_case", "case_id", "at"),
        Index("ix_audit_log_actor", "actor", "at"),
        Index("ix_audit_log_at", "at"),
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
    mac: bytes = Field(default=b"", sa_type=Bytes)
