"""The key file: key-encryption keys and index roots, each with a version, and an anchor.

The file is JSON, wrapped by a provider (`cdop.security.providers`) or plain and guarded by its mode
alone. Which key is in use is not written here but in the database, where a change of it is a
transaction: see `cdop.security.rotation`.
"""

import base64
import json
import secrets
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cdop.errors import Misconfigured
from cdop.security import private_files
from cdop.security.providers import FILE, Provider

KEY_BYTES = 32
FORMAT = 1
OF_ITS_TIME = "That key was retired since: put a copy of the key file of that time in its place."
NEWEST = "It is older than the register: put the newest copy of the key file in its place."
_RESTORE = "Restore the key file from where its copy is kept; without it nothing sealed opens."


@dataclass(frozen=True, repr=False)
class Ring:
    """The register's keys in memory. `repr` is not generated: it must never show a key.

    `sealing` are the key-encryption keys by version, `retired` the versions whose key was thrown
    away (a number is never given twice), `index` the roots of index tokens. `anchor` stays the same
    for the register's life: it tells this register's ring from another's, whatever was rotated.
    `signing` are the roots of what is signed with, from version 2: the first comes of the anchor.
    """

    sealing: dict[int, bytes]
    index: dict[int, bytes]
    anchor: bytes
    retired: frozenset[int] = frozenset()
    signing: dict[int, bytes] = field(default_factory=dict)

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are neither pickled nor copied")

    def derive(self, purpose: str, version: int) -> bytes:
        """Derive a 32-byte key for `purpose` from an index root by HKDF-SHA256."""
        return derived(self.index[version], purpose)

    def anchored(self, purpose: str) -> bytes:
        """Derive a 32-byte key for `purpose` that stays the same through every rotation."""
        return derived(self.anchor, purpose)

    def check_value(self, register_id: bytes) -> bytes:
        """Return a value that only this ring gives for this register: finds a wrong key file."""
        return _mac(self.anchored("register-check"), register_id)

    def check_of(self, version: int) -> bytes:
        """Return a value that only this very key gives: finds a ring whose key was exchanged."""
        return _mac(self.sealing[version], b"cdop sealing key" + version.to_bytes(4))

    def index_check_of(self, version: int) -> bytes:
        """Return a value that only this very index root gives."""
        return _mac(self.index[version], b"cdop index root" + version.to_bytes(4))

    def added(self) -> "Ring":
        """Return a ring with one key-encryption key more, under the next version."""
        version = max({*self.sealing, *self.retired}) + 1
        return replace(self, sealing=self.sealing | {version: _new_key()})

    def without(self, version: int) -> "Ring":
        """Return a ring that has thrown one key-encryption key away."""
        left = {v: key for v, key in self.sealing.items() if v != version}
        return replace(self, sealing=left, retired=self.retired | {version})

    def with_index_root(self) -> "Ring":
        """Return a ring with one index root more, under the next version."""
        return replace(self, index=self.index | {max(self.index) + 1: _new_key()})

    def with_signing_root(self) -> "Ring":
        """Return a ring with one root more of what is signed with, under the next version."""
        return replace(self, signing=self.signing | {max({1, *self.signing}) + 1: _new_key()})

    def with_newest_index_root(self) -> "Ring":
        """Return a ring that has thrown all index roots away but the newest."""
        newest = max(self.index)
        return replace(self, index={newest: self.index[newest]})

    def encode(self) -> bytes:
        """Return the ring as JSON. It holds the keys themselves."""
        document = {
            "format": FORMAT,
            "anchor": _text(self.anchor),
            "sealing": {str(version): _text(key) for version, key in self.sealing.items()},
            "retired": sorted(self.retired),
            "index": {str(version): _text(key) for version, key in self.index.items()},
            "signing": {str(version): _text(key) for version, key in self.signing.items()},
        }
        return json.dumps(document, indent=1).encode()


def new_ring() -> Ring:
    """Return a ring of new random keys, all of version 1."""
    return Ring({1: _new_key()}, {1: _new_key()}, _new_key())


