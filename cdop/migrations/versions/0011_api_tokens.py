"""Tokens with which programs read released packages."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", db.Moment(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("expires_on", db.Day(), nullable=False),
        sa.Column("used_at", db.Moment(), nullable=True),
        sa.Column("counted_from", db.Moment(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("revoked_at", db.Moment(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_api_tokens_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_api_tokens_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_api_tokens_organisation_id"), "api_tokens", ["organisation_id"], unique=False
    )
