"""The database: column types that read alike on SQLite and PostgreSQL, and the engine.

Transactions are begun and ended in `cdop.security.work` only. Every table is STRICT on SQLite, so
types are rendered as TEXT, INTEGER or BLOB there.
"""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
import uuid_utils
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]
from sqlalchemy import event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from cdop.errors import Misconfigured

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

# SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode (sqlite.org/wal.html, "WAL-reset bug").
FIRST_SAFE_SQLITE = (3, 51, 3)


def new_id() -> UUID:
    """Return a UUIDv7: unique without asking the database, and in order of creation."""
    return UUID(int=uuid_utils.uuid7().int)


T = TypeVar("T")


class _Portable(TypeDecorator[T]):
    """A type that is TEXT or INTEGER on SQLite and a native type on PostgreSQL."""

    impl: Any = sa.Text
    native: sa.types.TypeEngine[Any]

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        chosen = self.native if dialect.name == "postgresql" else self.impl_instance
        return dialect.type_descriptor(chosen)


class Key(_Portable[UUID]):
    """A UUID; 36 characters on SQLite."""

    cache_ok = True
    native = postgresql.UUID(as_uuid=True)

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return value if value is None or isinstance(value, UUID) else UUID(value)


class Moment(_Portable[datetime]):
    """An aware time, kept in UTC; ISO text of fixed width on SQLite, so that it sorts."""

    cache_ok = True
    native = sa.DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class Day(_Portable[date]):
    """A calendar day; ISO text on SQLite."""

    cache_ok = True
    native = sa.Date()

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


class Flag(_Portable[bool]):
    """Yes or no; 1 or 0 on SQLite."""

    cache_ok = True
    impl = sa.Integer
    native = sa.Boolean()

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class Document(_Portable[Any]):
    """Plain, unsealed JSON for operational data."""

    cache_ok = True
    native = postgresql.JSONB()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "postgresql" or value is None:
            return value
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(value) if isinstance(value, str) else value


Text = sa.Text
Number = sa.Integer
BigNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Bytes = sa.LargeBinary


@event.listens_for(sa.Table, "after_parent_attach")
def _strict(table: sa.Table, _metadata: object) -> None:
    """Make every table STRICT on SQLite: the database refuses a value of the wrong type.

    Except Alembic's own, whose VARCHAR such a table refuses.
    """
    if table.name == "alembic_version":
        return
    table.dialect_options["sqlite"]["strict"] = True


def check_sqlite() -> None:
    """Raise Misconfigured when the SQLite library is one that can corrupt a WAL database."""
    if sqlite3.sqlite_version_info < FIRST_SAFE_SQLITE:
        raise Misconfigured(
            f"SQLite {sqlite3.sqlite_version} can corrupt a database in WAL mode: "
            "install the pysqlite3 of the lock file (run scripts/setup)."
        )


def connect(url: str) -> Engine:
    """Open the database at `url`; no connection is made yet.

    On SQLite: WAL, full synchronisation (a commit that was acknowledged survives a power cut),
    foreign keys, secure deletion, and BEGIN under our own control.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(
            url, pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=True
        )
    check_sqlite()
    _make_private(url)
    engine = sa.create_engine(
        url,
        module=sqlite3,
        hide_parameters=True,  # an error's text must never show what was being stored
        pool_size=8,
        max_overflow=8,
        connect_args={"check_same_thread": False, "timeout": 30},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(url: str) -> None:
    """Make a new database's file readable by its owner only: its journals take the same mode."""
    file = Path(sa.make_url(url).database or "")
    if file.name and not file.exists() and os.access(file.parent, os.W_OK):
        file.touch(mode=0o600)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "secure_delete=ON",
        "busy_timeout=30000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin; IMMEDIATE for a write, so that it waits at its start and never fails in the middle.

    With the option `reads` SQLite itself refuses a write, as PostgreSQL does.
    """
    options = connection.get_execution_options()
    only_reads = options.get("reads", False)
    if connection.info.get("only_reads", False) != only_reads:
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if only_reads else 'OFF'}")
        connection.info["only_reads"] = only_reads
    if options.get("writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # past the engine: it waits for nobody, and by the engine takes ten times as long
        connection.connection.execute("BEGIN")
