"""What follows an erasure once it is committed: emptying the log, and the list of erasures.

The list of erasures names records by their ids and the people who decided; it holds no secret.
"""

import hmac
import json
import os
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.engine import Engine

from cdop.errors import Misconfigured
from cdop.retention.models import Erasure
from cdop.security.keys import Ring

LIST = "erased.jsonl"


class Entry(BaseModel):
    """One line of the list. `code` is a keyed digest that only this register's keys give."""

    model_config = ConfigDict(extra="forbid")

    erasure_id: UUID
    kind: str
    record_kind: str
    record_id: UUID
    counts_from: date
    years: int
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime
    erased_by: str
    erased_at: datetime
    code: str = ""

    def signed(self, ring: Ring) -> "Entry":
        """Return this line with its code."""
        text = self.model_dump_json(exclude={"code"}).encode()
        code = hmac.digest(ring.anchored("erasures"), text, "sha256").hex()
        return self.model_copy(update={"code": code})


def entry(ring: Ring, row: Erasure) -> Entry:
    """Return the line of one erasure that was carried out."""
    values = row.model_dump(include=set(Entry.model_fields) - {"code"})
    return Entry.model_validate({**values, "erasure_id": row.id}).signed(ring)


def append(folder: Path, ring: Ring, row: Erasure) -> None:
    """Add an erasure to the list in the register's folder.

    Raises Misconfigured when it cannot be written: the record is erased nevertheless.
    """
    path = folder / LIST
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(entry(ring, row).model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Misconfigured(
            f"The record is erased, but the list {path} could not be written. "
            "Keep the output of: cdop retention list --erased --json"
        ) from error


def load(path: Path, ring: Ring) -> list[Entry]:
    """Read a list of erasures: a line each, or the command's JSON array.

    Raises Misconfigured when it is none, or not this register's own: nobody else may erase by it.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
        lines = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
        entries = [Entry.model_validate(line) for line in lines]
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read as a list of erasures.") from error
    if not all(hmac.compare_digest(each.code, each.signed(ring).code) for each in entries):
        raise Misconfigured(f"{path} was changed, or is another register's list of erasures.")
    return entries


def empty_log(engine: Engine) -> None:
    """Take what was overwritten out of SQLite's write-ahead log; nothing to do on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
