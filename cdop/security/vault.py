"""Sealing: AES-256-GCM under a key of the case, bound to table, column, row, case and revision.

Wire format (bytes): format(1) ‖ key generation(2) ‖ nonce(12) ‖ ciphertext ‖ tag(16). The
associated data are length-prefixed, so that no two places ever share them. A value that was
moved, swapped, cut or put back from an older revision does not open, and the error names the place
and no more.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ValidationError
from sqlalchemy import func
from sqlmodel import Session, col, select

from cdop.errors import Erased, Unsafe
from cdop.security.keys import KEY_BYTES, Ring
from cdop.security.models import DataKey
from cdop.security.sealing import ERASED

FORMAT = b"\x01"
NONCE_BYTES = 12
TOKEN_BYTES = 8
PAD_TO = 64
_CACHED_KEYS = 4096
_MADE_HERE = "cdop.keys_made"  # in `Session.info`: keys that a rollback would take back
_HELD = "cdop.keys_held"  # keys that nobody can destroy before this unit of work ends
_DESTROYED = "cdop.keys_destroyed"  # how many were destroyed when this unit of work first asked

_COUNT_DESTROYED = select(func.count()).where(col(DataKey.wrapped).is_(None))

D = TypeVar("D", bound=BaseModel)


@dataclass(frozen=True)
class Place:
    """Where a sealed value stands: it opens there and nowhere else."""

    table: str
    column: str
    row_id: UUID
    subject_id: UUID
    revision: int

    def bind(self, generation: bytes) -> bytes:
        """Return the associated data: every part prefixed with its length."""
        parts = (
            FORMAT,
            generation,
            self.table.encode(),
            self.column.encode(),
            self.row_id.bytes,
            self.subject_id.bytes,
            self.revision.to_bytes(8),
        )
        return b"".join(len(part).to_bytes(4) + part for part in parts)


class _CaseKey:
    """An opened case key. Keeps the cipher ready, and nothing that could be printed."""

    __slots__ = ("cipher", "generation")

    def __init__(self, key: bytes, generation: int) -> None:
        self.cipher = AESGCM(key)
        self.generation = generation.to_bytes(2)


class Vault:
    """Seals and opens values with the register's ring. Safe to share between threads."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self._wrapping = {v: AESGCM(key) for v, key in ring.sealing.items()}
        self._opened: OrderedDict[UUID, _CaseKey] = OrderedDict()
        self._destroyed = 0
        self._lock = Lock()

    def seal(self, session: Session, place: Place, document: BaseModel) -> bytes:
        """Seal a document at its place, making the case's key when it has none yet."""
        key = self._key(session, place.subject_id, create=True)
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = _pad(document.model_dump_json(exclude_defaults=True).encode())
        sealed = key.cipher.encrypt(nonce, text, place.bind(key.generation))
        return FORMAT + key.generation + nonce + sealed

    def open(self, session: Session, place: Place, sealed: bytes, document: type[D]) -> D:
        """Open a sealed document.

        Raises Unsafe when it was not sealed at this very place and revision, or was changed;
        Erased when the case's key was destroyed.
        """
        if sealed == ERASED:
            row = session.get(DataKey, place.subject_id)
            raise Erased if row is not None and row.wrapped is None else _refusal(place)
        key = self._key(session, place.subject_id, create=False)
        head, nonce, body = sealed[:3], sealed[3:15], sealed[15:]
        if head != FORMAT + key.generation:
            raise _refusal(place)
        try:
            text = key.cipher.decrypt(nonce, body, place.bind(key.generation))
        except (InvalidTag, ValueError):
            raise _refusal(place) from None
        try:
            return document.model_validate_json(text)
        except ValidationError:  # its text repeats what was sealed
            raise _refusal(place) from None

    def token(self, kind: str, value: str, organisation_id: UUID | None = None) -> bytes:
        """Return the 64-bit index token of a normalised value, under the key of its kind.

        With an organisation, the key is that organisation's own: tokens of two do not compare.
        """
        purpose = f"index:{kind}:{organisation_id or ''}"
        mac = hmac.HMAC(self.ring.derive(purpose), hashes.SHA256())
        mac.update(value.encode())
        return mac.finalize()[:TOKEN_BYTES]

    def destroy(self, session: Session, subject_id: UUID, at: datetime) -> None:
        """Destroy a case's key for good: no process opens or seals anything under it afterwards.

        Waits for units of work that are sealing under it, and makes later ones wait.
        """
        row = session.get(DataKey, subject_id, with_for_update=True)
        if row is None:
            row = DataKey(subject_id=subject_id, generation=0, kek_version=0)
        row.wrapped, row.destroyed_at = None, row.destroyed_at or at
        session.add(row)
        session.flush()
        with self._lock:
            self._opened.pop(subject_id, None)

    def _key(self, session: Session, subject_id: UUID, *, create: bool) -> _CaseKey:
        self._heed_destroyed(session)
        held: set[UUID] = session.info.setdefault(_HELD, set())
        if not create or subject_id in held:
            with self._lock:
                opened = self._opened.get(subject_id)
                if opened is not None:
                    self._opened.move_to_end(subject_id)
                    return opened
        lock = {"read": True} if create and subject_id not in held else None
        row = session.get(DataKey, subject_id, with_for_update=lock)
        if create:
            held.add(subject_id)
        if row is not None:
            opened = self._unwrap(row)
            if subject_id not in session.info.get(_MADE_HERE, ()):
                self._remember(session, subject_id, opened)
            return opened
        if not create:
            raise Unsafe(f"The key of the sealed record {subject_id} is missing.")
        # Not remembered before the commit: a rollback would leave a key that no row holds.
        session.info.setdefault(_MADE_HERE, set()).add(subject_id)
        return self._unwrap(self._create(session, subject_id))

    def _heed_destroyed(self, session: Session) -> None:
        """Forget every opened key when one was destroyed, by any process; once a unit of work."""
        if _DESTROYED in session.info:
            return
        seen = session.info[_DESTROYED] = session.exec(_COUNT_DESTROYED).one()
        with self._lock:
            if seen > self._destroyed:
                self._opened.clear()
                self._destroyed = seen

    def _create(self, session: Session, subject_id: UUID) -> DataKey:
        version, generation, key = (
            self.ring.sealing_version,
            1,
            secrets.token_bytes(KEY_BYTES),
        )
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound = _wrap_place(subject_id, generation, version)
        wrapped = nonce + self._wrapping[version].encrypt(nonce, key, bound)
        row = DataKey(
            subject_id=subject_id,
            generation=generation,
            kek_version=version,
            wrapped=wrapped,
        )
        session.add(row)
        session.flush()
        return row

    def _unwrap(self, row: DataKey) -> _CaseKey:
        if row.wrapped is None:
            raise Erased
        bound = _wrap_place(row.subject_id, row.generation, row.kek_version)
        try:
            key = self._wrapping[row.kek_version].decrypt(row.wrapped[:12], row.wrapped[12:], bound)
        except (KeyError, InvalidTag, ValueError):
            raise Unsafe(
                f"The key of the sealed record {row.subject_id} does not open with this "
                "register's key file."
            ) from None
        return _CaseKey(key, row.generation)

    def _remember(self, session: Session, subject_id: UUID, opened: _CaseKey) -> None:
        with self._lock:
            if session.info[_DESTROYED] != self._destroyed:
                return  # this unit of work began before a key was destroyed, perhaps this one
            self._opened[subject_id] = opened
            while len(self._opened) > _CACHED_KEYS:
                self._opened.popitem(last=False)


def _wrap_place(subject_id: UUID, generation: int, version: int) -> bytes:
    return b"".join(
        (
            b"data-key",
            FORMAT,
            subject_id.bytes,
            generation.to_bytes(2),
            version.to_bytes(4),
        )
    )


def _pad(text: bytes) -> bytes:
    """Pad JSON with blanks to a multiple of 64 bytes, so that its length tells little."""
    return text + b" " * (-len(text) % PAD_TO)


def _refusal(place: Place) -> Unsafe:
    return Unsafe(
        f"A sealed value does not open: {place.table}.{place.column}, row {place.row_id}. "
        "It was changed or moved outside the register. Tell whoever runs it."
    )
