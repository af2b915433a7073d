"""The key file: key-encryption keys and index roots, each with a version. It never leaves 0600."""

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cdop.errors import Misconfigured

KEY_BYTES = 32
_RESTORE = "Restore the key file from where its copy is kept; without it nothing sealed opens."


@dataclass(frozen=True, repr=False)
class Ring:
    """The register's keys in memory. `repr` is not generated: it must never show a key."""

    sealing: dict[int, bytes]
    index: dict[int, bytes]

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are neither pickled nor copied")

    @property
    def sealing_version(self) -> int:
        """Return the version that new case keys are wrapped under."""
        return max(self.sealing)

    @property
    def index_version(self) -> int:
        """Return the version that new index tokens are made with."""
        return max(self.index)

    def derive(self, purpose: str, version: int | None = None) -> bytes:
        """Derive a 32-byte key for `purpose` from the index root by HKDF-SHA256."""
        root = self.index[version or self.index_version]
        return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(root)

    def check_value(self, register_id: bytes) -> bytes:
        """Return a value that only this ring gives for this register: finds a wrong key file."""
        mac = hmac.HMAC(self.derive("register-check", min(self.index)), hashes.SHA256())
        mac.update(register_id)
        for version, key in sorted(self.sealing.items()):
            if version == min(self.sealing):
                inner = hmac.HMAC(key, hashes.SHA256())
                inner.update(register_id)
                mac.update(inner.finalize())
        return mac.finalize()


def create(path: Path) -> Ring:
    """Make a new key file, readable by its owner only.

    Raises Misconfigured when the file exists: a key file is never overwritten.
    """
    ring = Ring({1: secrets.token_bytes(KEY_BYTES)}, {1: secrets.token_bytes(KEY_BYTES)})
    document = {
        "format": 1,
        "sealing": _encode(ring.sealing),
        "index": _encode(ring.index),
    }
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Misconfigured(f"A key file stands at {path} already; it is not replaced.") from error
    except OSError as error:
        raise Misconfigured(
            f"The key file cannot be written to {path.parent}: make the folder writable."
        ) from error
    with os.fdopen(descriptor, "w") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return ring


def load(path: Path) -> Ring:
    """Read the key file.

    Raises Misconfigured when it is missing, open to others, or not a key file of this format.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise Misconfigured(f"There is no key file at {path}. {_RESTORE}") from error
    except OSError as error:
        raise Misconfigured(f"The key file at {path} cannot be read by this user.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise Misconfigured(f"The key file at {path} can be read by others. Type: chmod 600 {path}")
    try:
        document = json.loads(text)
        ring = Ring(_decode(document["sealing"]), _decode(document["index"]))
        intact = document["format"] == 1 and ring.sealing and ring.index
    except (ValueError, KeyError, TypeError, AttributeError):
        intact = False
    if not intact:
        raise Misconfigured(
            f"The file at {path} is not a whole key file of this format. {_RESTORE}"
        )
    return ring


def _encode(keys: dict[int, bytes]) -> dict[str, str]:
    return {str(version): base64.b64encode(key).decode() for version, key in keys.items()}


def _decode(keys: dict[str, str]) -> dict[int, bytes]:
    decoded = {int(v): base64.b64decode(key, validate=True) for v, key in keys.items()}
    if any(len(key) != KEY_BYTES or len(set(key)) < 8 for key in decoded.values()):
        raise ValueError("a key has the wrong length, or is a placeholder")
    return decoded
