"""The preview: what is past its period today, what stands against its erasure, and who has agreed.

Counts and references only: nothing sealed is opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import SQLModel, col, select

from cdop.organisations import queries as organisations
from cdop.organisations.models import Account, Organisation
from cdop.reference.retention import RecordKind, period_began, period_ends, record_kinds
from cdop.retention import periods, records, rules
from cdop.retention.holds import organisations_held, records_held
from cdop.retention.models import Erasure, RetentionPeriod
from cdop.retention.moments import over_before
from cdop.retention.old_rows import OLD
from cdop.retention.records import Record
from cdop.security.actor import everywhere
from cdop.security.models import AuditEntry
from cdop.security.work import Work
from cdop.statistics.models import Release

LIST = "retention:record:list"
SHOWN = 200


@dataclass(frozen=True)
class Line:
    """A kind of record at one organisation (None: the register): its period, and how many past it.

    `period` None means that none is set, and nothing of the kind is ever past it.
    """

    kind: RecordKind
    organisation_id: UUID | None
    organisation: str
    period: RetentionPeriod | None
    past: int


@dataclass(frozen=True)
class PastRecord:
    """A record past its period. `erasure` is its proposal or approval, if there is one."""

    record: Record
    past_on: date
    obstacles: tuple[str, ...]
    erasure: Erasure | None


@dataclass(frozen=True)
class Preview:
    """What is past its period: lines with counts, and the longest closed records themselves."""

    lines: list[Line]
    records: list[PastRecord]


def preview(work: Work, limit: int = SHOWN) -> Preview:
    """Return what is past its period today within the actor's scope, audited."""
    work.check(LIST)
    lines: list[Line] = []
    found: list[PastRecord] = []
    for kind in record_kinds():
        for line, past in _of_kind(work, kind, limit):
            lines.append(line)
            found += past
    work.audit(LIST, past=sum(line.past for line in lines))
    return Preview(lines, found)


def erasures(work: Work, *, states: Iterable[str] = ("proposed", "approved")) -> list[Erasure]:
    """Return the erasures in scope in some states, the newest first."""
    work.check(LIST)
    query = select(Erasure).where(col(Erasure.state).in_(list(states)))
    if not everywhere(work.actor):
        query = query.where(col(Erasure.organisation_id).in_(work.actor.scope(LIST)))
    return list(work.session.exec(query.order_by(col(Erasure.id).desc())))


def owners(work: Work, permission: str = LIST) -> list[Organisation]:
    """Return the panels and groups at which the actor holds a permission, by slug."""
    query = select(Organisation).where(col(Organisation.kind).in_(("cdop", "group")))
    if not everywhere(work.actor):
        query = query.where(col(Organisation.id).in_(work.actor.scope(permission)))
    return list(work.session.exec(query.order_by(Organisation.slug)))


def _of_kind(work: Work, kind: RecordKind, limit: int) -> Iterable[tuple[Line, list[PastRecord]]]:
    if kind.kept_by == "register":
        owner = periods.register_id(work)
        period = periods.in_force(work, owner, kind.code)
        past = _count(work, kind.code, None, period)
        yield Line(kind, None, "The register", period, past), []
        return
    set_for = periods.covering(work, kind.code)
    for place in owners(work):
        period = set_for.get(place.id)
        name = organisations.name_on(work.session, place.id, work.today)
        if kind.erased_by == "never":
            past = _count(work, kind.code, place.id, period)
            yield Line(kind, place.id, name, period, past), []
            continue
        found: list[Record] = []
        past = 0
        if period and period.years:
            until = period_began(work.today, period.years)
            found, past = records.closed(work.session, kind.code, place.id, until, limit)
        yield Line(kind, place.id, name, period, past), _judged(work, found, period)


def _judged(work: Work, found: list[Record], period: RetentionPeriod | None) -> list[PastRecord]:
    """Return records past their period with what stands against each, asked for all at once."""
    if not found or period is None or period.years is None:
        return []
    ids = [each.record[1] for each in found]
    held, all_held = records_held(work.session), organisations_held(work.session)
    others = records.further_obstacles(work, ids)
    live = {
        row.record_id: row
        for row in work.session.exec(
            select(Erasure).where(
                col(Erasure.record_id).in_(ids), col(Erasure.state).in_(("proposed", "approved"))
            )
        )
    }
    judged = []
    for each in found:
        id = each.record[1]
        facts = rules.Facts(
            each.counts_from,
            period.years,
            id in held,
            each.organisation_id in all_held,
            others.get(id, ()),
        )
        assert each.counts_from is not None
        end = period_ends(each.counts_from, period.years)
        judged.append(PastRecord(each, end, rules.obstacles(facts, work.today), live.get(id)))
    return judged


def _count(
    work: Work, kind: str, organisation_id: UUID | None, period: RetentionPeriod | None
) -> int:
    """Return how many rows of a kind without a key of its own are past their period."""
    if period is None or period.years is None:
        return 0
    table, moment = _ROWS[kind]
    before = over_before(work.today, period.years)
    query = select(func.count()).select_from(table).where(moment < before)
    if organisation_id:
        query = query.where(Release.organisation_id == organisation_id)
    return work.session.exec(query).one()


_ROWS: dict[str, tuple[type[SQLModel], Any]] = {
    **OLD,
    "account": (Account, col(Account.disabled_at)),
    "audit-log": (AuditEntry, col(AuditEntry.at)),
    "release": (Release, col(Release.approved_at)),
}
