"""The file of a backup: a ZIP with one file of JSON lines for each table, and a manifest.

The manifest names every table with its digest, and carries a code that only the register's own
keys give: a backup that somebody changed is found. The file ends with the SHA-256 of all before it.
"""

import hashlib
import hmac
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from cdop.errors import Misconfigured, Refused, Unsafe
from cdop.security.keys import Ring

MANIFEST = "manifest.json"
# The comment with which the ZIP ends: the digest of the whole file up to there, in hex.
DIGEST_BYTES = 64
# Far above what the register writes: a file made to unpack without end stops here.
_LARGEST_MANIFEST, _LONGEST_LINE = 2**20, 2**26
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError)


class Entry(BaseModel):
    """One table of a backup: its columns, how many rows, and the SHA-256 of its lines."""

    model_config = ConfigDict(extra="forbid")

    table: str
    columns: list[str]
    rows: int
    sha256: str

    @property
    def member(self) -> str:
        """Return the name of its file within the archive."""
        return f"tables/{self.table}.jsonl"


class Manifest(BaseModel):
    """What a backup is a backup of. `code` is the keyed digest over all the rest.

    `key_version` stands in older backups: the index root that their code was made with.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    program: str
    register_id: UUID
    revision: str
    created_at: datetime
    key_version: int | None = None
    tables: list[Entry] = []
    code: str = ""

    @property
    def rows(self) -> int:
        """Return the rows of all tables together."""
        return sum(entry.rows for entry in self.tables)

    def code_by(self, ring: Ring) -> str:
        """Return the code that these keys give for this manifest."""
        text = self.model_dump_json(exclude={"code"})
        purpose = "backup-manifest"
        old = self.key_version
        key = ring.anchored(purpose) if old is None else ring.derive(purpose, old)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def check_code(self, ring: Ring) -> None:
        """Raise Unsafe when the backup was changed, or made by a register with other keys."""
        known = self.key_version is None or self.key_version in ring.index
        if not known or not hmac.compare_digest(self.code, self.code_by(ring)):
            raise Unsafe(
                "The backup was changed after it was made, or these keys are another register's."
            )


class Writer:
    """Adds tables to an archive, then its manifest."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    def add(self, table: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
        """Write all rows of a table."""
        entry = Entry(table=table, columns=columns, rows=0, sha256="")
        digest = hashlib.sha256()
        with self._archive.open(entry.member, "w", force_zip64=True) as out:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                out.write(line)
                entry.rows += 1
        entry.sha256 = digest.hexdigest()
        self.manifest.tables.append(entry)

    def finish(self, ring: Ring) -> None:
        """Write the manifest with its code."""
        self.manifest.code = self.manifest.code_by(ring)
        self._archive.writestr(MANIFEST, self.manifest.model_dump_json(indent=1))


class Reader:
    """Reads tables of an archive and finds any difference from its manifest."""

    def __init__(self, archive: zipfile.ZipFile, file: Path) -> None:
        self._archive = archive
        self._file = file
        try:
            if archive.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
                raise broken(file)
            self.manifest = Manifest.model_validate_json(archive.read(MANIFEST))
        except (*_BROKEN, ValidationError):
            raise broken(file) from None

    def rows(self, entry: Entry) -> Iterator[list[Any]]:
        """Yield a table's rows. Raises Unsafe, at the end, unless they are as the manifest says."""
        digest, count = hashlib.sha256(), 0
        try:
            with self._archive.open(entry.member) as lines:
                while line := lines.readline(_LONGEST_LINE):
                    if len(line) == _LONGEST_LINE:
                        raise broken(self._file)
                    digest.update(line)
                    count += 1
                    yield json.loads(line)
        except _BROKEN:
            raise broken(self._file) from None
        if (count, digest.hexdigest()) != (entry.rows, entry.sha256):
            raise broken(self._file)


@contextmanager
def writing(file: Path, manifest: Manifest) -> Iterator[Writer]:
    """Open a new archive, 0600; it has its name once the block ends well, and else is not there.

    Raises Refused when something stands there, Misconfigured when the folder cannot be written.
    """
    if file.exists():
        raise Refused(f"{file} stands there already; a backup is never written over.")
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Misconfigured(f"No file can be written in {file.parent}.") from error
    try:
        with os.fdopen(descriptor, "w+b") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.comment = b"0" * DIGEST_BYTES
                yield Writer(archive, manifest)
            digest = _digest(raw)
            raw.seek(-DIGEST_BYTES, os.SEEK_END)
            raw.write(digest)
            raw.flush()
            os.fsync(raw.fileno())
        partial.rename(file)
        _sync_folder(file.parent)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def reading(file: Path) -> Iterator[Reader]:
    """Open an archive. Raises Unsafe when it is not a whole one, Misconfigured when unreadable."""
    try:
        with file.open("rb") as raw:
            whole = _digest(raw)
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile:
        raise broken(file) from None
    except OSError as error:
        raise Misconfigured(f"The backup {file} cannot be read.") from error
    if archive.comment != whole:
        archive.close()
        raise broken(file)
    with archive:
        yield Reader(archive, file)


def broken(file: Path) -> Unsafe:
    """Return the error for a file that is not what was written."""
    return Unsafe(f"{file} is not a whole backup: it was cut, damaged or changed. Use another one.")


def _digest(raw: BinaryIO) -> bytes:
    """Return the digest of a file without the last `DIGEST_BYTES` of it."""
    left = max(raw.seek(0, os.SEEK_END) - DIGEST_BYTES, 0)
    raw.seek(0)
    digest = hashlib.sha256()
    while left and (block := raw.read(min(left, 2**20))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest().encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
