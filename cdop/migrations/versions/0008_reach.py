"""Deputies, cases assigned to a person, and access by break-glass."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "deputies",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("membership_id", db.Key(), nullable=False),
        sa.Column("valid_from", db.Day(), nullable=False),
        sa.Column("valid_to", db.Day(), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_deputies_order")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_deputies_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_deputies_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputies")),
        sqlite_strict=True,
    )
    op.create_index("ix_deputies_account", "deputies", ["account_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("subject_id", db.Key(), nullable=False),
        sa.Column("valid_from", db.Day(), nullable=False),
        sa.Column("valid_to", db.Day(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_assignments_order")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_assignments_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sqlite_strict=True,
    )
    op.create_index("ix_assignments_account", "assignments", ["account_id"], unique=False)
    op.create_index("ix_assignments_subject", "assignments", ["subject_id"], unique=False)
    op.create_table(
        "break_glass",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("subject_id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("sealed_revision", sa.Integer(), nullable=False),
        sa.Column("account_id", db.Key(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", db.Moment(), nullable=False),
        sa.Column("ends_at", db.Moment(), nullable=False),
        sa.Column("ended_at", db.Moment(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("reviewed_at", db.Moment(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("need", sa.LargeBinary(), nullable=True),
        sa.Column("review", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("subject_id = id", name=op.f("ck_break_glass_own_key")),
        sa.CheckConstraint("ends_at > opened_at", name=op.f("ck_break_glass_order")),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (verdict IS NULL)", name=op.f("ck_break_glass_reviewed")
        ),
        sa.CheckConstraint(
            "verdict IN ('appropriate', 'not-appropriate')", name=op.f("ck_break_glass_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_break_glass_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_break_glass_account", "break_glass", ["account_id", "ends_at"], unique=False
    )
    op.create_index(
        "ix_break_glass_organisation", "break_glass", ["organisation_id", "opened_at"], unique=False
    )
    op.create_index("ix_break_glass_subject_id", "break_glass", ["subject_id"], unique=False)
