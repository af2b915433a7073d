"""Making a backup while the register serves, proving that it can be restored, and restoring it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection, Engine
from sqlmodel import Session, col, select

from cdop import __version__, db, migrations
from cdop.backups import archive, rows
from cdop.backups.archive import Manifest, Reader
from cdop.config import Settings
from cdop.doctor import sealed
from cdop.errors import Misconfigured, Refused, Unsafe
from cdop.registers import open_register
from cdop.security import custody, walls
from cdop.security.actor import Actor
from cdop.security.audit import sealer
from cdop.security.audit.models import AuditLeaf, Unsealed
from cdop.security.keys import Ring
from cdop.security.models import RegisterInfo
from cdop.security.vault import Vault
from cdop.security.work import Register, Work

CREATE, RESTORE = "register:backup:create", "register:backup:restore"

Progress = Callable[[str], None]

# Each audit line that is restored waits to be sealed; those that have their leaf do not.
_SEALED_ALREADY = sa.delete(Unsealed).where(col(Unsealed.entry_id).in_(select(AuditLeaf.entry_id)))


def _unseen(_table: str) -> None:
    """Show no progress."""


def create(
    register: Register, actor: Actor, file: Path, *, progress: Progress = _unseen
) -> Manifest:
    """Write a backup of the register as it stands at one moment; others go on working meanwhile.

    Raises Refused when `file` exists. `progress` is told each table as it begins.
    """
    with register.reading(actor) as work:
        work.check(CREATE)
        info = work.session.exec(select(RegisterInfo)).one()
    with _snapshot(register.engine) as connection:
        manifest = Manifest(
            program=__version__,
            register_id=info.id,
            revision=MigrationContext.configure(connection).get_current_revision() or "",
            created_at=register.clock.now(),
        )
        with archive.writing(file, manifest) as out:
            for table in rows.tables(connection):
                progress(table.name)
                columns = [column.name for column in table.columns]
                out.add(table.name, columns, rows.read(connection, table))
            out.finish(register.vault.ring)
            # Before the file gets its name: no backup without its line.
            register.do(actor, _audit, CREATE, manifest)
    return manifest


def verify(file: Path, ring: Ring | None = None, *, progress: Progress = _unseen) -> Manifest:
    """Prove that a backup can be restored, by restoring it into a temporary database.

    With keys it is also proved that nobody changed it and that all that is sealed in it opens.
    Raises Unsafe, saying what is wrong.
    """
    with archive.reading(file) as reader, tempfile.TemporaryDirectory() as folder:
        if ring:
            reader.manifest.check_code(ring)
        engine = db.connect(f"sqlite:///{Path(folder) / 'register.db'}")
        try:
            _load(engine, reader, file, progress)
            _check_loaded(engine, ring, file)
        finally:
            engine.dispose()
        return reader.manifest


def restore(
    settings: Settings, actor: Actor, file: Path, key_file: Path, *, progress: Progress = _unseen
) -> Manifest:
    """Make a new register from a backup and a copy of its keys.

    Raises Refused when a register or anything else stands there already, Unsafe when the backup
    was changed or the keys are another register's. A restore that fails leaves nothing behind.
    """
    _check_new(settings)
    ring = custody.load(replace(settings, keys=key_file))
    with archive.reading(file) as reader, _staged(settings) as staged:
        reader.manifest.check_code(ring)
        engine = db.connect(staged.database_url)
        try:
            _load(engine, reader, file, progress)
        finally:
            engine.dispose()
        if staged.is_sqlite:
            staged.database_file.chmod(0o600)
        _copy_keys(key_file, staged.keys)
        register = open_register(staged)
        register.do(actor, _audit, RESTORE, reader.manifest)
        sealer.seal(register)
        register.engine.dispose()
        return reader.manifest


def _audit(work: Work, action: str, manifest: Manifest) -> None:
    work.audit(
        action,
        ("register_info", manifest.register_id),
        made=manifest.created_at.isoformat(),
        rows=manifest.rows,
        revision=manifest.revision,
    )


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """Open one reading transaction that sees a single moment, whatever others write meanwhile."""
    options: dict[str, object] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.execution_options(**options).connect() as connection, connection.begin():
        walls.go_everywhere(connection)
        yield connection


def _load(engine: Engine, reader: Reader, file: Path, progress: Progress) -> None:
    """Fill an empty database from a backup, and bring it to the schema of this version."""
    with engine.execution_options(writes=True).begin() as connection:
        migrations.upgrade_on(connection, reader.manifest.revision)
        by_name = {entry.table: entry for entry in reader.manifest.tables}
        there = rows.tables(connection)
        if set(by_name) != {table.name for table in there}:
            raise archive.broken(file)
        for table in there:
            progress(table.name)
            entry = by_name[table.name]
            try:
                rows.write(connection, table, entry.columns, reader.rows(entry))
            except (sa.exc.DBAPIError, KeyError, ValueError, TypeError):
                raise archive.broken(file) from None
        migrations.upgrade_on(connection)
        connection.execute(_SEALED_ALREADY)


def _check_loaded(engine: Engine, ring: Ring | None, file: Path) -> None:
    with engine.connect() as connection:
        whole = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() == "ok"
        if not whole or connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise archive.broken(file)
    with Session(engine) as session:
        info = session.exec(select(RegisterInfo)).one_or_none()
    if info is None or (ring and info.key_check != ring.check_value(info.id.bytes)):
        raise archive.broken(file)
    if ring:
        tried, closed = sealed.count(engine, Vault(ring), thorough=True)
        if closed:
            raise Unsafe(f"{closed} of {tried} sealed rows of the backup do not open.")


def _check_new(settings: Settings) -> None:
    """Raise Refused unless there is nothing yet where the register is to stand."""
    if settings.data.exists() and any(settings.data.iterdir()):
        raise Refused(
            f"{settings.data} is not empty. A backup is restored into a new folder: "
            "cdop --data NEW backup restore FILE --keys PATH"
        )
    if settings.is_sqlite:
        if settings.database_file.parent != settings.data:
            raise Misconfigured("Restore into a folder of its own: unset CDOP_DATABASE_URL.")
        return
    engine = db.connect(settings.database_url)
    try:
        there = sa.inspect(engine).get_table_names()
    except sa.exc.OperationalError as error:
        raise Misconfigured("The PostgreSQL database cannot be reached.") from error
    finally:
        engine.dispose()
    if there:
        raise Refused("The PostgreSQL database is not empty. A backup is restored into a new one.")


@contextmanager
def _staged(settings: Settings) -> Iterator[Settings]:
    """Work in a folder beside the register's own, which takes its place when all went well."""
    settings.data.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(
        tempfile.mkdtemp(prefix=f".{settings.data.name}.restoring-", dir=settings.data.parent)
    )
    staged = replace(settings, data=folder)
    if settings.is_sqlite:
        url = f"sqlite:///{folder / settings.database_file.name}"
        staged = replace(staged, database_url=url)
    if settings.keys.is_relative_to(settings.data):
        staged = replace(staged, keys=folder / settings.keys.relative_to(settings.data))
    try:
        yield staged
        folder.rename(settings.data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_keys(source: Path, target: Path) -> None:
    """Copy the key file, 0600. One that stands in its place outside the folder must be the same."""
    if target.exists():
        if target.read_bytes() != source.read_bytes():
            raise Refused(f"Another key file stands at {target}; it is not replaced.")
        return
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
