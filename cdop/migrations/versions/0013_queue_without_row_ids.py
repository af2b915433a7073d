"""The queue of unsealed audit lines keeps one page less for each save on SQLite: no row ids."""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TRIGGER audit_log_unsealed")
    op.drop_table("audit_unsealed")
    op.create_table(
        "audit_unsealed",
        sa.Column("entry_id", db.Key(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_unsealed")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO audit_unsealed (entry_id) "
        "SELECT id FROM audit_log WHERE id NOT IN (SELECT entry_id FROM audit_leaves)"
    )
    op.execute(
        "CREATE TRIGGER audit_log_unsealed AFTER INSERT ON audit_log "
        "BEGIN INSERT INTO audit_unsealed (entry_id) VALUES (NEW.id); END"
    )
