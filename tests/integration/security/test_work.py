"""One unit of work: everything or nothing, never without its audit line, never lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop.config import ROOT
from cdop.deaths import queries
from cdop.deaths.documents import NAMES
from cdop.deaths.models import Death, Notification
from cdop.deaths.service import notify
from cdop.errors import Denied, NotFound
from cdop.organisations.models import OrganisationName
from cdop.security import audit
from cdop.security import work as units
from cdop.security.actor import Actor, system
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from tests.factories import Herefordshire, child, told

SYSTEM = system("tests")
NOTIFY = "deaths:notification:create"
REFUSED = "the audit log is append-only"


def lines(register: Register, action: str | None = None) -> list[AuditEntry]:
    with register.reading(SYSTEM) as work:
        query = select(AuditEntry).order_by(col(AuditEntry.id))
        return [line for line in work.session.exec(query) if action in (None, line.action)]


def count(register: Register, table: Any) -> int:
    with register.reading(SYSTEM) as work:
        return work.session.exec(select(sa.func.count()).select_from(table)).one()


@pytest.fixture
def mute() -> Iterator[list[bool]]:
    """Makes the audit log refuse every new line while the list is not empty."""
    silent: list[bool] = []

    def refuse(_: sa.Connection, __: Any, statement: str, *___: Any) -> None:
        if silent and "INSERT INTO audit_log" in statement:
            raise OSError("the disk is full")

    sa.event.listen(sa.Engine, "before_cursor_execute", refuse)
    yield silent
    sa.event.remove(sa.Engine, "before_cursor_execute", refuse)


def test_nothing_is_changed_when_its_audit_line_cannot_be_written(
    county: Herefordshire, mute: list[bool]
) -> None:
    register, before = county.register, len(lines(county.register))
    mute.append(True)
    with pytest.raises(OSError, match="disk is full"):
        register.do(
            county.actors["coordinator"], notify, told(county["herefordshire-cdop"], child())
        )
    mute.clear()
    assert (count(register, Death), count(register, Notification)) == (0, 0)
    assert len(lines(register)) == before


def test_nothing_is_read_when_its_audit_line_cannot_be_written(
    county: Herefordshire, mute: list[bool]
) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    told_of = told(county["herefordshire-cdop"], child())
    death_id = register.do(coordinator, notify, told_of).death_id
    mute.append(True)
    answered = []
    with pytest.raises(OSError):  # noqa: PT012
        with register.work(coordinator) as work:
            name = work.open(queries.get(work, death_id), NAMES).full
        answered.append(name)
    assert answered == []


def test_a_denial_outlives_the_rollback_and_what_it_undoes_does_not(
    county: Herefordshire,
) -> None:
    def overreach(work: Work) -> None:
        work.audit("tests:thing:done")
        work.session.add(
            OrganisationName(
                organisation_id=county["herefordshire"], valid_from=work.today, name="Undone"
            )
        )
        audit.write(work.session, work.vault.ring, work.lines)
        work.session.flush()
        work.check("accounts:account:manage")

    with pytest.raises(Denied):
        county.register.do(county.actors["panel-member"], overreach)
    assert lines(county.register, "tests:thing:done") == []
    (line,) = lines(county.register, "accounts:account:manage")
    assert (line.actor, line.outcome) == ("panel-member", "denied")
    with county.register.reading(SYSTEM) as work:
        names = work.session.exec(select(OrganisationName.name)).all()
    assert "Undone" not in names


def test_a_denial_in_a_unit_that_reads_is_recorded_too(county: Herefordshire) -> None:
    with pytest.raises(Denied), county.register.reading(county.actors["analyst"]) as work:
        work.check(NOTIFY)
    (line,) = lines(county.register, NOTIFY)
    assert (line.actor, line.outcome) == ("analyst", "denied")


def test_a_denial_that_cannot_be_recorded_is_an_error_of_its_own(
    county: Herefordshire, mute: list[bool]
) -> None:
    mute.append(True)
    with pytest.raises(OSError), county.register.work(county.actors["analyst"]) as work:
        work.check(NOTIFY)


def test_a_unit_that_reads_cannot_write_by_the_orm_nor_by_a_statement(
    county: Herefordshire,
) -> None:
    register = county.register
    with (
        pytest.raises(RuntimeError, match=r"^a reading unit of work tried to write$"),
        register.reading(SYSTEM) as work,
    ):
        work.audit("tests:thing:done")
    refused = pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only")
    with refused, register.reading(SYSTEM) as work:
        work.session.execute(sa.text("UPDATE organisations SET slug = slug"))
    with register.work(SYSTEM) as work:  # and the connection is fit for writing again
        work.audit("tests:thing:done")
    assert len(lines(register, "tests:thing:done")) == 1


def test_the_only_commit_is_the_one_at_the_end_of_a_unit() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in Path(ROOT, "cdop").rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if ".commit(" in line.split("#")[0]
    ]
    assert found == []


def test_a_conflict_starts_the_whole_unit_again(county: Herefordshire) -> None:
    tries = 0

    def found_twice(work: Work) -> int:
        nonlocal tries
        tries += 1
        work.audit("tests:thing:try")
        if tries < 3:
            clash = sa.text("INSERT INTO reference_counters SELECT * FROM reference_counters")
            work.session.execute(clash)
            work.session.flush()
        return tries

    register = county.register
    register.do(county.actors["coordinator"], notify, told(county["herefordshire-cdop"]))
    assert register.do(SYSTEM, found_twice) == 3
    assert len(lines(register, "tests:thing:try")) == 1


def test_a_conflict_that_lasts_is_given_up_and_nothing_is_kept(county: Herefordshire) -> None:
    tries = 0

    def clash(work: Work) -> None:
        nonlocal tries
        tries += 1
        work.audit("tests:thing:try")
        audit.write(work.session, work.vault.ring, work.lines)
        work.session.execute(sa.text("INSERT INTO organisations SELECT * FROM organisations"))

    with pytest.raises(sa.exc.IntegrityError) as caught:
        county.register.do(SYSTEM, clash)
    assert tries == units._TRIES
    assert lines(county.register, "tests:thing:try") == []
    assert "parameters hidden" in str(caught.value) or "parameters" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'somebody else'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE outcome = 'done'",
    ],
)
def test_the_audit_log_is_neither_changed_nor_cut(county: Herefordshire, statement: str) -> None:
    before = [line.id for line in lines(county.register)]
    refusal = REFUSED if county.register.settings.is_sqlite else "permission denied"
    with (
        pytest.raises(sa.exc.DBAPIError, match=refusal),
        county.register.engine.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(sa.text(statement))
    assert [line.id for line in lines(county.register)] == before


@pytest.mark.parametrize("how", ["id", "rowid"])
def test_a_line_of_the_audit_log_cannot_be_replaced_on_sqlite(
    sqlite_register: Register, how: str
) -> None:
    """INSERT OR REPLACE removes rows without asking a trigger about deletion."""
    with sqlite_register.work(SYSTEM) as work:
        work.audit("tests:thing:done")
    columns = "at, recorded_at, actor, action, outcome, detail"
    given = "at, recorded_at, 'another', action, outcome, detail"
    key = "id, id" if how == "id" else "rowid, rowid"
    names, values = (part.strip() for part in key.split(","))
    if how == "rowid":
        names, values = "rowid, id", "rowid, 'another id'"
    with (
        pytest.raises(sa.exc.DBAPIError, match=REFUSED),
        sqlite_register.engine.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(
            sa.text(
                f"INSERT OR REPLACE INTO audit_log ({names}, {columns}) "
                f"SELECT {values}, {given} FROM audit_log"
            )
        )
    assert [line.actor for line in lines(sqlite_register)] == ["system:tests"]


def test_32_writers_at_once_lose_nothing_and_leave_a_line_each(county: Herefordshire) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    start, actors = threading.Barrier(32), [county.actors["coordinator"], county.actors["notifier"]]

    def write(seed: int) -> str:
        start.wait(timeout=60)
        of = child(seed, given=f"Example{seed}", family=f"Number{seed}")
        return register.do(actors[seed % 2], notify, told(panel, of)).number

    with ThreadPoolExecutor(32) as pool:
        receipts = list(pool.map(write, range(32), timeout=120))
    assert len(set(receipts)) == 32
    with register.reading(SYSTEM) as work:
        kept = work.session.exec(select(Notification.receipt)).all()
        references = work.session.exec(select(Death.reference)).all()
    assert set(kept) == set(receipts)
    assert sorted(references) == [f"CD-2026-{n:04d}" for n in range(1, 33)]
    assert len(lines(register, NOTIFY)) == 32


def test_readers_beside_writers_see_whole_units_only(county: Herefordshire) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    coordinator: Actor = county.actors["coordinator"]
    torn: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with register.reading(SYSTEM) as work:
                query = sa.text(
                    "SELECT (SELECT count(*) FROM deaths), (SELECT count(*) FROM notifications)"
                )
                deaths, notifications = work.session.execute(query).one()
                if deaths != notifications:
                    torn.append((deaths, notifications))

    reader = threading.Thread(target=read)
    reader.start()
    for seed in range(6):
        register.do(coordinator, notify, told(panel, child(seed, given=f"Example{seed}")))
    done.set()
    reader.join(timeout=30)
    assert torn == []


def test_absent_and_out_of_scope_are_one_answer(county: Herefordshire) -> None:
    register = county.register
    theirs = register.do(
        county.actors["neighbour"], notify, told(county["worcestershire-cdop"])
    ).death_id
    errors = []
    for death_id in (theirs, county["herefordshire"]):
        with pytest.raises(NotFound) as caught, register.work(county.actors["coordinator"]) as work:
            queries.get(work, death_id)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
