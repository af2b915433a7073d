"""A work address for each account, and what is to be told to its owner by mail."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("email", sa.Text(), nullable=True))
    op.create_table(
        "notices",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", db.Moment(), nullable=False),
        sa.Column("tried_at", db.Moment(), nullable=True),
        sa.Column("sent_at", db.Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_notices_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sqlite_strict=True,
    )
    op.create_index("ix_notices_waiting", "notices", ["sent_at", "made_at"], unique=False)
