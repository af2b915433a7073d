"""Every line comes into the tree of its organisation, once, whatever happens meanwhile."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from cdop.clock import FixedClock
from cdop.db import new_id
from cdop.security import audit
from cdop.security.actor import system
from cdop.security.audit import growing, merkle, sealer
from cdop.security.audit.checkpoints import signer_of
from cdop.security.audit.models import NO_ORGANISATION, AuditCheckpoint, AuditLeaf, Unsealed
from cdop.security.audit.sealer import LEASE, seal
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register
from tests.factories import Herefordshire

WRITER = system("tests")


def write(register: Register, number: int = 1, **options) -> None:
    with register.work(WRITER) as work:
        for _ in range(number):
            work.audit("tests:thing:done", **options)


def trees(register: Register) -> dict:
    """Return the entry ids of each tree in order; fails unless leaves, lines and root agree."""
    found = {}
    with register.reading(WRITER) as work:
        info = work.session.exec(select(RegisterInfo.id)).one()
        verifier = signer_of(register.vault.ring, info).verifier
        for last in _newest(work.session):
            query = select(AuditLeaf).where(col(AuditLeaf.tree) == last.tree)
            leaves = work.session.exec(query.order_by(col(AuditLeaf.position))).all()
            assert [leaf.position for leaf in leaves] == list(range(last.size))
            checkpoint = verifier.open(last.note)
            assert checkpoint.root == merkle.root([leaf.hash for leaf in leaves])
            assert checkpoint.size == last.size
            found[last.tree] = [leaf.entry_id for leaf in leaves]
    return found


def _newest(session: Session) -> list[AuditCheckpoint]:
    by_tree = {}
    for row in session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.size))):
        by_tree[row.tree] = row
    return list(by_tree.values())


def waiting(register: Register) -> int:
    with register.reading(WRITER) as work:
        return sealer.waiting(work).lines


def all_lines(register: Register) -> set:
    with register.reading(WRITER) as work:
        return set(work.session.exec(select(AuditEntry.id)))


def test_each_line_comes_into_the_tree_of_its_organisation(county: Herefordshire) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    seal(register)
    before = trees(register)
    write(register, 3, organisation_id=panel)
    write(register, 2)
    assert waiting(register) == 5
    assert seal(register) == 5
    after = trees(register)
    assert len(after[panel]) == len(before[panel]) + 3
    assert len(after[NO_ORGANISATION]) == len(before.get(NO_ORGANISATION, [])) + 2
    assert waiting(register) == 0
    assert {id for tree in after.values() for id in tree} == all_lines(register)
    assert seal(register) == 0


def test_a_tree_only_grows(county: Herefordshire) -> None:
    seal(county.register)
    before = trees(county.register)
    write(county.register, 4)
    seal(county.register)
    after = trees(county.register)
    assert all(after[tree][: len(ids)] == ids for tree, ids in before.items())


def test_more_than_a_batch_is_sealed_at_once(register: Register, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "BATCH", 3)
    write(register, 8)
    assert seal(register) == 8
    assert len(trees(register)[NO_ORGANISATION]) == 8


def test_a_line_that_commits_late_is_sealed_when_it_commits(postgres_register: Register) -> None:
    """Its id is older than those sealed before it: nothing that looks for newer ids finds it."""
    slow = Session(postgres_register.engine)
    audit.record(
        slow, postgres_register.vault.ring, WRITER, postgres_register.clock.now(), "tests:slow:done"
    )
    slow.flush()
    write(postgres_register, 2)
    assert seal(postgres_register) == 2
    slow.commit()
    slow.close()
    assert waiting(postgres_register) == 1
    assert seal(postgres_register) == 1
    ids = trees(postgres_register)[NO_ORGANISATION]
    assert len(ids) == 3
    assert ids[2] == min(ids)


def test_nothing_is_lost_while_many_write_and_two_seal(county: Herefordshire) -> None:
    register = county.register
    busy = threading.Event()
    busy.set()
    failed: list[BaseException] = []

    def run(step) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - told at the end
            failed.append(error)

    def writes() -> None:
        for number in range(10):
            write(register, organisation_id=county["herefordshire"] if number % 2 else None)

    def seals() -> None:
        while busy.is_set():
            seal(register)

    writers = [threading.Thread(target=run, args=(writes,)) for _ in range(6)]
    sealers = [threading.Thread(target=run, args=(seals,)) for _ in range(2)]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    busy.clear()
    for thread in sealers:
        thread.join()
    seal(register)
    assert failed == []
    sealed = [id for tree in trees(register).values() for id in tree]
    assert len(sealed) == len(set(sealed))
    assert set(sealed) == all_lines(register)


def test_lines_are_read_without_a_lock_and_read_again_when_another_sealed_them(
    register: Register, monkeypatch
) -> None:
    """What writes and seals while the lines are read waits for nobody; no line is sealed twice."""
    read, meanwhile = growing.growths, iter([True])

    def outrun(*asked) -> list[growing.Growth]:
        found = read(*asked)
        if next(meanwhile, False):
            write(register)
            assert seal(register) == 3
            write(register, 4)
        return found

    monkeypatch.setattr(growing, "growths", outrun)
    write(register, 2)
    assert seal(register, "server") == 4
    assert len(trees(register)[NO_ORGANISATION]) == 7
    assert waiting(register) == 0


def test_one_of_two_servers_holds_the_lease(register: Register, clock: FixedClock) -> None:
    write(register)
    assert seal(register, "first") == 1
    write(register)
    assert seal(register, "second") == 0
    assert seal(register, "first") == 1
    write(register)
    clock.at += LEASE + timedelta(seconds=1)  # the first has died
    assert seal(register, "second") == 1
    write(register)
    assert seal(register, "first") == 0


def test_a_command_seals_beside_the_server_and_leaves_it_the_lease(register: Register) -> None:
    write(register)
    seal(register, "server")
    write(register)
    assert seal(register) == 1
    write(register)
    assert seal(register, "server") == 1


@pytest.mark.parametrize("step", ["INSERT INTO audit_leaves", "INSERT INTO audit_checkpoints",
                                  "DELETE FROM audit_unsealed"])  # fmt: skip
def test_a_sealer_killed_at_any_step_leaves_nothing_half_done(
    register: Register, step: str
) -> None:
    write(register, 2)
    seal(register)
    write(register, 3)
    before = trees(register)

    @sa.event.listens_for(register.engine, "after_cursor_execute")
    def die(_connection, _cursor, statement: str, *_: object) -> None:
        if statement.startswith(step):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(register)
    sa.event.remove(register.engine, "after_cursor_execute", die)
    assert trees(register) == before
    assert waiting(register) == 3
    assert seal(register) == 3
    assert len(trees(register)[NO_ORGANISATION]) == 5


def test_lines_that_the_register_did_not_write_are_sealed_and_told(register: Register) -> None:
    """How many, how many of them without a code, and which: five are named, in order."""
    write(register)
    with register.engine.execution_options(writes=True).begin() as connection:
        columns = "at, recorded_at, action, outcome, detail"
        id = sa.text("SELECT id FROM audit_log")
        written = str(connection.execute(id).scalar_one())
        no_code = "x''" if register.settings.is_sqlite else "''::bytea"
        forged = [str(new_id()) for _ in range(6)]
        for number, each in enumerate(forged):
            connection.execute(
                sa.text(
                    f"INSERT INTO audit_log (id, actor, mac, {columns}) SELECT '{each}', "
                    f"'somebody', {no_code if number < 2 else 'mac'}, {columns} "
                    f"FROM audit_log WHERE id = '{written}'"
                )
            )
    assert seal(register) == 7
    with register.reading(WRITER) as work:
        line = work.session.exec(
            select(AuditEntry).where(col(AuditEntry.action) == sealer.DOUBT)
        ).one()
    assert line.detail == {"lines": 6, "without_code": 2, "first": forged[:5]}
    assert (line.outcome, line.actor, line.at) == ("failed", "system:sealer", register.clock.now())
    assert seal(register) == 1, "the line about them is one like any other"
    assert seal(register) == 0


def test_who_has_waited_for_five_minutes_waits_too_long() -> None:
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    late = since + timedelta(minutes=5)
    assert not sealer.Waiting(1, since).is_late(late)
    assert sealer.Waiting(1, since).is_late(late + timedelta(microseconds=1))
    assert not sealer.Waiting(0, None).is_late(late)


@pytest.mark.parametrize("table", ["audit_leaves", "audit_checkpoints"])
@pytest.mark.parametrize("how", ["UPDATE {} SET tree = tree", "DELETE FROM {}"])
def test_trees_and_checkpoints_are_neither_changed_nor_cut(
    register: Register, table: str, how: str
) -> None:
    write(register)
    seal(register)
    refusal = "append-only" if register.settings.is_sqlite else "permission denied"
    with (
        pytest.raises(sa.exc.DBAPIError, match=refusal),
        register.engine.execution_options(writes=True).begin() as connection,
    ):
        connection.execute(sa.text(how.format(table)))


def test_a_line_waits_from_the_moment_it_is_written(register: Register) -> None:
    write(register)
    with register.reading(WRITER) as work:
        assert len(work.session.exec(select(Unsealed)).all()) == 1
        assert sealer.waiting(work).since == work.session.exec(select(AuditEntry)).one().recorded_at
