"""Small files for their owner alone (0600), written whole or not at all, even at a power cut."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdop.errors import Misconfigured


def create(path: Path, content: bytes) -> None:
    """Write a new file. Raises FileExistsError when something stands there, OSError otherwise."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of one. Call it while `changing` the path. Raises OSError."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)  # left by a crash: nobody else writes it now
    try:
        create(partial, content)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync(path.parent)


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Keep other processes that change this file waiting. Raises OSError without its folder."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def secret(path: Path, named_by: str) -> str:
    """Return the secret in a file. Raises Misconfigured when it cannot be read, or is not secret.

    `named_by` is the setting that names it.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The file {path} named by {named_by} cannot be read.") from error
    if mode & 0o007:
        raise Misconfigured(
            f"The file {path} named by {named_by} is open to everybody on this machine."
        )
    if not text:
        raise Misconfigured(f"The file {path} named by {named_by} is empty.")
    return text


def _sync(folder: Path) -> None:
    """A new name lasts only once its folder is written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
