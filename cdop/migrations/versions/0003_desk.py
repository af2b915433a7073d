"""The release desk: states of a release and what befell it, and long work kept as jobs.

Releases built before there was a desk stay released, as approved by the migration.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from cdop import db

revision = "0003"
down_revision = "0002"

_LIVE = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    bind = op.get_bind()
    old = [dict(row._mapping) for row in bind.execute(sa.select(_releases_before()))]
    op.drop_table("releases")
    _releases()
    _events()
    _jobs()
    if old:
        table = sa.Table("releases", sa.MetaData(), *_columns())
        bind.execute(table.insert(), [_as_now(row) for row in old])


def _releases_before() -> sa.TableClause:
    types: dict[str, sa.types.TypeEngine[Any]] = {
        "id": db.Key(),
        "organisation_id": db.Key(),
        "built_at": db.Moment(),
        "ledger": db.Document(),
        "package": sa.LargeBinary(),
    }
    texts = ("year", "profile", "edition", "built_by", "digest", "certificate")
    every: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in types.items()]
    every += [sa.column(name, sa.Text()) for name in texts]
    return sa.table("releases", *every)


def _as_now(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "years": 1,
        "state": "released",
        "version": 0,
        "recipients": [],
        "known": [],
        "merged": {},
        "note": "",
        "against": [],
        "reason": "",
        "drafted_at": row["built_at"],
        "drafted_by": row["built_by"],
        "approved_at": row["built_at"],
        "approved_by": "system:migration",
        "snapshot": "",
    }


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("year", sa.Text(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recipients", db.Document(), nullable=False),
        sa.Column("known", db.Document(), nullable=False),
        sa.Column("merged", db.Document(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("replaces_id", db.Key(), nullable=True),
        sa.Column("against", db.Document(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("drafted_at", db.Moment(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("built_at", db.Moment(), nullable=True),
        sa.Column("built_by", sa.Text(), nullable=True),
        sa.Column("approved_at", db.Moment(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("ledger", db.Document(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("package", sa.LargeBinary(), nullable=True),
    ]


def _releases() -> None:
    op.create_table(
        "releases",
        *_columns(),
        sa.CheckConstraint(
            "state IN ('draft', 'refused', 'proved', 'declined', 'discarded', 'released', "
            "'withdrawn')",
            name=op.f("ck_releases_state"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'refused', 'discarded') OR package IS NOT NULL",
            name=op.f("ck_releases_proved"),
        ),
        sa.CheckConstraint(
            "(state IN ('released', 'withdrawn')) = (approved_by IS NOT NULL)",
            name=op.f("ck_releases_approved"),
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR (approved_by <> drafted_by AND approved_by <> built_by)",
            name=op.f("ck_releases_two_people"),
        ),
        sa.CheckConstraint("years BETWEEN 1 AND 5", name=op.f("ck_releases_years")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_releases_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["releases.id"], name=op.f("fk_releases_replaces_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sqlite_strict=True,
    )
    op.create_index("ix_releases_year", "releases", ["organisation_id", "year"], unique=False)


def _events() -> None:
    op.create_table(
        "release_events",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("release_id", db.Key(), nullable=False),
        sa.Column("at", db.Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_release_events_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_release_events_release_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_events")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_release_events_release", "release_events", ["release_id", "at"], unique=False
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", db.Key(), nullable=False),
        sa.Column("organisation_id", db.Key(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", db.Key(), nullable=False),
        sa.Column("asked_at", db.Moment(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("beat_at", db.Moment(), nullable=True),
        sa.Column("cancelled_at", db.Moment(), nullable=True),
        sa.Column("ended_at", db.Moment(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answer", db.Document(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (ended_at IS NULL)",
            name=op.f("ck_jobs_ended_with_state"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_jobs_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sqlite_strict=True,
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "asked_at"], unique=False)
    op.create_index(
        "uq_jobs_live",
        "jobs",
        ["subject_id", "kind"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
