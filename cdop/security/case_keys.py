"""A case's key: sealing and opening bytes with it, and wrapping it under a key of the ring.

Nothing here knows the database. What is opened in bulk (names to be searched) uses `CaseKey` and
`column` directly; everything else goes through `cdop.security.vault`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from os import urandom
from typing import Any, NoReturn
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cdop.errors import Unsafe
from cdop.security.held_ring import HeldRing
from cdop.security.keys import KEY_BYTES, Ring

FORMAT = b"\x01"
NONCE_BYTES = 12
HEAD_BYTES = 3
_VERSION_BYTES = 4

Wrapped = Sequence[Any]
"""A row of `data_keys`: subject_id, generation, kek_version, wrapped."""


_ID, _REVISION, _HEAD = (length.to_bytes(4) for length in (16, 8, HEAD_BYTES))


@lru_cache(maxsize=256)
def column(table: str, name: str) -> bytes:
    """Return the part of the associated data that all values of a column share."""
    parts = (table.encode(), name.encode())
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def row(row_id: UUID, subject_id: UUID, revision: int, head: bytes) -> bytes:
    """Return the part of the associated data that all values of a row share."""
    return b"".join(
        (_ID, row_id.bytes, _ID, subject_id.bytes, _REVISION, revision.to_bytes(8), _HEAD, head)
    )


class CaseKey:
    """An opened case key. Keeps the cipher ready, and nothing that could be printed.

    `head` begins every value sealed with it: the format, and the key's generation. What is bound to
    a value is `column(…) + row(…, key.head)`. `seal(text, bound)` seals bytes under a new random
    nonce; `open(sealed, bound)` opens them, and raises InvalidTag or ValueError unless they were
    sealed with this key and so bound.
    """

    __slots__ = ("head", "open", "seal")

    def __init__(self, key: bytes, generation: int) -> None:
        cipher = AESGCM(key)
        self.head = FORMAT + generation.to_bytes(2)
        self.seal = _sealing(cipher, self.head)
        self.open = _opening(cipher, self.head)

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are neither pickled nor copied")


# Functions that remember, not methods: looking up attributes would be a tenth of an opening.


def _sealing(cipher: AESGCM, head: bytes) -> Callable[[bytes, bytes], bytes]:
    encrypt = cipher.encrypt

    def seal(text: bytes, bound: bytes) -> bytes:
        nonce = urandom(NONCE_BYTES)
        return head + nonce + encrypt(nonce, text, bound)

    return seal


def _opening(cipher: AESGCM, head: bytes) -> Callable[[bytes, bytes], bytes]:
    decrypt = cipher.decrypt

    def open_(sealed: bytes, bound: bytes) -> bytes:
        if sealed[:3] != head:
            raise InvalidTag
        return decrypt(sealed[3:15], sealed[15:], bound)

    return open_


class Wrapping:
    """The ring's key-encryption keys, ready for use; safe to share between threads.

    When a key is wrapped under a version that the ring lacks, another process has rotated the keys:
    the ring is then read anew.
    """

    def __init__(self, held: HeldRing) -> None:
        self._held = held
        self._ciphers = _ciphers(held.ring)

    def new(self, version: int, subject_id: UUID, generation: int) -> tuple[CaseKey, bytes]:
        """Make a case key. Returns it opened and wrapped."""
        key = urandom(KEY_BYTES)
        return CaseKey(key, generation), self.wrap(version, subject_id, generation, key)

    def wrap(self, version: int, subject_id: UUID, generation: int, key: bytes) -> bytes:
        """Wrap a case key under a version of the ring's. Raises Unsafe when the ring lacks it."""
        nonce = urandom(NONCE_BYTES)
        bound = wrapped_at(subject_id.bytes, generation, version)
        return nonce + self.cipher(version).encrypt(nonce, key, bound)

    def unwrap(self, version: int, subject_id: UUID, generation: int, wrapped: bytes) -> bytes:
        """Unwrap a case key. Raises Unsafe when it was changed, moved, or is not of this ring."""
        bound = wrapped_at(subject_id.bytes, generation, version)
        cipher = self.cipher(version)
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise _wrong_key(subject_id) from None

    def wrap_anew(self, version: int, keys: Sequence[Wrapped]) -> list[bytes]:
        """Wrap many keys anew under one version, in their order.

        Each is a row of case, generation, version and wrapped key. Raises Unsafe as `unwrap` does.
        """
        encrypt, number = self.cipher(version).encrypt, version.to_bytes(4)
        decrypt = {before: self.cipher(before).decrypt for before in {key[2] for key in keys}}
        nonces, anew = urandom(NONCE_BYTES * len(keys)), []
        for at, (subject, generation, before, wrapped) in enumerate(keys):
            bound = wrapped_at(_case(subject), generation, before)
            try:
                key = decrypt[before](wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
            except (InvalidTag, ValueError):
                raise _wrong_key(subject) from None
            nonce = nonces[NONCE_BYTES * at : NONCE_BYTES * (at + 1)]
            anew.append(nonce + encrypt(nonce, key, bound[:-_VERSION_BYTES] + number))
        return anew

    def cipher(self, version: int) -> AESGCM:
        """Return a key-encryption key ready for use. Raises Unsafe when the ring lacks it."""
        found = self._ciphers.get(version) or self._read_again(version)
        if found is None:
            raise Unsafe(
                f"A sealed record's key is wrapped under version {version}, which is not in this "
                "register's key file: put the newest key file in its place."
            )
        return found

    def _read_again(self, version: int) -> AESGCM | None:
        self._ciphers = _ciphers(self._held.read_again("sealing", version))
        return self._ciphers.get(version)


def _case(subject: UUID | str) -> bytes:
    """Return the bytes of a case's id as either driver gives it; `UUID` takes twice as long."""
    return bytes.fromhex(subject.replace("-", "")) if isinstance(subject, str) else subject.bytes


def _wrong_key(subject: UUID | str) -> Unsafe:
    return Unsafe(
        f"The key of the sealed record {subject} does not open with this register's key file."
    )


def wrapped_at(subject: bytes, generation: int, version: int) -> bytes:
    """Return the associated data of a wrapped case key: it opens for this case alone."""
    return b"".join(
        (b"data-key", FORMAT, subject, generation.to_bytes(2), version.to_bytes(_VERSION_BYTES))
    )


def _ciphers(ring: Ring) -> dict[int, AESGCM]:
    return {version: AESGCM(key) for version, key in ring.sealing.items()}
