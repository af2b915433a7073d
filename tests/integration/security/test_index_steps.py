"""Each step of rotating the index root: who may take it, what it leaves, what it waits for."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from cdop.clock import FixedClock
from cdop.deaths.service.reindexing import make_tokens
from cdop.errors import Denied, Unsafe
from cdop.security import custody, index_roots, index_rotation
from cdop.security.index_rotation import reindex
from cdop.security.models import AuditEntry, IndexRoot, IndexToken
from cdop.security.rotation import KEYS, MANAGE
from cdop.security.work import Register, Work
from tests.factories import Herefordshire
from tests.integration.security.rotating import notified

pytestmark = pytest.mark.parametrize("register", ["sqlite"], indirect=True)


def actions(register: Register) -> list[str]:
    with register.reading(KEYS) as work:
        query = select(AuditEntry.action).where(AuditEntry.actor == "system:keys")
        return list(work.session.exec(query.order_by(AuditEntry.id)))  # type: ignore[arg-type]


def roots(register: Register) -> dict[str, tuple[int, Any]]:
    with register.reading(KEYS) as work:
        rows = work.session.exec(select(IndexRoot)).all()
        return {row.state: (row.version, row.since) for row in rows}


def test_nobody_but_the_keys_own_command_takes_a_step(county: Herefordshire) -> None:
    notified(county, 1)
    ring = custody.load(county.register.settings)
    steps: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (index_rotation._begin, (ring,)),
        (index_rotation._fill_batch, (make_tokens, UUID(int=0), 1)),
        (index_rotation._change_over, ()),
        (index_rotation._remove_batch, (UUID(int=0),)),
    ]
    for step, arguments in steps:
        with pytest.raises(Denied) as denied:
            county.register.do(county.actors["coordinator"], step, *arguments)
        assert denied.value.permission == MANAGE
    assert index_rotation.status(county.register) == {"current": 1}


def test_whoever_changes_the_roots_waits_until_nobody_uses_them(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginning and changing over do; whoever only uses the roots shares them."""
    waits: list[bool] = []

    def noted(session: Session, *, alone: bool = False) -> None:
        assert isinstance(session, Session)
        waits.append(alone)

    monkeypatch.setattr(index_roots, "keep_from_changing", noted)
    notified(county, 1)
    assert set(waits) == {False}
    reindex(county.register, make_tokens)
    assert waits.count(True) == 2


def test_a_root_that_two_begin_with_is_put_in_force_once(county: Herefordshire) -> None:
    register = county.register
    index_rotation.prepare(register)
    for _ in range(2):
        register.do(KEYS, index_rotation._begin, custody.load(register.settings))
    assert index_rotation.status(register) == {"current": 1, "filling": 2}
    assert actions(register).count("register:keys:reindex-begin") == 1


def test_a_root_that_was_prepared_is_taken_and_none_is_added(county: Herefordshire) -> None:
    register = county.register
    assert index_rotation.prepare(register) == 2
    reindex(register, make_tokens)
    assert index_rotation.status(register) == {"current": 2}
    assert actions(register).count("register:keys:index-add") == 1


