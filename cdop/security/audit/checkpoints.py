"""Checkpoints: what a tree of audit lines was at one moment, signed, as text.

The text is a signed note of a transparency log (c2sp.org/tlog-checkpoint, c2sp.org/signed-note):
origin, size, root and, as an extension line, the time; then the signature by Ed25519. Other
programs read it too. The signing key is derived from the anchor of the key file: every server has
it, no copy can be forgotten, and key files made before it serve on.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cdop.errors import Unsafe
from cdop.security.audit.merkle import HASH_BYTES
from cdop.security.keys import Ring

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_TIME = "time "
_MARK, _ASCII_DASH = "cdop-checkpoint ", "-- "


@dataclass(frozen=True)
class Checkpoint:
    """A tree's size and root at one moment. `origin` names the register and the tree."""

    origin: str
    size: int
    root: bytes
    at: datetime

    def text(self) -> str:
        """Return what is signed."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\n{_TIME}{at}\n"


def origin_of(register_id: UUID, tree: UUID) -> str:
    """Return the name of one tree of one register."""
    return f"{name_of(register_id)}/{tree}"


def name_of(register_id: UUID) -> str:
    """Return the name under which a register signs."""
    return f"cdop/{register_id}"


class Signer:
    """Signs the checkpoints of one register."""

    def __init__(self, seed: bytes, register_id: UUID) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name_of(register_id), self._key.public_key())

    def note(self, checkpoint: Checkpoint) -> str:
        """Return the signed text of a checkpoint."""
        text = checkpoint.text()
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.verifier.name} {signature}\n"


def signer_of(ring: Ring, register_id: UUID) -> Signer:
    """Return what a register signs with; a process derives the key once."""
    return _signer(ring.anchored("audit-checkpoint"), register_id)


class Verifier:
    """Opens the checkpoints of one register, with its public key alone."""

    def __init__(self, name: str, key: Ed25519PublicKey) -> None:
        self.name = name
        self._key = key
        self._public = _ED25519 + key.public_bytes_raw()
        self.id = hashlib.sha256(name.encode() + b"\n" + self._public).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Return the verifier that `encode` wrote. Raises Unsafe for anything else."""
        try:
            name, id, key = text.strip().split("+", 2)
            public = base64.b64decode(key, validate=True)
            found = cls(name, Ed25519PublicKey.from_public_bytes(public.removeprefix(_ED25519)))
        except ValueError:
            raise Unsafe("This is not the public key of an audit log.") from None
        if found.encode() != f"{name}+{id}+{key}":
            raise Unsafe("The public key is damaged: its parts do not belong together.")
        return found

    def encode(self) -> str:
        """Return the public key as text: what `cdop audit key` prints."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self._public).decode()}"

    def signed_text(self, note: str) -> str:
        """Return the text of a note that this key signed. Raises Unsafe for any other."""
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        start = f"{_DASH}{self.name} "
        for line in signatures.splitlines():
            if line.startswith(start) and self._signed(line.removeprefix(start), text):
                return text
        raise Unsafe("A checkpoint is not signed by the key of this register.")

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note. Raises Unsafe unless this key signed it."""
        text = self.signed_text(note)
        try:
            origin, size, root, time = text.splitlines()
            hash = base64.b64decode(root, validate=True)
            found = Checkpoint(
                origin, int(size), hash, datetime.fromisoformat(time.removeprefix(_TIME))
            )
        except ValueError:
            found = None
        if found is None or len(hash) != HASH_BYTES or found.text() != text:
            raise Unsafe("A checkpoint is signed, but not in the form that this program writes.")
        return found

    def _signed(self, encoded: str, text: str) -> bool:
        try:
            signature = base64.b64decode(encoded, validate=True)
            # Several texts decode to the same bytes: only the one that is written counts.
            is_ours = base64.b64encode(signature).decode() == encoded
            if is_ours and signature[:4] == self.id:
                self._key.verify(signature[4:], text.encode())
                return True
        except (ValueError, InvalidSignature):
            pass
        return False


def one_line(note: str) -> str:
    """Return a note as the one line of ASCII that passes through any syslog."""
    return _MARK + "|".join(note.splitlines()).replace(_DASH, _ASCII_DASH)


def notes_in(text: str) -> list[str]:
    """Return the notes that stand in a text one after the other, as sinks keep them.

    Lines around them, such as the header of a mail, and what syslog writes before each line are
    passed over. Raises Unsafe when there is none.
    """
    found, block = [], []
    for line in _lines(text):
        block.append(line)
        if line.startswith(_DASH):
            found.append("\n".join(block[-6:]) + "\n")
            block = []
    if not found:
        raise Unsafe("There is no checkpoint in this file.")
    return found


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        _, mark, note = line.partition(_MARK)
        if mark:
            yield from note.replace(f"|{_ASCII_DASH}", f"|{_DASH}").split("|")
        else:
            yield line


@lru_cache(maxsize=4)
def _signer(seed: bytes, register_id: UUID) -> Signer:
    return Signer(seed, register_id)
