"""The opened keys of cases, kept between units of work until one of them is destroyed.

Each unit of work asks the database once how many keys were ever destroyed, by whatever process.
"""

from threading import Lock
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from cdop.security.case_keys import CaseKey
from cdop.security.models import DataKey

CACHED = 4096

_COUNT_DESTROYED = select(func.count()).where(col(DataKey.wrapped).is_(None))


class Unit:
    """What is known within one transaction.

    `opened` are the keys shared with others, `held` those that nobody can change before its end.
    """

    __slots__ = ("held", "opened", "transaction")

    def __init__(self, transaction: object, opened: dict[UUID, CaseKey]) -> None:
        self.transaction = transaction
        self.opened = opened
        self.held: dict[UUID, CaseKey] = {}


class OpenedKeys:
    """The opened keys of one vault; safe to share between threads."""

    def __init__(self) -> None:
        self._shared: tuple[int, dict[UUID, CaseKey]] = (0, {})
        self._lock = Lock()

    def within(self, session: Session) -> Unit:
        """Return what is known in this transaction; at its beginning, heed what was destroyed."""
        unit: Unit | None = session.info.get(self)
        if unit is None or unit.transaction is not _innermost(session):
            destroyed = session.exec(_COUNT_DESTROYED).one()
            unit = session.info[self] = Unit(_innermost(session), self._since(destroyed))
        return unit

    def keep(self, unit: Unit, subject_id: UUID, key: CaseKey) -> None:
        """Keep an opened key; the one kept longest makes room."""
        with self._lock:
            unit.opened[subject_id] = key
            if len(unit.opened) > CACHED:
                del unit.opened[next(iter(unit.opened))]

    def _since(self, destroyed: int) -> dict[UUID, CaseKey]:
        """Return the opened keys to share: none older than the last destruction that is seen.

        A unit of work that began before it keeps what it opens to itself.
        """
        with self._lock:
            if destroyed > self._shared[0]:
                self._shared = (destroyed, {})
            return self._shared[1] if destroyed == self._shared[0] else {}


def _innermost(session: Session) -> object:
    return session.get_nested_transaction() or session.get_transaction()
