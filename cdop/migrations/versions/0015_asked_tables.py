"""A release may hold tables of its own, put together for one question."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("releases", sa.Column("asked", db.Document(), nullable=True))
