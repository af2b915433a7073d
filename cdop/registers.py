"""Making a register, opening it, and saying what is wrong with one that does not open."""

import os
from functools import partial
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from cdop import db, migrations
from cdop.clock import Clock, SystemClock
from cdop.config import Settings
from cdop.errors import Misconfigured
from cdop.security import custody, index_roots, key_versions
from cdop.security.keys import Ring
from cdop.security.models import RegisterInfo
from cdop.security.vault import Vault
from cdop.security.work import Register


def exists(settings: Settings) -> bool:
    """Say whether a register stands here already (its key file, or its SQLite file)."""
    database = settings.is_sqlite and settings.database_file.exists()
    return database or settings.keys.exists()


def create(
    settings: Settings, *, clock: Clock | None = None, demonstration: bool = False
) -> Register:
    """Make an empty register, or bring the schema of one that stands here up to date.

    Raises Misconfigured when the folder cannot be written, or keys and database do not belong
    together: keys are never made for a database that has some already.
    """
    _prepare_folder(settings.data)
    engine = db.connect(settings.database_url)
    try:
        migrations.upgrade(engine)
    except DatabaseError as error:
        raise _unreachable(settings) from error
    with Session(engine) as session:
        info = session.exec(select(RegisterInfo)).one_or_none()
    there = info is not None or settings.keys.exists()
    ring = custody.load(settings) if there else custody.create(settings)
    clock = clock or SystemClock()
    if info is None:
        _write_info(engine, ring, clock, demonstration)
    elif info.key_check != ring.check_value(info.id.bytes):
        raise _wrong_keys(settings)
    if settings.is_sqlite:
        settings.database_file.chmod(0o600)
    return Register(settings, engine, _vault(settings, ring), clock)


def open_register(settings: Settings, *, clock: Clock | None = None) -> Register:
    """Open a register for use.

    Raises Misconfigured, with a sentence that says what to do, when there is none, the folder is
    read-only, the key file is missing, open to others or another register's, or the database is
    of another version.
    """
    if settings.is_sqlite:
        if not settings.database_file.exists():
            raise Misconfigured(
                f"There is no register in {settings.data}. Make one with: "
                f"cdop --data {settings.data} init"
            )
        for path in (settings.data, settings.database_file):
            if not os.access(path, os.W_OK):
                raise _read_only(path)
    ring = custody.load(settings)
    engine = db.connect(settings.database_url)
    try:
        migrations.check(engine)
        with Session(engine) as session:
            info = session.exec(select(RegisterInfo)).one_or_none()
            lacking = _lacking(session, ring)
    except DatabaseError as error:
        raise _unreachable(settings) from error
    if info is None or info.key_check != ring.check_value(info.id.bytes):
        raise _wrong_keys(settings)
    if lacking:
        raise Misconfigured(f"The key file {settings.keys} lacks {lacking}")
    return Register(settings, engine, _vault(settings, ring), clock or SystemClock())


def is_demonstration(register: Register) -> bool:
    """Say whether this register was made for demonstration: every person in it is invented."""
    with Session(register.engine) as session:
        return bool(session.exec(select(RegisterInfo.demonstration)).one())


def _lacking(session: Session, ring: Ring) -> str:
    """Return what a key file lacks of what this register uses, and how to mend it."""
    for kind, found, mend in (
        ("keys", key_versions.lacking(session, ring), key_versions.mend),
        ("index roots", index_roots.lacking(session, ring), index_roots.mend),
    ):
        if found:
            return (
                f"version {found[0]} of the {kind} that this register uses, or holds another in "
                f"its place. {mend(ring, found[0])}"
            )
    return ""


def _vault(settings: Settings, ring: Ring) -> Vault:
    return Vault(ring, partial(custody.load, settings))


def _write_info(engine: Engine, ring: Ring, clock: Clock, demonstration: bool) -> None:
    info = RegisterInfo(created_at=clock.now(), key_check=b"", demonstration=int(demonstration))
    info.key_check = ring.check_value(info.id.bytes)
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        session.add(info)
        session.add(key_versions.first_key(ring, clock.now()))
        session.add(index_roots.first_root(ring, clock.now()))


def _prepare_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _read_only(folder) from error


def _read_only(path: Path) -> Misconfigured:
    return Misconfigured(
        f"{path} cannot be written. Give the user who runs cdop write permission, or choose "
        "another folder with --data."
    )


def _unreachable(settings: Settings) -> Misconfigured:
    if settings.is_sqlite:
        return Misconfigured(
            f"The database {settings.database_file} cannot be opened: it may be damaged or not a "
            "database. Restore a backup with: cdop --data NEW backup restore FILE --keys PATH"
        )
    return Misconfigured(
        "The PostgreSQL database cannot be reached. "
        "Check CDOP_DATABASE_URL, and that the server runs."
    )


def _wrong_keys(settings: Settings) -> Misconfigured:
    return Misconfigured(
        f"The key file {settings.keys} belongs to another register: nothing sealed here opens "
        "with it. Put the right key file in its place, or name it with CDOP_KEYS."
    )