def test_each_root_tells_since_when_it_stands_as_it_does(
    county: Herefordshire, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = county.register
    start = roots(register)["current"][1]
    notified(county, 1)
    clock.at += timedelta(minutes=1)
    index_rotation.prepare(register)
    register.do(KEYS, index_rotation._begin, custody.load(register.settings))
    assert roots(register) == {"current": (1, start), "filling": (2, clock.at)}
    assert not register.do(KEYS, index_rotation._change_over), "a case lacks its tokens"
    assert roots(register) == {"current": (1, start), "filling": (2, clock.at)}
    monkeypatch.setattr(index_rotation, "_remove_all", lambda _: None)
    clock.at += timedelta(minutes=1)
    reindex(register, make_tokens)
    assert roots(register) == {"leaving": (1, clock.at), "current": (2, clock.at)}
    assert set(custody.load(register.settings).index) == {1, 2}, "the old one is still needed"
    monkeypatch.undo()
    assert reindex(register, make_tokens) == 0
    assert roots(register) == {"current": (2, clock.at)}
    assert actions(register).count("register:keys:reindex-change") == 1


def test_a_case_that_somebody_holds_is_waited_for(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All cases are gone through, and those left are tried again after a moment."""
    register = county.register
    cases = sorted(notified(county, 1, 2, 3))
    asked: list[list[UUID]] = []
    waited: list[float] = []
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    def fill(work: Work, ids: Sequence[UUID], version: int) -> int:
        assert version == 2
        asked.append(list(ids))
        free = [id for id in ids if id != cases[1] or len(waited) == 2]
        return make_tokens(work, free, version)

    assert reindex(register, fill, lambda *done: told.append(done), batch=2) == 3
    assert asked == [cases[:2], cases[2:], cases[1:2], cases[1:2]]
    assert waited == [index_rotation._WAIT] * 2
    assert told == [(1, 3), (2, 3), (2, 3), (3, 3)]
    filled = [each for each in actions(register) if each == "register:keys:reindex-fill"]
    assert len(filled) == 3


def test_old_tokens_go_in_small_transactions(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    register = county.register
    notified(county, 1, 2)
    with register.reading(KEYS) as work:
        old = len(work.session.exec(select(IndexToken.id)).all())
    left: list[int] = []
    real = index_rotation._remove_batch

    def noted(work: Work, last: UUID) -> UUID | None:
        found = real(work, last)
        query = select(sa.func.count()).where(IndexToken.version == 1)
        left.append(work.session.exec(query).one())
        return found

    monkeypatch.setattr(index_rotation, "_REMOVED", 2)
    monkeypatch.setattr(index_rotation, "_remove_batch", noted)
    reindex(register, make_tokens)
    assert left == [*range(old - 2, 0, -2), 0, 0], "two at a time, and at last the root itself"
    assert index_rotation.status(register) == {"current": 2}


def test_the_roots_are_read_once_in_a_unit_of_work_and_anew_in_the_next(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    real = index_roots._read

    def noted(*arguments: Any) -> index_roots.Roots:
        reads.append(1)
        return real(*arguments)

    monkeypatch.setattr(index_roots, "_read", noted)
    with register.work(KEYS) as work:
        for _ in range(2):
            found = index_roots.within(work.session, work.vault.held)
        assert len(reads) == 1
        with work.session.begin_nested():
            assert index_roots.within(work.session, work.vault.held) == found
        assert len(reads) == 2, "what a savepoint has read may be rolled back with it"
    assert found == index_roots.Roots(1, (1,))
    with register.work(KEYS) as work:
        index_roots.within(work.session, work.vault.held)
    assert len(reads) == 3


def test_the_root_looked_up_with_is_written_first(register: Register) -> None:
    index_rotation.prepare(register)
    register.do(KEYS, index_rotation._begin, custody.load(register.settings))
    with register.reading(KEYS) as work:
        found = index_roots.within(work.session, work.vault.held)
    assert found == index_roots.Roots(1, (1, 2))


def test_a_root_of_which_nothing_is_known_but_its_number_is_taken_by_it(
    register: Register,
) -> None:
    """Registers that are older than the check hold none."""
    with register.work(KEYS) as work:
        work.session.execute(sa.update(IndexRoot).values(check=b""))
    with register.reading(KEYS) as work:
        ring = work.vault.ring
        assert index_roots.lacking(work.session, ring) == []
        assert index_roots.within(work.session, work.vault.held).looked_up == 1
    with register.work(KEYS) as work:
        work.session.execute(sa.update(IndexRoot).values(check=b"another"))
        assert index_roots.lacking(work.session, ring) == [1]


def test_what_is_wrong_with_the_roots_is_said_with_what_to_do(register: Register) -> None:
    def said() -> str:
        with register.reading(KEYS) as work, pytest.raises(Unsafe) as unsafe:
            index_roots.within(work.session, work.vault.held)
        return str(unsafe.value)

    with register.work(KEYS) as work:
        work.session.execute(sa.update(IndexRoot).values(version=7))
    assert said() == (
        "Index tokens are made with version 7 of the index roots, which is not in this register's "
        "key file: put the newest key file in its place."
    )
    with register.work(KEYS) as work:
        work.session.execute(sa.delete(IndexRoot))
    assert said() == "The database names no index root: it is not a whole register."
