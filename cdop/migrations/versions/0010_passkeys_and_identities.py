"""Passkeys, and identities at providers of single sign-on.

A passkey's challenge has a table of its own: it is asked of a session too, and of nobody yet.
"""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.drop_column("begun_sign_ins", "challenge")
    _passkeys()
    _identities()


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", db.BigNumber, nullable=False),
        sa.Column("transports", db.Document(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_at", db.Moment(), nullable=False),
        sa.Column("used_at", db.Moment(), nullable=True),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_passkeys_sign_count")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_passkeys_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        sqlite_strict=True,
    )
    op.create_index("ix_passkeys_account", "passkeys", ["account_id"], unique=False)
    op.create_table(
        "passkey_challenges",
        sa.Column("asked_of", sa.LargeBinary(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("asked_of", name=op.f("pk_passkey_challenges")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_passkey_challenges_asked_at", "passkey_challenges", ["asked_at"], unique=False
    )


def _identities() -> None:
    op.create_table(
        "external_identities",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("linked_at", db.Moment(), nullable=False),
        sa.Column("used_at", db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_external_identities_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint(
            "issuer", "subject", name=op.f("uq_external_identities_issuer_subject")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_external_identities_account", "external_identities", ["account_id"], unique=False
    )
    op.create_table(
        "identity_questions",
        sa.Column("asked_of", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("session_id", db.Key(), nullable=True),
        sa.Column("invitation_id", db.Key(), nullable=True),
        sa.Column("next", sa.Text(), nullable=True),
        sa.Column("asked_at", db.Moment(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('sign-in', 'link', 'join')", name=op.f("ck_identity_questions_purpose")
        ),
        sa.CheckConstraint(
            "(purpose = 'link') = (session_id IS NOT NULL)",
            name=op.f("ck_identity_questions_session"),
        ),
        sa.CheckConstraint(
            "(purpose = 'join') = (invitation_id IS NOT NULL)",
            name=op.f("ck_identity_questions_invitation"),
        ),
        sa.PrimaryKeyConstraint("asked_of", name=op.f("pk_identity_questions")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_identity_questions_asked_at", "identity_questions", ["asked_at"], unique=False
    )
    op.create_table(
        "provider_sessions",
        sa.Column("held_by", db.Key(), nullable=False),
        sa.Column("identity_id", db.Key(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("began_at", db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("held_by", name=op.f("pk_provider_sessions")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_provider_sessions_identity", "provider_sessions", ["identity_id"], unique=False
    )
    op.create_index(
        "ix_provider_sessions_began_at", "provider_sessions", ["began_at"], unique=False
    )
    op.create_table(
        "logout_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_logout_tokens")),
        sqlite_strict=True,
    )
