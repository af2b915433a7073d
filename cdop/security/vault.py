"""Sealing: AES-256-GCM under a key of the case, bound to table, column, row, case and revision.

Wire format (bytes): format(1) ‖ key generation(2) ‖ nonce(12) ‖ ciphertext ‖ tag(16). The
associated data are length-prefixed, so that no two places ever share them. A value that was
moved, swapped, cut or put back from an older revision does not open, and the error names the place
and no more.

Opened keys are kept between units of work (`cdop.security.opened_keys`). That another process gave
a case a new key is seen by the generation in front of each value.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from pydantic import BaseModel, ValidationError
from sqlalchemy import insert
from sqlmodel import Session, col, select

from cdop.errors import Erased, Unsafe
from cdop.security import case_keys
from cdop.security.case_keys import HEAD_BYTES, CaseKey, Wrapping
from cdop.security.held_ring import HeldRing
from cdop.security.keys import Ring
from cdop.security.models import DataKey, SealingKey
from cdop.security.opened_keys import OpenedKeys
from cdop.security.sealing import ERASED, Sealed

TOKEN_BYTES = 8
PAD_TO = 64
PREPARED = 500  # keys in one question to the database

_KEY = select(DataKey.subject_id, DataKey.generation, DataKey.kek_version, DataKey.wrapped)
_CURRENT = select(SealingKey.version).where(SealingKey.state == "current")

D = TypeVar("D", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """Where a sealed value stands: it opens there and nowhere else."""

    table: str
    column: str
    row_id: UUID
    subject_id: UUID
    revision: int

    def bind(self, head: bytes) -> bytes:
        """Return the associated data of a value that begins with `head`."""
        shared = case_keys.column(self.table, self.column)
        return shared + case_keys.row(self.row_id, self.subject_id, self.revision, head)


class KeyChanged(Unsafe):
    """The value was not sealed with the case's present key: perhaps its row was read before."""


