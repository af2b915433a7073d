"""What a unit of work says, does beyond its reach and fails with is kept, in full and once."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col, func, select

from cdop.clock import FixedClock
from cdop.errors import Denied, NotFound, Refused, Unsafe
from cdop.organisations.models import Organisation
from cdop.security import audit
from cdop.security.actor import system
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from tests.factories import Herefordshire, herefordshire

SYSTEM = system("tests")


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


def lines(register: Register, since: int = 0) -> list[AuditEntry]:
    with register.reading(SYSTEM) as work:
        query = select(AuditEntry).order_by(col(AuditEntry.id))
        return list(work.session.exec(query))[since:]


def fails(register: Register, error: Exception) -> list[AuditEntry]:
    """Let a unit of work fail, in the way that writes; return the lines that are left of it."""
    before = len(lines(register))

    def fail(work: Work) -> None:
        work.audit("tests:thing:done")
        audit.write(work.session, work.vault.ring, work.lines)
        raise error

    with pytest.raises(type(error)) as caught:
        register.do(SYSTEM, fail)
    assert caught.value is error
    return lines(register, before)


def test_a_line_says_all_that_was_said(county: Herefordshire) -> None:
    subject, case, place = uuid4(), uuid4(), county["herefordshire-cdop"]
    with county.register.work(county.actors["coordinator"]) as work:
        work.audit("tests:thing:done", ("deaths", subject), place, case, found=3)
        work.audit("tests:thing:bare")
    full, bare = lines(county.register)[-2:]
    assert (full.actor, full.action, full.outcome) == ("coordinator", "tests:thing:done", "done")
    assert (full.subject_kind, full.subject_id) == ("deaths", subject)
    assert (full.organisation_id, full.case_id, full.detail) == (place, case, {"found": 3})
    assert full.at == county.register.clock.now()
    told = (bare.subject_kind, bare.subject_id, bare.organisation_id, bare.case_id, bare.detail)
    assert told == (None, None, None, None, {})


def test_a_day_of_work_is_the_day_in_england(sqlite_register: Register, clock: FixedClock) -> None:
    clock.at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    with sqlite_register.reading(SYSTEM) as work:
        assert work.today == date(2026, 7, 1)
        assert work.now == clock.at


def test_a_step_beyond_is_written_down_and_what_it_adds_is_kept(county: Herefordshire) -> None:
    register, before = county.register, len(lines(county.register))
    with register.work(county.actors["coordinator"]) as work, work.beyond("a-named-step"):
        place = Organisation(kind="area", slug="new", valid_from=work.today)
        work.session.add(place)
    (line,) = lines(register, before)
    assert (line.action, line.detail) == ("register:reach:pass", {"why": "a-named-step"})
    with register.reading(SYSTEM) as work:
        assert work.session.get(Organisation, place.id)


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (Denied("deaths:case:read"), [("deaths:case:read", "denied")]),
        (Unsafe("A value was tampered with."), [("register:record:open", "failed")]),
        (Refused("Not now."), []),
        (NotFound(), []),
        (RuntimeError("a fault"), []),
    ],
)
def test_a_refusal_is_kept_and_what_it_undid_is_not(
    sqlite_register: Register, error: Exception, kept: list[tuple[str, str]]
) -> None:
    left = fails(sqlite_register, error)
    assert [(line.action, line.outcome) for line in left] == kept
    assert all(line.actor == SYSTEM.name and line.subject_id is None for line in left)


@pytest.mark.parametrize(
    ("error", "kept"), [(Denied("x:y:z"), 1), (NotFound(), 0), (Unsafe("Tampered with."), 0)]
)
def test_a_refusal_is_kept_by_a_unit_that_reads_too(
    sqlite_register: Register, error: Exception, kept: int
) -> None:
    with pytest.raises(type(error)), sqlite_register.reading(SYSTEM):
        raise error
    assert len(lines(sqlite_register)) == kept


def test_a_unit_that_writes_keeps_others_from_writing_and_nobody_from_reading(
    sqlite_register: Register,
) -> None:
    """From its first moment: it never finds out in the middle that it may not."""
    other = sqlite3.connect(sqlite_register.engine.url.database, timeout=0)
    begin = "BEGIN IMMEDIATE"
    with sqlite_register.work(SYSTEM):
        assert other.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute(begin)
    with sqlite_register.reading(SYSTEM):
        other.execute(begin)
    other.close()


def test_at_one_moment_nothing_is_seen_of_what_is_written_meanwhile(
    sqlite_register: Register,
) -> None:
    with sqlite_register.reading(SYSTEM, one_moment=True) as work:
        query = select(func.count()).select_from(AuditEntry)
        before = work.session.exec(query).one()
        sqlite_register.do(SYSTEM, lambda unit: unit.audit("tests:thing:done"))
        assert work.session.exec(query).one() == before
    assert len(lines(sqlite_register)) == before + 1


def test_a_permission_that_is_held_nowhere_is_refused_and_that_is_kept(
    county: Herefordshire,
) -> None:
    register, asked = county.register, "deaths:case:read"
    before = len(lines(register))
    register.check(county.actors["coordinator"], asked)
    assert len(lines(register)) == before
    with pytest.raises(Denied) as refused:
        register.check(county.actors["analyst"], asked)
    (line,) = lines(register, before)
    assert (line.actor, line.action, line.outcome) == ("analyst", asked, "denied")
    assert refused.value.permission == asked


class Said(Exception):
    sqlstate = "40001"


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (OperationalError("", {}, Said()), 5),
        (StaleDataError("somebody sealed the row meanwhile"), 5),
        (OperationalError("", {}, Exception("the disk is full")), 1),
        (ValueError("a fault"), 1),
    ],
)
def test_what_passes_is_tried_five_times_and_nothing_else_twice(
    sqlite_register: Register, error: Exception, tries: int
) -> None:
    calls: list[tuple[Any, ...]] = []

    def fail(work: Work, first: int, *, second: int) -> None:
        calls.append((first, second))
        raise error

    with pytest.raises(type(error)):
        sqlite_register.do(SYSTEM, fail, 1, second=2)
    assert calls == [(1, 2)] * tries
    assert lines(sqlite_register) == []


def test_what_a_service_returns_is_returned(sqlite_register: Register) -> None:
    def name(work: Work, *, again: int) -> str:
        return work.actor.name * again

    assert sqlite_register.do(SYSTEM, name, again=2) == 2 * SYSTEM.name
