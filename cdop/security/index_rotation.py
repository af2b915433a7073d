"""Rotating the root of the index tokens while the register serves.

A new root is added to the ring (and brought to every server), tokens are written with both, those
of all older cases are made with the new one, look-ups change over to it at one moment, the old
tokens are removed and the old root is thrown away. At any time look-ups find every case.

Broken off anywhere, it is given again and goes on: what is left to do is read from the rows.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select

from cdop.security import custody, index_roots, private_files
from cdop.security.index_roots import in_force
from cdop.security.keys import Ring
from cdop.security.models import IndexRoot, IndexToken
from cdop.security.rotation import KEYS, MANAGE, Progress, note, unseen, write
from cdop.security.work import Register, Work

BATCH = 100
_REMOVED = 5000  # tokens in one transaction
_WAIT = 0.05  # seconds until cases that others held are tried again
_FIRST = UUID(int=0)
_CASE, _ID = col(IndexToken.subject_id), col(IndexToken.id)

Fill = Callable[[Work, Sequence[UUID], int], int]
"""Writes the tokens of cases with one root; returns how many, others being held by somebody."""


def status(register: Register) -> dict[str, int]:
    """Return the index roots in force by their state: current, filling, leaving."""
    with register.reading(KEYS) as work:
        return _states(work.session)


def prepare(register: Register, to: Path | None = None) -> int:
    """Add a new index root to the ring, not yet in use. Returns its version.

    With `to` the new ring is written there, for a secret that something else mounts. Raises
    Misconfigured when the file cannot be written.
    """
    with private_files.changing(register.settings.keys):
        ring = custody.load(register.settings).with_index_root()
        version = max(ring.index)
        write(register, ring, to)
    register.do(KEYS, note, "register:keys:index-add", version=version)
    return version


def reindex(
    register: Register,
    fill: Fill,
    progress: Progress = unseen,
    *,
    to: Path | None = None,
    batch: int = BATCH,
) -> int:
    """Make every token anew under a new root, and throw the old root away. Returns how many cases.

    Takes the root that was prepared, or adds one. `to` as for `prepare`, for the ring without the
    old root. Raises Unsafe for a case that does not open: its old tokens stay in use.
    """
    states = status(register)
    if states.keys() == {"current"}:
        _start(register, states["current"])
    done = _fill_all(register, fill, progress, batch)
    _remove_all(register)
    _trim(register, to)
    return done


def _start(register: Register, current: int) -> None:
    """Put a newer root in force beside the current one, unless there are old ones to throw away."""
    ring = custody.load(register.settings)
    if max(ring.index) == current and len(ring.index) > 1:
        return
    if max(ring.index) == current:
        prepare(register)
    register.do(KEYS, _begin, custody.load(register.settings))


def _begin(work: Work, ring: Ring) -> None:
    """From here on every unit of work writes tokens with the newest root, too."""
    work.check(MANAGE)
    index_roots.keep_from_changing(work.session, alone=True)
    version = max(ring.index)
    if work.session.get(IndexRoot, version):  # somebody else gave the command at the same time
        return
    work.session.add(in_force(ring, version, "filling", work.now))
    work.audit("register:keys:reindex-begin", version=version)


def _fill_all(register: Register, fill: Fill, progress: Progress, batch: int) -> int:
    with register.reading(KEYS) as work:
        total = work.session.exec(select(func.count(_CASE.distinct())).where(*_left(work))).one()
    done, last = 0, _FIRST
    while True:
        count, last = register.do(KEYS, _fill_batch, fill, last, batch)
        done += count
        progress(done, max(done, total))
        if last == _FIRST:  # the end was reached; what others held is tried again
            if register.do(KEYS, _change_over):
                return done
            time.sleep(_WAIT)


def _fill_batch(work: Work, fill: Fill, last: UUID, size: int) -> tuple[int, UUID]:
    """Write tokens of the next cases. Returns how many, and after which case to go on."""
    work.check(MANAGE)
    version = index_roots.within(work.session, work.vault.held).written[-1]
    query = select(_CASE).distinct().where(IndexToken.subject_id > last, *_left(work))
    cases = work.session.exec(query.order_by(_CASE).limit(size)).all()
    count = fill(work, cases, version) if cases else 0
    if count:
        work.audit("register:keys:reindex-fill", version=version, cases=count)
    return count, cases[-1] if len(cases) == size else _FIRST


def _change_over(work: Work) -> bool:
    """Look up with the new root from now on. Says whether that is so: every case needs its tokens.

    None can come to lack them any more, since whoever writes tokens writes them with both.
    """
    work.check(MANAGE)
    if work.session.exec(select(_CASE).where(*_left(work)).limit(1)).first():
        return False
    index_roots.keep_from_changing(work.session, alone=True)
    rows = {row.state: row for row in work.session.exec(select(IndexRoot))}
    if "filling" in rows:
        for before, after in (("current", "leaving"), ("filling", "current")):
            rows[before].state, rows[before].since = after, work.now
            work.session.flush()  # two cannot be current, not even for a moment
        work.audit("register:keys:reindex-change", version=rows["filling"].version)
    return True


def _remove_all(register: Register) -> None:
    last: UUID | None = _FIRST
    while last:
        last = register.do(KEYS, _remove_batch, last)


def _remove_batch(work: Work, last: UUID) -> UUID | None:
    """Remove the next tokens of the old root, and at last the root itself. Returns where to go on.

    Removing says nothing that the audit log has to keep: the case has its new tokens.
    """
    work.check(MANAGE)
    version = _states(work.session).get("leaving")
    if version is None:
        return None
    old = col(IndexToken.version) == version
    rest = select(_ID).where(old, IndexToken.id > last)
    ids = work.session.exec(rest.order_by(_ID).limit(_REMOVED)).all()
    if ids:
        passed = _ID.between(last, ids[-1])
        work.session.exec(delete(IndexToken).where(old, passed))
        return ids[-1]
    work.session.delete(work.session.get_one(IndexRoot, version))
    work.audit("register:keys:reindex-end", version=version)
    return None


def _trim(register: Register, to: Path | None) -> None:
    """Throw away every root but the one in force."""
    states = status(register)
    with private_files.changing(register.settings.keys):
        ring = custody.load(register.settings)
        if len(ring.index) > 1 and set(states.values()) == {max(ring.index)}:
            write(register, ring.with_newest_index_root(), to)


def _states(session: Session) -> dict[str, int]:
    return dict(session.exec(select(IndexRoot.state, IndexRoot.version)).all())


def _left(work: Work) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the condition of the tokens of cases that have none of the root being filled."""
    states, newer = _states(work.session), aliased(IndexToken)
    made = select(newer.id).where(
        newer.subject_id == _CASE, newer.version == states.get("filling", states["current"])
    )
    return col(IndexToken.version) == states["current"], ~made.exists()