class Vault:
    """Seals and opens values with the register's ring. Safe to share between threads."""

    def __init__(self, ring: Ring, reload: Callable[[], Ring] | None = None) -> None:
        self.held = HeldRing(ring, reload)
        self.wrapping = Wrapping(self.held)
        self._keys = OpenedKeys()

    @property
    def ring(self) -> Ring:
        """Return the keys as they were last read."""
        return self.held.ring

    def seal(self, session: Session, place: Place, document: BaseModel) -> bytes:
        """Seal a document at its place, making the case's key when it has none yet."""
        text = _pad(document.model_dump_json(exclude_defaults=True).encode())
        return self.seal_bytes(session, place, text)

    def open(self, session: Session, place: Place, sealed: bytes, document: type[D]) -> D:
        """Open a sealed document.

        Raises Unsafe when it was not sealed at this very place and revision, or was changed;
        Erased when the case's key was destroyed.
        """
        text = self.open_bytes(session, place, sealed)
        try:
            return document.model_validate_json(text)
        except ValidationError:  # its text repeats what was sealed
            raise _refusal(place) from None

    def seal_bytes(self, session: Session, place: Place, text: bytes) -> bytes:
        """Seal bytes as they are: the caller has hidden their length, if it tells anything."""
        key = self.sealing_key(session, place.subject_id)
        return key.seal(text, place.bind(key.head))

    def open_bytes(self, session: Session, place: Place, sealed: bytes) -> bytes:
        """Open what `seal_bytes` or `seal` sealed. Raises as `open` does."""
        if sealed == ERASED:
            row = session.get(DataKey, place.subject_id)
            raise Erased if row is not None and row.wrapped is None else _refusal(place)
        key = self.key(session, place.subject_id)
        if sealed[:HEAD_BYTES] != key.head:
            key = self._key_anew(session, place.subject_id)
            if sealed[:HEAD_BYTES] != key.head:
                raise _refusal(place, KeyChanged)
        try:
            return key.open(sealed, place.bind(key.head))
        except (InvalidTag, ValueError):
            raise _refusal(place) from None

    def token(
        self, version: int, kind: str, value: str, organisation_id: UUID | None = None
    ) -> bytes:
        """Return the 64-bit index token of a normalised value, under the key of its kind.

        `version` is that of an index root in force: see `cdop.security.index_roots`. With an
        organisation, the key is that organisation's own: tokens of two do not compare.
        """
        purpose = f"index:{kind}:{organisation_id or ''}"
        return _mac(self.ring.derive(purpose, version), value)[:TOKEN_BYTES]

    def mark(self, kind: str, value: str) -> str:
        """Return 16 digits that are the same for the same value through every rotation."""
        return _mac(self.ring.anchored(kind), value)[:TOKEN_BYTES].hex()

    def key(self, session: Session, subject_id: UUID) -> CaseKey:
        """Return a case's key for reading. Raises Unsafe when there is none, Erased afterwards."""
        unit = self._keys.within(session)
        found = unit.held.get(subject_id) or unit.opened.get(subject_id)
        if found is None:
            found = self._find(session, subject_id)
            self._keys.keep(unit, subject_id, found)
        return found

    def prepare(self, session: Session, subject_ids: Iterable[UUID]) -> None:
        """Open the keys of many cases at once, so that reading them asks for none one by one."""
        unit = self._keys.within(session)
        lacking = [each for each in {*subject_ids} if each not in unit.opened]
        for start in range(0, len(lacking), PREPARED):
            some = lacking[start : start + PREPARED]
            rows: Any = session.exec(_KEY.where(col(DataKey.subject_id).in_(some)))
            for row in rows:
                if row.wrapped is not None:
                    self._keys.keep(unit, row.subject_id, self._open(row))

    def sealing_key(self, session: Session, subject_id: UUID) -> CaseKey:
        """Return a case's key for sealing, and make it when there is none.

        Nobody can change or destroy it before this unit of work ends.
        """
        unit = self._keys.within(session)
        held = unit.held.get(subject_id)
        if held is None:
            query = _KEY.where(DataKey.subject_id == subject_id).with_for_update(read=True)
            row = session.exec(query).first()
            held = self._make(session, subject_id) if row is None else self._open(row)
            # Not shared before the commit: a rollback would leave a key that no row holds.
            unit.held[subject_id] = held
        return held

    def replace_key(self, session: Session, subject_id: UUID) -> tuple[CaseKey, CaseKey]:
        """Give a case a new key of the next generation. Returns the old one and the new.

        The caller seals all of the case's rows again in this unit of work. Raises Erased.
        """
        unit = self._keys.within(session)
        row = session.get_one(DataKey, subject_id, with_for_update=True, populate_existing=True)
        old = self._open(row)
        version = current_version(session)
        row.generation += 1
        made, row.wrapped = self.wrapping.new(version, subject_id, row.generation)
        row.kek_version = row.made_under = version
        session.flush()
        unit.held[subject_id] = made
        return old, made

    def destroy(self, session: Session, subject_id: UUID, at: datetime) -> None:
        """Destroy a case's key for good: no process opens or seals anything under it afterwards.

        Waits for units of work that are sealing under it, and makes later ones wait.
        """
        unit = self._keys.within(
            session
        )  # before: a destruction that is undone must not be counted
        row = session.get(DataKey, subject_id, with_for_update=True, populate_existing=True)
        if row is None:
            row = DataKey(subject_id=subject_id, generation=0)
        row.wrapped = row.kek_version = row.made_under = None
        row.destroyed_at = row.destroyed_at or at
        session.add(row)
        session.flush()
        unit.opened = {}  # others go on with theirs until this is committed
        unit.held.pop(subject_id, None)

    def _key_anew(self, session: Session, subject_id: UUID) -> CaseKey:
        unit = self._keys.within(session)
        if subject_id not in unit.held:
            self._keys.keep(unit, subject_id, self._find(session, subject_id))
        return self.key(session, subject_id)

    def _find(self, session: Session, subject_id: UUID) -> CaseKey:
        row = session.exec(_KEY.where(DataKey.subject_id == subject_id)).first()
        if row is None:
            raise Unsafe(f"The key of the sealed record {subject_id} is missing.")
        return self._open(row)

    def _open(self, row: Any) -> CaseKey:
        if row.wrapped is None:
            raise Erased
        key = self.wrapping.unwrap(row.kek_version, row.subject_id, row.generation, row.wrapped)
        return CaseKey(key, row.generation)

    def _make(self, session: Session, subject_id: UUID) -> CaseKey:
        version = current_version(session)
        made, wrapped = self.wrapping.new(version, subject_id, 1)
        session.execute(
            insert(DataKey).values(
                subject_id=subject_id,
                generation=1,
                kek_version=version,
                made_under=version,
                wrapped=wrapped,
            )
        )
        return made


def place_of(row: Sealed, column: str) -> Place:
    """Return the place of a row's column at its present revision."""
    return Place(str(row.__tablename__), column, row.id, row.subject_id, row.sealed_revision)


def current_version(session: Session) -> int:
    """Return the version that new case keys are wrapped under. Raises Unsafe when there is none."""
    version = session.exec(_CURRENT).first()
    if version is None:
        raise Unsafe("The database names no key to seal with: it is not a whole register.")
    return version


def _mac(key: bytes, text: str) -> bytes:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(text.encode())
    return mac.finalize()


def _pad(text: bytes) -> bytes:
    """Pad JSON with blanks to a multiple of 64 bytes, so that its length tells little."""
    return text + b" " * (-len(text) % PAD_TO)


def _refusal(place: Place, kind: type[Unsafe] = Unsafe) -> Unsafe:
    return kind(
        f"A sealed value does not open: {place.table}.{place.column}, row {place.row_id}. "
        "It was changed or moved outside the register. Tell whoever runs it."
    )
