"""Tables: identities at providers, questions under way, sessions there, logout tokens seen.

A question's secrets are in the browser's cookie alone: here stands a hash of it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Key, Moment, Text, new_id


class ExternalIdentity(SQLModel, table=True):
    """That somebody at a provider (issuer and subject) is this account's owner."""

    __tablename__ = "external_identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        Index("ix_external_identities_account", "account_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    issuer: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    linked_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class IdentityQuestion(SQLModel, table=True):
    """A browser that was sent to a provider, and why. It answers once, within some minutes.

    To link, or to confirm, needs the session that asked; to join, the invitation that was shown.
    """

    __tablename__ = "identity_questions"
    __table_args__ = (
        CheckConstraint("purpose IN ('sign-in', 'link', 'confirm', 'join')", name="purpose"),
        CheckConstraint(
            "(purpose IN ('link', 'confirm')) = (session_id IS NOT NULL)", name="session"
        ),
        CheckConstraint("(purpose = 'join') = (invitation_id IS NOT NULL)", name="invitation"),
        Index("ix_identity_questions_asked_at", "asked_at"),
    )

    asked_of: bytes = Field(primary_key=True, sa_type=Bytes)
    provider: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)
    session_id: UUID | None = Field(default=None, sa_type=Key)
    invitation_id: UUID | None = Field(default=None, sa_type=Key)
    next: str | None = Field(default=None, sa_type=Text)
    asked_at: datetime = Field(sa_type=Moment)


class ProviderSession(SQLModel, table=True):
    """By which identity, and which session at the provider, somebody came in.

    `held_by` is their session here, or their half sign-in while a second factor is to come. The
    provider ends them by `sid` or by subject. Removed once no session can be that old.
    """

    __tablename__ = "provider_sessions"
    __table_args__ = (
        Index("ix_provider_sessions_identity", "identity_id"),
        Index("ix_provider_sessions_began_at", "began_at"),
    )

    held_by: UUID = Field(primary_key=True, sa_type=Key)
    identity_id: UUID = Field(sa_type=Key)
    sid: str | None = Field(default=None, sa_type=Text)
    began_at: datetime = Field(sa_type=Moment)


class LogoutToken(SQLModel, table=True):
    """A logout token that was taken, so that none is taken twice."""

    __tablename__ = "logout_tokens"

    token_hash: bytes = Field(primary_key=True, sa_type=Bytes)
    expires_at: datetime = Field(sa_type=Moment)
