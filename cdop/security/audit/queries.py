"""What the auditor asks of the log: lines by case, person, day, action; and what is unusual.

Reading the log is written to the log: by whom, and what was asked for.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from cdop.clock import LONDON
from cdop.security.audit import unusual
from cdop.security.audit.scope import READ, reach
from cdop.security.audit.unusual import Entry, Finding
from cdop.security.models import AuditEntry
from cdop.security.work import Work

MOST = 50_000
_BATCH = 1000


@dataclass(frozen=True)
class Asked:
    """What an auditor looks for. `cases` are ids of what one reference stands for."""

    cases: tuple[UUID, ...] = ()
    actor: str | None = None
    action: str | None = None
    outcome: str | None = None
    organisation_id: UUID | None = None
    first: date | None = None
    last: date | None = None

    def names(self) -> list[str]:
        """Return what was asked for, by the names of the fields alone."""
        return sorted(name for name, value in vars(self).items() if value)


@dataclass(frozen=True)
class Unusual:
    """What was found unusual in a stretch. `is_cut`: it held too many lines to read them all."""

    findings: list[Finding]
    is_cut: bool


def page_of(
    work: Work, asked: Asked, before: UUID | None, size: int
) -> tuple[list[AuditEntry], bool]:
    """Return lines that answer, the newest first, and whether there are more; audited.

    `before` is the last line of the page before.
    """
    query = _answering(work, asked)
    if before and (line := work.session.get(AuditEntry, before)):
        at, id = col(AuditEntry.at), col(AuditEntry.id)
        query = query.where(at <= line.at, or_(at < line.at, id < line.id))
    ordered = query.order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc())
    found = list(work.session.exec(ordered.limit(size + 1)))
    note(work, asked)
    return found[:size], len(found) > size


def every(work: Work, asked: Asked) -> Iterator[AuditEntry]:
    """Yield all lines that answer, the oldest first. The caller writes the audit line."""
    query = _answering(work, asked).order_by(col(AuditEntry.at), col(AuditEntry.id))
    return iter(work.session.exec(query.execution_options(yield_per=_BATCH)))


def note(work: Work, /, asked: Asked, action: str = READ, **detail: Any) -> None:
    """Write the line about reading the log."""
    detail |= {"asked": asked.names()}
    if asked.actor:
        detail["about"] = asked.actor
    case = asked.cases[0] if asked.cases else None
    work.audit(action, None, asked.organisation_id, case, **detail)


def look_for_unusual(work: Work, first: date, last: date) -> Unusual:
    """Return what is unusual between two days, audited."""
    asked = Asked(first=first, last=last)
    rows = list(work.session.exec(_answering(work, asked).order_by(*_IN_TIME).limit(MOST + 1)))
    entries = [
        Entry(row.at, row.actor, row.action, row.outcome, row.case_id, row.detail)
        for row in rows[:MOST]
    ]
    note(work, asked, unusual=True)
    worked_on = _worked_on(work, {e.case_id for e in entries if e.case_id}, last)
    return Unusual(unusual.find(entries, unusual.rules(), worked_on), len(rows) > MOST)


_IN_TIME = (col(AuditEntry.at), col(AuditEntry.id))


def _worked_on(work: Work, cases: Collection[UUID], last: date) -> set[UUID]:
    """Return the cases on which somebody did more than read within the days of the `idle` rule."""
    days = max((rule.days for rule in unusual.rules() if rule.kind == "idle"), default=0)
    query = (
        select(AuditEntry.case_id, AuditEntry.subject_id)
        .where(
            or_(col(AuditEntry.case_id).in_(cases), col(AuditEntry.subject_id).in_(cases)),
            col(AuditEntry.at) >= _start(last - timedelta(days=days)),
            col(AuditEntry.outcome) == "done",
            ~col(AuditEntry.action).like("%:read"),
            ~col(AuditEntry.action).like("audit:%"),
        )
        .distinct()
    )
    return {id for row in work.session.exec(query) for id in row if id}


def _answering(work: Work, asked: Asked) -> Any:
    work.check(READ)
    reached = reach(work.actor)
    query = select(AuditEntry).where(*_conditions(asked))
    return query if reached is None else query.where(col(AuditEntry.organisation_id).in_(reached))


def _conditions(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.cases:
        yield or_(
            col(AuditEntry.case_id).in_(asked.cases), col(AuditEntry.subject_id).in_(asked.cases)
        )
    for column, value in (
        (AuditEntry.action, asked.action),
        (AuditEntry.outcome, asked.outcome),
        (AuditEntry.organisation_id, asked.organisation_id),
    ):
        if value:
            yield col(column) == value
    if asked.actor:
        yield col(AuditEntry.actor) == asked.actor.lower()
    if asked.first:
        yield col(AuditEntry.at) >= _start(asked.first)
    if asked.last:
        yield col(AuditEntry.at) < _start(asked.last + timedelta(days=1))


def _start(day: date) -> datetime:
    """Return the beginning of a day in England."""
    return datetime.combine(day, time(), LONDON)
