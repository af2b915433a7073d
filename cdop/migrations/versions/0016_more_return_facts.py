"""More facts that the national return counts: asylum, serious case review, joint agency response."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for name in ("asylum_seeker", "case_review", "agency_response"):
        op.add_column("reviews", sa.Column(name, sa.Text(), nullable=True))
