"""Tables: organisations with dated names and dated links; accounts, memberships, sign-ins.

A record keeps the organisation it was made under for ever. Renaming adds a name, merging adds a
`succeeds` link; neither touches an old case.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from cdop.db import Bytes, Day, Key, Moment, Text, new_id


class Kind(StrEnum):
    """What an organisation is."""

    AREA = "area"
    CDOP = "cdop"
    BOARD = "board"
    GROUP = "group"
    AGENCY = "agency"


class BoardKind(StrEnum):
    """Whom a board answers for."""

    CHILDREN = "children"
    ADULTS = "adults"
    COMMUNITY_SAFETY = "community-safety"


class LinkKind(StrEnum):
    """How one organisation stands to another: it serves it, or takes its place."""

    SERVES = "serves"
    SUCCEEDS = "succeeds"


class Organisation(SQLModel, table=True):
    """An area, panel, board, group or agency. `slug` is its lasting name for commands."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("kind IN ('area', 'cdop', 'board', 'group', 'agency')", name="kind"),
        CheckConstraint("(kind = 'board') = (board_kind IS NOT NULL)", name="board_kind"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    slug: str = Field(sa_type=Text, unique=True)
    kind: str = Field(sa_type=Text)
    board_kind: str | None = Field(default=None, sa_type=Text)
    valid_from: date = Field(sa_type=Day)
    valid_to: date | None = Field(default=None, sa_type=Day)


class OrganisationName(SQLModel, table=True):
    """What an organisation is called from a day on."""

    __tablename__ = "organisation_names"

    organisation_id: UUID = Field(primary_key=True, sa_type=Key, foreign_key="organisations.id")
    valid_from: date = Field(primary_key=True, sa_type=Day)
    name: str = Field(sa_type=Text)


class OrganisationLink(SQLModel, table=True):
    """From `valid_from` on, `organisation_id` serves or succeeds `other_id`."""

    __tablename__ = "organisation_links"
    __table_args__ = (CheckConstraint("kind IN ('serves', 'succeeds')", name="kind"),)

    organisation_id: UUID = Field(primary_key=True, sa_type=Key, foreign_key="organisations.id")
    kind: str = Field(primary_key=True, sa_type=Text)
    other_id: UUID = Field(
        primary_key=True, sa_type=Key, foreign_key="organisations.id", index=True
    )
    valid_from: date = Field(primary_key=True, sa_type=Day)
    valid_to: date | None = Field(default=None, sa_type=Day)


class Account(SQLModel, table=True):
    """A person who signs in. Work identity only: the user name is what the audit log shows.

    `email` is a work address, to which invitations and word of changed ways to sign in go;
    `email_left_at` and `_by` say when one was last replaced or removed, and who did it.

    `password_hash` is empty until the person has set a password: nothing matches it.
    """

    __tablename__ = "accounts"

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    username: str = Field(sa_type=Text, unique=True)
    display_name: str = Field(sa_type=Text)
    password_hash: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Moment)
    disabled_at: datetime | None = Field(default=None, sa_type=Moment)
    email: str | None = Field(default=None, sa_type=Text)
    email_left_at: datetime | None = Field(default=None, sa_type=Moment)
    email_left_by: str | None = Field(default=None, sa_type=Text)


class Membership(SQLModel, table=True):
    """A role held by an account at an organisation (null: the whole register), between two days.

    `office` names the seat of a decision maker, for example `children-chair`.
    """

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_account", "account_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    role: str = Field(sa_type=Text)
    organisation_id: UUID | None = Field(default=None, sa_type=Key, foreign_key="organisations.id")
    office: str | None = Field(default=None, sa_type=Text)
    valid_from: date = Field(sa_type=Day)
    valid_to: date | None = Field(default=None, sa_type=Day)


class Method(StrEnum):
    """How somebody proved who they are when a session began: a password alone, or what with it."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    OIDC = "oidc"


class SignIn(SQLModel, table=True):
    """A signed-in session. Only the hash of its token is kept.

    `confirmed_at` is when a second factor was last given in it. `elsewhere_at` and
    `elsewhere_browser` tell of a later sign-in to the account, until its owner has seen that.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        CheckConstraint(
            "method IN ('password', 'totp', 'recovery', 'passkey', 'oidc')", name="method"
        ),
        CheckConstraint("(elsewhere_at IS NULL) = (elsewhere_browser IS NULL)", name="elsewhere"),
        Index("ix_sign_ins_account", "account_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    token_hash: bytes = Field(sa_type=Bytes, unique=True)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    method: str = Field(sa_type=Text)
    browser: str = Field(sa_type=Text)
    started_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    elsewhere_at: datetime | None = Field(default=None, sa_type=Moment)
    elsewhere_browser: str | None = Field(default=None, sa_type=Text)


class BegunSignIn(SQLModel, table=True):
    """Half a sign-in: the password was right, the second factor is still to come. Never a session.

    The row goes as soon as the session starts.
    """

    __tablename__ = "begun_sign_ins"
    __table_args__ = (
        Index("ix_begun_sign_ins_account", "account_id"),
        Index("ix_begun_sign_ins_began", "began_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True, sa_type=Key)
    account_id: UUID = Field(sa_type=Key, foreign_key="accounts.id")
    token_hash: bytes = Field(sa_type=Bytes, unique=True)
    began_at: datetime = Field(sa_type=Moment)
