"""When an account's address was last taken from it, and by whom: they invite nobody to it yet."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("email_left_at", db.Moment(), nullable=True))
    op.add_column("accounts", sa.Column("email_left_by", sa.Text(), nullable=True))
