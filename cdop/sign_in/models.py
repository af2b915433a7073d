"""Tables of signing in: second factors, recovery codes, invitations, attempts.

Of every secret only a hash is kept, but for an authenticator's seed, which is sealed under a key
of the account: destroying that key makes the seed unreadable.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Key, Moment, Number, Text, new_id
from cdop.security.sealing import Sealed, sealed_column


class Authenticator(Sealed, table=True):
    """An authenticator app that an account has proved to hold. `subject_id` is the account's id.

    `last_step` is the half minute whose code was used last: no code of it, or of one before, is
    taken again. One that was removed keeps its row, without the seed.
    """

    __tablename__ = "authenticators"

    # An account belongs to the whole register, not to an organisation.
    organisation_id: UUID | None = Field(default=None, sa_type=Key)  # type: ignore[assignment]
    added_at: datetime = Field(sa_type=Moment)
    last_step: int = Field(default=0, sa_type=Number)
    removed_at: datetime | None = Field(default=None, sa_type=Moment)
    seed: bytes | None = sealed_column()


class RecoveryCode(SQLModel, table=True):
    """One of the codes that stand in for a lost second factor, each for one time."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_account", "account_id", "code_hash"),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    code_hash: bytes = Field(sa_type=Bytes)
    made_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class Invitation(SQLModel, table=True):
    """A link by which somebody sets the password of their own account, once and for some days."""

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_account", "account_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    token_hash: bytes = Field(sa_type=Bytes, unique=True)
    made_at: datetime = Field(sa_type=Moment)
    made_by: str = Field(sa_type=Text)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class Attempts(SQLModel, table=True):
    """How often it went wrong for one account, source or browser, and when last.

    `counted` is a keyed hash of what is counted: whatever was typed as a name is not kept.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        CheckConstraint("kind IN ('account', 'source', 'browser')", name="kind"),
        CheckConstraint("failures >= 0", name="failures"),
        Index("ix_sign_in_attempts_last", "last_at"),
    )

    kind: str = Field(primary_key=True, sa_type=Text)
    counted: bytes = Field(primary_key=True, sa_type=Bytes)
    failures: int = Field(sa_type=Number)
    last_at: datetime = Field(sa_type=Moment)
