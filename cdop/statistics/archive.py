"""The file that a package travels in: a zip with a manifest and the board's signature of it.

Written one way only, so that the same content is the same bytes; a reader writes it again and
compares. That finds a change anywhere, in what no manifest covers too.
"""

import base64
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from cdop.errors import Unsafe
from cdop.security.signing import is_signed

MANIFEST, SIGNATURE = "MANIFEST.sha256", "MANIFEST.sha256.sig"
EPOCH = (1980, 1, 1, 0, 0, 0)
LARGEST = 200_000_000
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(frozen=True)
class Checked:
    """A package that is as it was signed: its files, and the SHA-256 of the whole."""

    files: Mapping[str, bytes]
    digest: str


def pack(files: Mapping[str, bytes], sign: Callable[[bytes], bytes] | None) -> bytes:
    """Return a package of some files, with their manifest, signed if there is somebody to sign."""
    lines = [f"{sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    manifest = "".join(lines).encode()
    every = {**files, MANIFEST: manifest}
    if sign:
        every[SIGNATURE] = base64.b64encode(sign(manifest)) + b"\n"
    return write_zip(every)


def check_package(content: bytes, public_key: str) -> Checked:
    """Return a package's files if it is byte for byte what was signed with that key (PEM).

    Raises Unsafe, saying what does not fit; Invalid when that is no public key.
    """
    files = _read(content)
    if write_zip(files) != content:
        raise Unsafe("The file was changed: it is not written as a package is")
    manifest, signature = files.get(MANIFEST), files.get(SIGNATURE)
    if manifest is None or signature is None:
        raise Unsafe("The package is not signed")
    if not is_signed(public_key, _decoded(signature), manifest):
        raise Unsafe("The signature does not fit: the manifest was changed, or another key signed")
    listed = dict(_listed(manifest))
    rest = {name: text for name, text in files.items() if name not in (MANIFEST, SIGNATURE)}
    if set(listed) != set(rest):
        raise Unsafe("The package holds other files than its manifest lists")
    for name, text in rest.items():
        if sha256(text).hexdigest() != listed[name]:
            raise Unsafe(f"The file {name} was changed")
    return Checked(rest, sha256(content).hexdigest())


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of some files: in the order of their names, without times, not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def _read(content: bytes) -> dict[str, bytes]:
    """Read a zip that is not trusted: stored entries only, so that none grows when it is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise Unsafe("The file was changed: it is not written as a package is")
            if len(content) > LARGEST or sum(e.file_size for e in entries) > len(content):
                raise Unsafe("The file is larger than a package is")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError):
        raise Unsafe("The file is no whole zip: it was changed, or cut off") from None


def _decoded(signature: bytes) -> bytes:
    try:
        decoded = base64.b64decode(signature.rstrip(b"\n"), validate=True)
    except ValueError:
        decoded = b""
    if base64.b64encode(decoded) + b"\n" != signature:
        raise Unsafe("The signature is not written as one is")
    return decoded


def _listed(manifest: bytes) -> list[tuple[str, str]]:
    """Return (file, digest) of a manifest's lines. It was signed, so that it is as we wrote it."""
    found = [_LINE.fullmatch(line) for line in manifest.decode().splitlines()]
    return [(match[2], match[1]) for match in found if match]
