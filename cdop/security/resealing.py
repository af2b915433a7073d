"""Resealing: a new key for a case, and every value of the case sealed again with it.

For when case keys may have become known together with the key-encryption key that wrapped them.
While the register serves, case by case; broken off anywhere, it goes on where it stopped.
"""

from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import func
from sqlmodel import col, select

from cdop.errors import Erased, Unsafe
from cdop.security.case_keys import CaseKey
from cdop.security.models import DataKey
from cdop.security.rotation import BATCH, KEYS, MANAGE, Progress, note, unseen
from cdop.security.sealing import Sealed, sealed_columns, sealed_tables
from cdop.security.vault import current_version, place_of
from cdop.security.work import Register, Work


@dataclass(frozen=True)
class Resealed:
    """How many cases have a new key, and those that could not be given one."""

    cases: int
    unread: tuple[UUID, ...]


def reseal(register: Register, progress: Progress = unseen) -> Resealed:
    """Give each case a new key that has one from before the current key-encryption key.

    Each case is sealed again in a transaction of its own. A case with a row that does not open is
    left as it is, and named.
    """
    total, last = register.do(KEYS, _begin_reseal), UUID(int=0)
    done, unread = 0, []
    while found := _next_to_reseal(register, last):
        for last in found:
            try:
                done += register.do(KEYS, reseal_case, last)
            except Unsafe:
                unread.append(last)
            progress(done + len(unread), max(done + len(unread), total))
    register.do(KEYS, note, "register:keys:reseal", cases=done, unread=len(unread))
    return Resealed(done, tuple(unread))


def reseal_case(work: Work, subject_id: UUID) -> bool:
    """Give one case a new key, and seal all its rows again with it, each under its next revision.

    Says whether it was done: a case that was erased meanwhile has no key. Raises Unsafe when a
    value of the case does not open.
    """
    work.check(MANAGE)
    try:
        old, new = work.vault.replace_key(work.session, subject_id)
    except Erased:
        return False
    for table in sealed_tables():
        for row in work.session.exec(select(table).where(table.subject_id == subject_id)):
            _reseal_row(work, row, old, new)
    return True


def _reseal_row(work: Work, row: Sealed, old: CaseKey, new: CaseKey) -> None:
    texts: dict[str, bytes] = {}
    for column in sealed_columns(type(row)):
        value = getattr(row, column)
        if value is None:
            continue
        try:
            texts[column] = old.open(value, place_of(row, column).bind(old.head))
        except (InvalidTag, ValueError):
            raise Unsafe(f"{row.__tablename__}.{column} of row {row.id} does not open.") from None
    if not texts:
        return
    row.sealed_revision += 1
    for column, content in texts.items():
        setattr(row, column, new.seal(content, place_of(row, column).bind(new.head)))
    work.note_sealed(row)


def _begin_reseal(work: Work) -> int:
    work.check(MANAGE)
    version = current_version(work.session)
    query = select(func.count()).where(col(DataKey.made_under) != version)
    total = work.session.exec(query).one()
    work.audit("register:keys:reseal-begin", version=version, cases=total)
    return total


def _next_to_reseal(register: Register, last: UUID) -> list[UUID]:
    with register.reading(KEYS) as work:
        query = select(DataKey.subject_id).where(
            col(DataKey.made_under) != current_version(work.session), DataKey.subject_id > last
        )
        return list(work.session.exec(query.order_by(col(DataKey.subject_id)).limit(BATCH)))
