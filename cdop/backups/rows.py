"""Rows in and out of any schema revision, in the form that SQLite stores: text, integer, blob.

Works from the schema that the database shows, not from today's models, so that an old backup goes
into the schema it was taken from and is migrated there.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from cdop.errors import Unsafe

VERSION_TABLE = "alembic_version"
# What a running server has to do, or did: none of it is the register's.
_PASSING = {"audit_unsealed", "audit_lease", "audit_sinks", "audit_deliveries"}
BATCH = 1000


def tables(connection: Connection) -> list[sa.Table]:
    """Return the tables that the database shows, those pointed to first."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    left_out = _PASSING | {VERSION_TABLE}
    return [table for table in metadata.sorted_tables if table.name not in left_out]


def read(connection: Connection, table: sa.Table) -> Iterator[list[Any]]:
    """Yield a table's rows as lists fit for JSON, in the order of its key."""
    query = sa.select(table).order_by(*table.primary_key.columns)
    writers = [_json_writer(column) for column in table.columns]
    for row in connection.execution_options(yield_per=BATCH).execute(query):
        yield [write(value) for write, value in zip(writers, row, strict=True)]


def write(
    connection: Connection, table: sa.Table, columns: list[str], rows: Iterable[list[Any]]
) -> None:
    """Insert rows that `read` gave, a row that points into its own table after the one it names."""
    readers = [_json_reader(table.columns[name]) for name in columns]
    native = (
        {name: read(value) for name, read, value in zip(columns, readers, row, strict=True)}
        for row in rows
    )
    statement = sa.insert(table)
    batch: list[dict[str, Any]] = []
    for row in _parents_first(table, native):
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)


def _parents_first(table: sa.Table, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    key = next(iter(table.primary_key.columns)).name
    waiting: list[dict[str, Any]] = []
    for row in rows:
        if any(row[name] is not None for name in own):
            waiting.append(row)
        else:
            yield row
    while waiting:
        missing = {row[key] for row in waiting}
        ready = [row for row in waiting if not missing & {row[name] for name in own}]
        if not ready:
            raise Unsafe("The backup holds rows that point to each other in a circle.")
        yield from ready
        waiting = [row for row in waiting if row not in ready]


def _json_writer(column: sa.Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, postgresql.JSONB):
        return lambda value: None if value is None else _compact(value)
    return _as_json


def _as_json(value: Any) -> Any:
    match value:
        case bytes() | memoryview():
            return {"base64": base64.b64encode(value).decode()}
        case bool():
            return int(value)
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
    return value


def _json_reader(column: sa.Column[Any]) -> Callable[[Any], Any]:
    """Return what turns a value of the backup into what this column takes."""
    match column.type:
        case sa.LargeBinary():
            convert: Callable[[Any], Any] = _from_base64
        case sa.Uuid():
            convert = UUID
        case sa.DateTime():
            convert = datetime.fromisoformat
        case sa.Date():
            convert = date.fromisoformat
        case sa.Boolean():
            convert = bool
        case postgresql.JSONB():
            convert = json.loads
        case _:
            return lambda value: value
    return lambda value: None if value is None else convert(value)


def _from_base64(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"], validate=True)


def _compact(value: Any) -> str:
    """Return the text that SQLite stores for a document: see `cdop.db.Document`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
