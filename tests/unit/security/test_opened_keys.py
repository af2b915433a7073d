"""Opened keys are shared between units of work, and forgotten when any key is destroyed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from cdop.security import opened_keys
from cdop.security.case_keys import CaseKey
from cdop.security.models import DataKey
from cdop.security.opened_keys import OpenedKeys

KEYS = [CaseKey(bytes(range(n, n + 32)), 1) for n in range(9)]
CASES = [UUID(int=n) for n in range(9)]
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    made = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    DataKey.__table__.create(made)  # type: ignore[attr-defined]
    yield made
    made.dispose()


def destroy(session: Session, case: UUID) -> None:
    session.add(DataKey(subject_id=case, generation=1, destroyed_at=NOW))
    session.flush()


def test_what_one_unit_opened_the_next_one_has(engine: sa.Engine) -> None:
    kept = OpenedKeys()
    with Session(engine) as session:
        unit = kept.within(session)
        assert kept.within(session) is unit
        assert unit.opened == {}
        kept.keep(unit, CASES[0], KEYS[0])
        unit.held[CASES[1]] = KEYS[1]
        session.rollback()
        later = kept.within(session)
        assert later is not unit
        assert later.opened == {CASES[0]: KEYS[0]}
        assert later.held == {}


def test_a_destruction_by_whatever_process_empties_what_is_shared(engine: sa.Engine) -> None:
    kept = OpenedKeys()
    with Session(engine) as session:
        kept.keep(kept.within(session), CASES[0], KEYS[0])
        session.commit()
        destroy(session, CASES[5])
        session.commit()
        fresh = kept.within(session)
        assert fresh.opened == {}
        kept.keep(fresh, CASES[1], KEYS[1])
        session.commit()
        assert kept.within(session).opened == {CASES[1]: KEYS[1]}


def test_a_unit_from_before_a_destruction_keeps_what_it_opens_to_itself(
    engine: sa.Engine,
) -> None:
    """Or a key that it read before would come back after it was destroyed."""
    kept = OpenedKeys()
    with Session(engine) as session:
        destroy(session, CASES[5])
        kept.within(session)
        session.rollback()  # as a unit that sees the database as it was before
        early = kept.within(session)
        kept.keep(early, CASES[0], KEYS[0])
        session.rollback()
        destroy(session, CASES[5])
        session.commit()
        assert kept.within(session).opened == {}
        session.rollback()
        assert kept.within(session).opened == {}


def test_a_part_of_a_unit_that_may_be_undone_is_a_unit_of_its_own(engine: sa.Engine) -> None:
    kept = OpenedKeys()
    with Session(engine) as session:
        outer = kept.within(session)
        with session.begin_nested():
            inner = kept.within(session)
            assert inner is not outer
            assert kept.within(session) is inner


def test_the_key_kept_longest_makes_room(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_keys, "CACHED", 3)
    kept = OpenedKeys()
    with Session(engine) as session:
        unit = kept.within(session)
        for case, key in zip(CASES[:5], KEYS[:5], strict=True):
            kept.keep(unit, case, key)
    assert list(unit.opened) == CASES[2:5]


def test_two_vaults_on_one_session_do_not_share(engine: sa.Engine) -> None:
    one, other = OpenedKeys(), OpenedKeys()
    with Session(engine) as session:
        one.keep(one.within(session), CASES[0], KEYS[0])
        assert other.within(session).opened == {}
