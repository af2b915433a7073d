"""Facts that the national return counts of each review: event, social care, statutory order."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("event", "social_care", "statutory_order"):
        op.add_column("reviews", sa.Column(name, sa.Text(), nullable=True))
