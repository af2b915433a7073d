"""Checks of the database itself: version, keys, integrity, references, durability, audit, clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from cdop import migrations
from cdop.clock import local_day
from cdop.config import Settings
from cdop.doctor import mail, walls
from cdop.doctor.checks import OK, RESTORE, SKIPPED, WEAK, WRONG, Check
from cdop.errors import CdopError
from cdop.organisations import guardians
from cdop.security import custody, index_roots, key_versions
from cdop.security.models import AuditEntry, RegisterInfo

_ADDED_TO = ("audit_log", "audit_leaves", "audit_checkpoints")
_REFUSALS = {"sqlite": ("no_update", "no_delete", "no_replace"), "postgresql": ("append_only",)}
TRIGGERS = {
    database: {"audit_log_unsealed"} | {f"{table}_{name}" for table in _ADDED_TO for name in names}
    for database, names in _REFUSALS.items()
}
_TRIGGERS_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled = 'O' AND NOT tgisinternal",
}
# What each database must not answer when asked how it saves.
_UNSAFE: dict[str, dict[str, set[str | int]]] = {
    "sqlite": {"PRAGMA journal_mode": {"delete", "off", "memory"}, "PRAGMA synchronous": {0, 1}},
    "postgresql": {
        "SHOW fsync": {"off"},
        "SHOW full_page_writes": {"off"},
        "SHOW synchronous_commit": {"off"},
    },
}
_MAKE_SAFE = {
    "sqlite": "keep the register on a local disk, not on a network share",
    "postgresql": "switch fsync, full_page_writes and synchronous_commit on in postgresql.conf",
}


def version(name: str, _: Settings, engine: Engine) -> Check:
    """Check that the schema is that of this program."""
    try:
        migrations.check(engine)
    except CdopError as error:
        return Check(name, WRONG, str(error))
    return Check(name, OK, "that of this program")


def key_match(name: str, settings: Settings, engine: Engine) -> Check:
    """Check that the key file is this register's."""
    try:
        ring = custody.load(settings)
    except CdopError:
        return Check(name, SKIPPED, "the key file cannot be read")
    with Session(engine) as session:
        info = session.exec(select(RegisterInfo)).one_or_none()
        lacking = key_versions.lacking(session, ring)
        without_root = index_roots.lacking(session, ring)
    if info is None:
        return Check(name, WRONG, "the database holds no register", RESTORE)
    if info.key_check != ring.check_value(info.id.bytes):
        mend = "put the right key file in its place, or name it with CDOP_KEYS"
        return Check(name, WRONG, "the key file belongs to another register", mend)
    if lacking:
        mend = key_versions.mend(ring, lacking[0])
        return Check(name, WRONG, f"the key file lacks version {lacking[0]} of the keys", mend)
    if without_root:
        found = f"the key file lacks version {without_root[0]} of the index roots"
        return Check(name, WRONG, found, index_roots.mend(ring, without_root[0]))
    return Check(name, OK, "belong together")


def integrity(name: str, settings: Settings, engine: Engine) -> Check:
    """Check the database file page by page."""
    if not settings.is_sqlite:
        return Check(name, SKIPPED, "PostgreSQL looks after its own pages: see pg_amcheck")
    with engine.connect() as connection:
        said = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
    if said != ["ok"]:
        return Check(name, WRONG, f"the database file has {len(said)} faults or more", RESTORE)
    return Check(name, OK, "the database file is whole")


def references(name: str, settings: Settings, engine: Engine) -> Check:
    """Check that every foreign key points to a row."""
    query = "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
    with engine.connect() as connection:
        ask = "PRAGMA foreign_key_check" if settings.is_sqlite else query
        broken = len(connection.exec_driver_sql(ask).all())
    if broken:
        return Check(name, WRONG, f"{broken} point to nothing", RESTORE)
    return Check(name, OK, "every row points to one that is there")


def durability(name: str, _: Settings, engine: Engine) -> Check:
    """Check that what was acknowledged survives a power cut."""
    with engine.connect() as connection:
        unsafe = [
            f"{ask.split()[1]} is {said}"
            for ask, bad in _UNSAFE[engine.dialect.name].items()
            if (said := connection.exec_driver_sql(ask).scalar_one()) in bad
        ]
    if unsafe:
        text = f"a power cut may lose what was saved: {', '.join(unsafe)}"
        return Check(name, WRONG, text, _MAKE_SAFE[engine.dialect.name])
    return Check(name, OK, "what was saved survives a power cut")


def append_only(name: str, _: Settings, engine: Engine) -> Check:
    """Check that the triggers which refuse a change of the audit log are there."""
    with engine.connect() as connection:
        there = set(connection.exec_driver_sql(_TRIGGERS_THERE[engine.dialect.name]).scalars())
    if not there >= TRIGGERS[engine.dialect.name]:
        mend = f"find out who removed them; then {RESTORE}"
        return Check(name, WRONG, "the triggers that keep it append-only are gone", mend)
    return Check(name, OK, "its triggers refuse every change")


def caldicott(name: str, _: Settings, engine: Engine) -> Check:
    """Check that each panel and group at which people work has a Caldicott guardian."""
    with Session(engine) as session:
        lacking = guardians.lacking(session, local_day(datetime.now(UTC)))
    if lacking:
        slugs = ", ".join(each.slug for each in lacking)
        found = f"none at {slugs}: others review break-glass there, and nobody approves an erasure"
        return Check(name, WEAK, found, "give somebody that role: cdop user grant --help")
    return Check(name, OK, "one wherever people work")


def clock(name: str, _: Settings, engine: Engine) -> Check:
    """Check that the machine's clock is not behind the last audit line."""
    now = datetime.now(UTC)
    latest = select(sa.func.max(AuditEntry.recorded_at))
    with Session(engine) as session:
        last: datetime | None = session.exec(latest).one()
    if last and last > now + timedelta(minutes=1):
        mend = "set the machine's clock, for example: timedatectl set-ntp true"
        return Check(name, WRONG, "it stands before the last audit line", mend)
    return Check(name, OK, f"{now:%Y-%m-%d %H:%M} UTC")


CHECKS: dict[str, Callable[[str, Settings, Engine], Check]] = {
    "database version": version,
    "keys and database": key_match,
    "integrity": integrity,
    "references": references,
    "durability": durability,
    "audit log": append_only,
    "walls between organisations": walls.check,
    "Caldicott guardians": caldicott,
    "mail": mail.check,
    "clock": clock,
}
