"""Populations, live births and deprivation look-ups, loaded as dated files."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "reference_files",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_on", db.Day(), nullable=False),
        sa.Column("valid_from", db.Day(), nullable=False),
        sa.Column("valid_to", db.Day(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("content", db.Document(), nullable=False),
        sa.Column("loaded_at", db.Moment(), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_files")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_reference_files_edition", "reference_files", ["kind", "edition"], unique=True
    )
