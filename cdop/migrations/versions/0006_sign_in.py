"""Signing in by two steps: second factors, recovery codes, invitations, attempts.

Sessions are made anew: whoever is signed in while a register is brought up to date signs in again.
"""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.drop_table("sign_ins")
    op.create_table(
        "authenticators",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("subject_id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=True),
        sa.Column("sealed_revision", sa.Integer(), nullable=False),
        sa.Column("added_at", db.Moment(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("removed_at", db.Moment(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticators")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_authenticators_subject_id"), "authenticators", ["subject_id"], unique=False
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counted", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", db.Moment(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('account', 'source', 'browser')", name=op.f("ck_sign_in_attempts_kind")
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_sign_in_attempts_failures")),
        sa.PrimaryKeyConstraint("kind", "counted", name=op.f("pk_sign_in_attempts")),
        sqlite_strict=True,
    )
    op.create_index("ix_sign_in_attempts_last", "sign_in_attempts", ["last_at"], unique=False)
    op.create_table(
        "begun_sign_ins",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("began_at", db.Moment(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_begun_sign_ins_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_begun_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_begun_sign_ins_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_begun_sign_ins_account", "begun_sign_ins", ["account_id"], unique=False)
    op.create_index("ix_begun_sign_ins_began", "begun_sign_ins", ["began_at"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", db.Moment(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("expires_at", db.Moment(), nullable=False),
        sa.Column("used_at", db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_invitations_account", "invitations", ["account_id"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", db.Moment(), nullable=False),
        sa.Column("used_at", db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_recovery_codes_account", "recovery_codes", ["account_id", "code_hash"], unique=False
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("started_at", db.Moment(), nullable=False),
        sa.Column("seen_at", db.Moment(), nullable=False),
        sa.Column("confirmed_at", db.Moment(), nullable=True),
        sa.Column("ended_at", db.Moment(), nullable=True),
        sa.Column("elsewhere_at", db.Moment(), nullable=True),
        sa.Column("elsewhere_browser", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "method IN ('password', 'totp', 'recovery', 'passkey', 'oidc')",
            name=op.f("ck_sign_ins_method"),
        ),
        sa.CheckConstraint(
            "(elsewhere_at IS NULL) = (elsewhere_browser IS NULL)",
            name=op.f("ck_sign_ins_elsewhere"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
        sqlite_strict=True,
    )
    op.create_index("ix_sign_ins_account", "sign_ins", ["account_id"], unique=False)
