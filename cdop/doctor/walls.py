"""Row-level security of PostgreSQL: that the walls stand, and the program cannot walk past them."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cdop.config import Settings
from cdop.doctor.checks import OK, SKIPPED, WRONG, Check
from cdop.security.walls import WALLS

_TABLES = """
SELECT relname, relrowsecurity AND relforcerowsecurity AS forced,
       ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
FROM pg_class WHERE oid = to_regclass(relname::text) AND relkind = 'r'
"""
_ROLE = """
SELECT rolsuper, rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class WHERE relname = 'deaths' AND relowner = pg_roles.oid) AS owner
FROM pg_roles WHERE rolname = current_user
"""
_RAISE = "as the tables' owner, raise them again with: cdop init; and find out who took them down"
_AS_ANOTHER = "connect as a role that may only read and write rows: scripts/postgres/roles.sql"


def check(name: str, settings: Settings, engine: Engine) -> Check:
    """Check each wall, by the catalogue and by looking past it; and as which role that is done."""
    if settings.is_sqlite:
        return Check(name, SKIPPED, "SQLite has none: whoever opens the file is past them")
    with engine.connect() as connection:
        role = connection.execute(sa.text(_ROLE)).mappings().one()
        if role["rolsuper"] or role["rolbypassrls"]:
            return Check(name, WRONG, "the program's role walks past them", _AS_ANOTHER)
        fallen = _fallen(connection)
        if not fallen:
            fallen = [
                f"{table} shows rows to whoever says nothing"
                for table in WALLS
                if _shows(connection, table)
            ]
    if fallen:
        return Check(name, WRONG, "; ".join(fallen), _RAISE)
    if role["owner"]:
        found = "the program's role owns the tables, and could take them down"
        return Check(name, WRONG, found, _AS_ANOTHER)
    return Check(name, OK, f"they stand on {len(WALLS)} tables")


def _fallen(connection: Connection) -> list[str]:
    """Return what the catalogue says of walls that are gone, or have a gate beside them."""
    there = {row["relname"]: row for row in connection.execute(sa.text(_TABLES)).mappings()}
    found = []
    for table in WALLS:
        row = there.get(table)
        if row is None or not row["forced"] or "reach" not in row["policies"]:
            found.append(f"{table} has none")
        elif more := sorted(set(row["policies"]) - {"reach"}):
            found.append(f"{table} has another policy ({', '.join(more)})")
    return found


def _shows(connection: Connection, table: str) -> bool:
    """Say whether a table shows a row to a transaction that has said nothing of its reach."""
    query = f"SELECT EXISTS (SELECT 1 FROM {table})"  # noqa: S608 - names of ours
    return bool(connection.exec_driver_sql(query).scalar_one())
