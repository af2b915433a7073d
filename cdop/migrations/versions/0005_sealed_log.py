"""The audit log is sealed: a code over each line, a tree of lines for each organisation, signed
checkpoints, and what has not been sealed yet. Lines written before have no code.
"""

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0005"
down_revision = "0004"

_REFUSAL = "the audit log is append-only"
_OLD = (
    "id, at, recorded_at, actor, action, outcome, subject_kind, subject_id, organisation_id, detail"
)
# What makes a row of a table the same as one that is there: INSERT OR REPLACE would remove that.
_SAME = {
    "audit_log": "id = NEW.id OR rowid = NEW.rowid",
    "audit_leaves": "(tree = NEW.tree AND position = NEW.position) OR entry_id = NEW.entry_id "
    "OR rowid = NEW.rowid",
    "audit_checkpoints": "(tree = NEW.tree AND size = NEW.size) OR rowid = NEW.rowid",
}


def upgrade() -> None:
    op.execute(f"CREATE TABLE audit_log_before AS SELECT {_OLD} FROM audit_log")  # noqa: S608
    op.drop_table("audit_log")
    _log()
    _trees()
    _state()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _SAME:
        (_append_only_on_sqlite if is_sqlite else _append_only_on_postgresql)(table)
    (_queue_on_sqlite if is_sqlite else _queue_on_postgresql)()
    empty = "x''" if is_sqlite else "''"
    op.execute(
        f"INSERT INTO audit_log ({_OLD}, mac) "  # noqa: S608
        f"SELECT {_OLD}, {empty} FROM audit_log_before ORDER BY id"
    )
    op.drop_table("audit_log_before")


def _log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("at", db.Moment(), nullable=False),
        sa.Column("recorded_at", db.Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", db.Key(), nullable=True),
        sa.Column("case_id", db.Key(), nullable=True),
        sa.Column("organisation_id", db.Key(), nullable=True),
        sa.Column("detail", db.Document(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('done', 'denied', 'failed')", name=op.f("ck_audit_log_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    for column in ("actor", "case", "subject"):
        key = column if column == "actor" else f"{column}_id"
        op.create_index(f"ix_audit_log_{column}", "audit_log", [key, "at"], unique=False)


def _trees() -> None:
    op.create_table(
        "audit_leaves",
        sa.Column("tree", db.Key(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", db.Key(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "position", name=op.f("pk_audit_leaves")),
        sa.UniqueConstraint("entry_id", name="uq_audit_leaves_entry_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("tree", db.Key(), nullable=False),
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", db.Moment(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tree", "size", name=op.f("pk_audit_checkpoints")),
        sqlite_strict=True,
    )


def _state() -> None:
    op.create_table(
        "audit_unsealed",
        sa.Column("entry_id", db.Key(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_unsealed")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", db.Moment(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_lease_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_sinks",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("tried_at", db.Moment(), nullable=False),
        sa.Column("failing_since", db.Moment(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sink", name=op.f("pk_audit_sinks")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_deliveries",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("tree", db.Key(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", db.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("sink", "tree", name=op.f("pk_audit_deliveries")),
        sqlite_strict=True,
    )


def _append_only_on_sqlite(table: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {_SAME[table]}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    )


def _append_only_on_postgresql(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _queue_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER audit_log_unsealed AFTER INSERT ON audit_log "
        "BEGIN INSERT INTO audit_unsealed (entry_id) VALUES (NEW.id); END"
    )


def _queue_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION note_unsealed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO audit_unsealed (entry_id) VALUES (NEW.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_unsealed AFTER INSERT ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION note_unsealed()"
    )
