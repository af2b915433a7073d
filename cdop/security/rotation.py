"""Rotating the key-encryption keys while the register serves: add, promote, rewrap, retire.

A key-encryption key is added to the ring, brought to every server, promoted (new case keys are
wrapped under it), all other case keys are wrapped anew under it, and the old one is retired: thrown
away. That touches keys and no record. A new key for each case itself: `cdop.security.resealing`.

Every command can be broken off anywhere and given again: what is left to do is read from the rows.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from cdop.errors import NotFound, Refused
from cdop.security import custody, keys, private_files
from cdop.security.actor import system
from cdop.security.key_versions import Version, in_use, versions
from cdop.security.keys import Ring
from cdop.security.models import DataKey, SealingKey
from cdop.security.vault import current_version
from cdop.security.work import Register, Work

MANAGE = "register:keys:manage"
KEYS = system("keys")
BATCH = 4000
_WAIT = 0.05  # seconds until keys that others held are tried again

Progress = Callable[[int, int], None]

# Plain statements, straight to the driver: their cost is a large part of rewrapping. What others
# are sealing under is passed over on PostgreSQL: waiting could become a deadlock.
_NEXT = (
    "SELECT subject_id, generation, kek_version, wrapped FROM data_keys "
    "WHERE kek_version <> {0} AND subject_id > {0} ORDER BY subject_id LIMIT {0}"
)
_CHANGE = "UPDATE data_keys SET kek_version = {0}, wrapped = {0} WHERE subject_id = {0}"
_STATEMENTS = {
    "sqlite": (_NEXT.format("?"), _CHANGE.format("?")),
    "postgresql": (f"{_NEXT.format('%s')} FOR UPDATE SKIP LOCKED", _CHANGE.format("%s")),
}
_FIRST = str(UUID(int=0))


def unseen(_done: int, _all: int) -> None:
    """Show no progress."""


def status(register: Register) -> list[Version]:
    """Return every version of the register's key-encryption keys."""
    with register.reading(KEYS) as work:
        return versions(work.session, custody.load(register.settings))


def add(register: Register, to: Path | None = None) -> int:
    """Add a new key-encryption key to the ring, not yet in use. Returns its version.

    With `to` the new ring is written there, for a secret that something else mounts. Raises
    Misconfigured when the file cannot be written.
    """
    with private_files.changing(register.settings.keys):
        ring = custody.load(register.settings).added()
        version = max(ring.sealing)
        write(register, ring, to)
    register.do(KEYS, note, "register:keys:add", version=version)
    return version


def promote(register: Register, version: int) -> None:
    """Put a key in use: case keys made from now on are wrapped under it, by every process.

    Raises NotFound when the ring has no such key.
    """
    with private_files.changing(register.settings.keys):
        register.do(KEYS, _promote, version, custody.load(register.settings))


def rewrap(register: Register, progress: Progress = unseen, batch: int = BATCH) -> int:
    """Wrap every case key anew that the current key does not wrap. Returns how many.

    The key file itself is wrapped anew first, where a provider wraps it.
    """
    keys.rewrap(register.settings.keys, custody.provider_of(register.settings))
    with register.reading(KEYS) as work:
        total = _left(work.session)
    done, last = 0, _FIRST
    while True:
        count, last = register.do(KEYS, _rewrap_batch, last, batch)
        done += count
        progress(done, max(done, total))
        if last == _FIRST:  # the end was reached; what others held is tried again
            with register.reading(KEYS) as work:
                if not _left(work.session):
                    break
            time.sleep(_WAIT)
    return done


def retire(register: Register, version: int, to: Path | None = None) -> None:
    """Throw a key away that no case key needs any more.

    Raises Refused for the current key and for one that is still needed, NotFound for one that is
    not there. A backup made earlier may need it: it is restored with a key file of its own time.
    """
    with private_files.changing(register.settings.keys):
        ring = custody.load(register.settings)
        if version not in ring.sealing:
            raise NotFound
        register.do(KEYS, _retire, version)
        write(register, ring.without(version), to)


def note(work: Work, /, action: str, **detail: Any) -> None:
    """Write the audit line of a command."""
    work.check(MANAGE)
    work.audit(action, None, None, **detail)


def write(register: Register, ring: Ring, to: Path | None) -> None:
    """Put a changed ring in the place of the key file, or into a new file beside it."""
    provider = custody.provider_of(register.settings)
    if to is None:
        keys.save(register.settings.keys, ring, provider)
    else:
        keys.create(to, provider, ring)


def _promote(work: Work, version: int, ring: Ring) -> None:
    work.check(MANAGE)
    if version not in ring.sealing:
        raise NotFound
    current = work.session.exec(
        select(SealingKey).where(SealingKey.state == "current").with_for_update()
    ).one()
    if current.version == version:
        return
    current.state = "former"
    work.session.flush()  # two cannot be current, not even for a moment
    row = work.session.get(SealingKey, version) or in_use(ring, version, work.now)
    row.state, row.promoted_at = "current", work.now
    work.session.add(row)
    work.audit("register:keys:promote", version=version, before=current.version)


def _retire(work: Work, version: int) -> None:
    work.check(MANAGE)
    row = work.session.get(SealingKey, version)
    if row is not None and row.state == "current":
        raise Refused("The current key is not retired. First promote another: cdop keys promote N")
    if row is not None:
        try:
            work.session.delete(row)
            work.session.flush()
        except IntegrityError:
            raise Refused(
                f"Case keys are still wrapped under version {version}. First: cdop keys rewrap"
            ) from None
    work.audit("register:keys:retire", version=version)


def _left(session: Session) -> int:
    query = select(func.count()).where(col(DataKey.kek_version) != current_version(session))
    return session.exec(query).one()


def _rewrap_batch(work: Work, last: str, size: int) -> tuple[int, str]:
    """Wrap the next keys anew. Returns how many, and after which to go on: the first at the end.

    Nobody changes the keys meanwhile: SQLite lets one write, PostgreSQL has locked their rows.
    """
    work.check(MANAGE)
    version = current_version(work.session)
    connection = work.session.connection()
    following, change = _STATEMENTS[connection.dialect.name]
    found = connection.exec_driver_sql(following, (version, last, size)).all()
    if found:
        wrapped = work.vault.wrapping.wrap_anew(version, found)
        changes = [(version, new, row[0]) for row, new in zip(found, wrapped, strict=True)]
        connection.exec_driver_sql(change, changes)
    work.audit("register:keys:rewrap", version=version, cases=len(found))
    return len(found), str(found[-1][0]) if len(found) == size else _FIRST
