"""The log as a file to take away."""

import csv
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC
from typing import IO, Any

from cdop.security.actor import Actor
from cdop.security.audit import exporting, queries
from cdop.security.audit.queries import Asked
from cdop.security.audit.words import words_of
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from cdop.spreadsheets import inert_row

HEAD = ("when (UTC)", "who", "what", "code", "outcome", "organisation", "case", "subject")
_IN_MEMORY = 2**20
_CHUNK = 2**16


def verifiable(register: Register, actor: Actor) -> Iterator[bytes]:
    """Return the log in the form that proves itself: see `cdop.security.audit.exporting`."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when sent
    file.writelines(exporting.export(register, actor))
    return _content(file)


def table(register: Register, actor: Actor, asked: Asked) -> Iterator[bytes]:
    """Return the lines that answer as a table of comma-separated values, audited."""
    register.do(actor, queries.note, asked, exporting.EXPORT, form="csv")
    file = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed when sent
        _IN_MEMORY, "w+", encoding="utf-8", newline=""
    )
    writer = csv.writer(file)
    writer.writerow([*HEAD, "line", "detail"])
    with register.reading(actor, one_moment=True) as work:
        writer.writerows(_cells(line) for line in queries.every(work, asked))
    return _content(file)


def _cells(line: AuditEntry) -> list[object]:
    """Return a line's cells, none of which a spreadsheet takes for a formula."""
    values: list[Any] = [
        line.at.astimezone(UTC).isoformat(timespec="seconds"),
        line.actor,
        words_of(line.action),
        line.action,
        line.outcome,
        line.organisation_id,
        line.case_id,
        f"{line.subject_kind} {line.subject_id}" if line.subject_id else "",
        line.id,
        json.dumps(line.detail, sort_keys=True),
    ]
    return inert_row("" if value is None else str(value) for value in values)


def _content(file: IO[Any]) -> Iterator[bytes]:
    """Yield a file's content: the database was let go before the first byte leaves."""
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk if isinstance(chunk, bytes) else chunk.encode()
