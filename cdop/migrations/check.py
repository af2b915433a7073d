"""Check that migrating an empty database gives exactly the schema that the code declares.

Run as `python -m cdop.migrations.check`. Prints each difference and exits with 1. Compares with
Alembic and, because Alembic overlooks them on SQLite, the DDL text of tables, indexes, triggers.
"""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Engine

from cdop import db, migrations
from cdop.schema import metadata


def differences() -> list[str]:
    """Return what differs between the migrated and the declared schema, a sentence each."""
    with tempfile.TemporaryDirectory() as folder:
        migrated = db.connect(f"sqlite:///{Path(folder) / 'migrated.db'}")
        declared = db.connect(f"sqlite:///{Path(folder) / 'declared.db'}")
        migrations.upgrade(migrated)
        metadata.create_all(declared)
        with migrated.connect() as connection:
            found = [
                str(d) for d in compare_metadata(MigrationContext.configure(connection), metadata)
            ]
        ours, theirs = _ddl(migrated), _ddl(declared)
        found += [f"DDL differs: {name}" for name in theirs if ours.get(name) != theirs[name]]
        migrated.dispose()
        declared.dispose()
    return found


def _ddl(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        ).all()
    return {name: _parts(sql) for name, sql in rows}


def _parts(sql: str) -> list[str]:
    """Return what stands between the outermost brackets, part by part in one order, and the rest.

    A column that is added later stands behind the constraints.
    """
    depth, parts, outside = 0, [""], ""
    for sign in sql:
        depth -= sign == ")"
        if depth == 1 and sign == ",":
            parts.append("")
        elif depth:
            parts[-1] += sign
        else:
            outside += sign
        depth += sign == "("
    return [" ".join(outside.split()), *sorted(" ".join(part.split()) for part in parts)]


if __name__ == "__main__":
    faults = differences()
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)
