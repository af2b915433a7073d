"""A session is confirmed by signing in anew at a provider, too.

Questions live for minutes: the table is made anew, and whoever is under way begins again.
"""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_table("identity_questions")
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
            "purpose IN ('sign-in', 'link', 'confirm', 'join')",
            name=op.f("ck_identity_questions_purpose"),
        ),
        sa.CheckConstraint(
            "(purpose IN ('link', 'confirm')) = (session_id IS NOT NULL)",
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
