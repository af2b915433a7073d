"""Which roots the index tokens are made with; the one that a register has had so far is current."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    table = op.create_table(
        "index_roots",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("check", sa.LargeBinary(), nullable=False),
        sa.Column("since", db.Moment(), nullable=False),
        sa.CheckConstraint(
            "state IN ('current', 'filling', 'leaving')", name=op.f("ck_index_roots_state")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_index_roots")),
        sa.UniqueConstraint("state", name=op.f("uq_index_roots_state")),
        sqlite_strict=True,
    )
    made = sa.select(sa.column("created_at", db.Moment())).select_from(sa.table("register_info"))
    since = op.get_bind().execute(made).scalar_one_or_none()
    if since:  # its check is not known: the root itself is only in the key file
        row = {"version": 1, "state": "current", "check": b"", "since": since}
        op.bulk_insert(table, [row])
