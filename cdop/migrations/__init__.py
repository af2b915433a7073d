"""Bringing a database to the schema of this version, by Alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from cdop.errors import Misconfigured
from cdop.security import walls

# The role under which the application runs on PostgreSQL; the owner's role runs migrations.
APPLICATION_ROLE = "cdop_app"
_NOT_FOR_IT = {
    "audit_log": "UPDATE, DELETE, TRUNCATE",
    "audit_leaves": "UPDATE, DELETE, TRUNCATE",
    "audit_checkpoints": "UPDATE, DELETE, TRUNCATE",
    "audit_unsealed": "UPDATE, TRUNCATE",
    "alembic_version": "INSERT, UPDATE, DELETE, TRUNCATE",
}


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, working on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date and give the application's role its rights."""
    with engine.execution_options(writes=True).begin() as connection:
        upgrade_on(connection)


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to a revision within a transaction that the caller ends.

    Raises Misconfigured when this version does not know the revision.
    """
    walls.go_everywhere(connection)
    try:
        command.upgrade(config(connection), revision)
    except CommandError as error:
        raise Misconfigured(
            "The database or backup was written by a newer version of cdop. Start that version."
        ) from error
    walls.raise_on(connection)
    _grant(connection)


def check(engine: Engine) -> None:
    """Raise Misconfigured unless the database is at exactly this version's schema."""
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    known = _known()
    if present == known[0]:
        return
    if present is None:
        raise Misconfigured("The database is empty. Make a register in it with: cdop init")
    if present not in known:
        raise Misconfigured(
            "The database was written by a newer version of cdop. "
            "Start that version, or restore a backup made by this one."
        )
    raise Misconfigured("The database is of an older version. Bring it up to date with: cdop init")


@cache  # compiling every migration takes longer than opening a register
def _known() -> tuple[str, ...]:
    """Return the revisions that this version knows, the newest first."""
    scripts = ScriptDirectory.from_config(config())
    return tuple(script.revision for script in scripts.walk_revisions())


def _grant(connection: Connection) -> None:
    """Let the application read and write everything; to the audit log and its trees only add."""
    if connection.dialect.name != "postgresql":
        return
    query = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if connection.execute(query, {"role": APPLICATION_ROLE}).first() is None:
        return
    for sentence in (
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    ):
        connection.execute(text(sentence.format(role=APPLICATION_ROLE)))
    for table in set(_NOT_FOR_IT) & set(inspect(connection).get_table_names()):
        connection.execute(text(f"REVOKE {_NOT_FOR_IT[table]} ON {table} FROM {APPLICATION_ROLE}"))