def create(path: Path, provider: Provider = FILE, ring: Ring | None = None) -> Ring:
    """Make a new key file, readable by its owner only, of new keys unless a ring is given.

    Raises Misconfigured when the file exists: a key file is never overwritten.
    """
    ring = ring or new_ring()
    try:
        private_files.create(path, _content(ring, provider))
    except FileExistsError as error:
        raise Misconfigured(f"A key file stands at {path} already; it is not replaced.") from error
    except OSError as error:
        raise Misconfigured(
            f"The key file cannot be written to {path.parent}: make the folder writable."
        ) from error
    return ring


def load(path: Path, provider: Provider = FILE) -> Ring:
    """Read the key file.

    Raises Misconfigured when it is missing, open to others, a placeholder, wrapped by another
    provider or by none, or not a key file of this format.
    """
    document = _read(path, provider)
    if not provider.wraps:
        return _ring(path, document)
    try:
        wrapped = base64.b64decode(document["wrapped"], validate=True)
    except (ValueError, TypeError):
        raise _not_whole(path) from None
    return _ring(path, _parsed(path, provider.unwrap(wrapped)))


def save(path: Path, ring: Ring, provider: Provider = FILE) -> None:
    """Put a changed ring in the place of the key file: all of it or nothing, even at a power cut.

    Raises Misconfigured when the file's folder cannot be written, as that of a mounted secret.
    """
    _replace(path, _content(ring, provider))


def rewrap(path: Path, provider: Provider) -> bool:
    """Wrap the key file anew, under the newest key of its provider. Says whether there was a need.

    A file that no provider wraps stays as it is.
    """
    if not provider.wraps:
        return False
    wrapped = base64.b64decode(_read(path, provider)["wrapped"])
    _replace(path, _envelope(provider, provider.rewrap(wrapped)))
    return True


def derived(root: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key for a purpose from a root by HKDF-SHA256."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(root)


def _mac(key: bytes, text: bytes) -> bytes:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(text)
    return mac.finalize()


def _new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES or len(set(key)) < 8:
        raise ValueError("a key has the wrong length, or is a placeholder")
    return key


def _content(ring: Ring, provider: Provider) -> bytes:
    content = ring.encode()
    return _envelope(provider, provider.wrap(content)) if provider.wraps else content


def _replace(path: Path, content: bytes) -> None:
    try:
        private_files.replace(path, content)
    except OSError as error:
        raise Misconfigured(
            f"The key file cannot be changed where it is: {path.parent} cannot be written. "
            "Name a file for the new ring with --to, and put it in its place yourself."
        ) from error


def _envelope(provider: Provider, wrapped: bytes) -> bytes:
    document = {"format": FORMAT, "provider": provider.name, "wrapped": _text(wrapped)}
    return json.dumps(document, indent=1).encode()


def _read(path: Path, provider: Provider) -> dict[str, Any]:
    """Read a key file and see that it may be read, and by this provider."""
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Misconfigured(f"There is no key file at {path}. {_RESTORE}") from error
    except OSError as error:
        raise Misconfigured(f"The key file at {path} cannot be read by this user.") from error
    if stat.S_IMODE(mode) & provider.forbidden_mode:
        raise Misconfigured(f"The key file at {path} can be read by others. {provider.mend(path)}")
    document = _parsed(path, content)
    wrapped_by = document.get("provider") if "wrapped" in document else None
    if wrapped_by != (provider.name if provider.wraps else None):
        held = f"is wrapped by {wrapped_by!r}" if wrapped_by else "is not wrapped at all"
        raise Misconfigured(
            f"The key file at {path} {held}, but CDOP_KEY_PROVIDER says {provider.name!r}."
        )
    return document


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        raise _not_whole(path) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _not_whole(path)
    return document


def _ring(path: Path, document: dict[str, Any]) -> Ring:
    try:
        ring = Ring(
            {int(version): _key(key) for version, key in document["sealing"].items()},
            {int(version): _key(key) for version, key in document["index"].items()},
            _key(document["anchor"]),
            frozenset(int(version) for version in document["retired"]),
            {int(version): _key(key) for version, key in document.get("signing", {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _not_whole(path) from None
    if not ring.sealing or not ring.index:
        raise _not_whole(path)
    return ring


def _not_whole(path: Path) -> Misconfigured:
    return Misconfigured(
        f"The file at {path} is not a whole key file of this format, or holds a placeholder. "
        f"{_RESTORE}"
    )
