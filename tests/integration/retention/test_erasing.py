"""Erasing: two people, one key, and nothing of the child left, while the table stays the same."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop import backups, registers
from cdop.clock import FixedClock
from cdop.deaths.commands import Correction
from cdop.deaths.documents import NAMES
from cdop.deaths.models import Death
from cdop.deaths.service import correct_identity, notify
from cdop.errors import CdopError, Denied, Erased, NotFound, Refused
from cdop.retention import erasing, holds, reapplying, rules
from cdop.retention.models import Erasure
from cdop.security import keys, rotation, walls
from cdop.security.models import DataKey, IndexToken
from cdop.security.sealing import ERASED, sealed_columns, sealed_tables
from cdop.security.work import Register
from cdop.statistics import counting
from cdop.statistics.drafting import Draft, draft
from cdop.statistics.models import Release
from cdop.statistics.proving import build
from tests.conftest import sqlite_settings
from tests.desk import PARTNER
from tests.factories import MAKER, Herefordshire, child, told
from tests.integration.retention.conftest import Old, a_reviewed_case, keep_for
from tests.leaks import Canary, assert_no_leak
from tests.panels import audited, open_tasks


def names_in(register: Register, death_id: UUID) -> str:
    with register.work(MAKER) as work:
        return work.open(work.session.get_one(Death, death_id), NAMES).full


def sealed_values(register: Register, death_id: UUID) -> list[bytes]:
    """Return everything that stands in sealed columns under a case's key."""
    with register.reading(MAKER) as work:
        return [
            value
            for table in sealed_tables()
            for row in work.session.exec(select(table).where(col(table.subject_id) == death_id))
            for name in sealed_columns(table)
            if (value := getattr(row, name)) is not None
        ]


def test_erasing_takes_two_people_and_leaves_nothing_sealed(old: Old) -> None:
    assert len(sealed_values(old.register, old.id)) >= 9  # names to factor notes
    old.erased()
    assert set(sealed_values(old.register, old.id)) == {ERASED}
    with old.register.reading(MAKER) as work:
        key = work.session.get_one(DataKey, old.id)
        assert (key.wrapped, key.destroyed_at) == (None, work.now)
        tokens = select(IndexToken).where(IndexToken.subject_id == old.id)
        assert not work.session.exec(tokens).all()
    with pytest.raises(Erased, match="has been erased"):
        names_in(old.register, old.id)


def test_no_other_process_can_open_it_either(old: Old) -> None:
    other = registers.open_register(old.register.settings, clock=old.register.clock)
    try:
        assert names_in(other, old.id) == "Example1 Testchild1"
        with other.reading(MAKER) as work:
            row = work.session.get_one(Death, old.id)
            kept = {"names": row.names, "sealed_revision": row.sealed_revision}
        old.erased()
        with pytest.raises(Erased):
            names_in(other, old.id)
        # Whoever puts the sealed value back finds no key for it in the running process.
        put_back = sa.update(Death).where(col(Death.id) == old.id).values(kept)
        with other.engine.execution_options(writes=True).begin() as connection:
            connection.execute(put_back)
        with pytest.raises(Erased):
            names_in(other, old.id)
    finally:
        other.engine.dispose()


def test_an_erasure_that_is_refused_at_the_last_moment_leaves_the_case_readable(old: Old) -> None:
    erasure = old.approved()
    hold = old.register.do(old.guardian, holds.set_hold, old.record, "inquest", "Coroner's letter")
    with pytest.raises(Refused, match="legal hold"):
        erasing.carry_out(old.register, old.coordinator, erasure)
    assert names_in(old.register, old.id) == "Example1 Testchild1"
    old.register.do(old.guardian, holds.lift_hold, hold, "The inquest is over")
    erasing.carry_out(old.register, old.coordinator, erasure)
    with pytest.raises(Erased):
        names_in(old.register, old.id)


def test_a_refused_erasure_does_not_hide_a_later_one_from_another_process(old: Old) -> None:
    other = registers.open_register(old.register.settings, clock=old.register.clock)
    try:
        erasure = old.approved()
        hold = old.register.do(old.guardian, holds.set_hold, old.record, "court", "A claim")
        with pytest.raises(Refused):
            erasing.carry_out(old.register, old.coordinator, erasure)
        assert names_in(old.register, old.id)
        assert names_in(other, old.id)
        old.register.do(old.guardian, holds.lift_hold, hold, "Settled")
        erasing.carry_out(other, old.coordinator, erasure)
        for each in (old.register, other):
            with pytest.raises(Erased):
                names_in(each, old.id)
    finally:
        other.engine.dispose()


def test_last_years_table_comes_out_the_same(old: Old) -> None:
    def figures() -> tuple[object, str]:
        with old.register.work(old.county.actors["analyst"]) as work:
            records = counting.counts(work, old.county["herefordshire-cdop"], "2026-27")
            year = counting.exact_year(work, "herefordshire-cdop", "2026-27")
            return year.figures, counting.digest(records)

    before = figures()
    old.erased()
    assert figures() == before
    assert old.row().status == "reviewed"


def test_a_release_built_afterwards_is_the_same_to_the_byte(old: Old, tmp_path: Path) -> None:
    if not old.register.settings.is_sqlite:
        pytest.skip("a copy of the register is a copy of its folder")
    shutil.copytree(old.register.settings.data, tmp_path / "copy")
    copied = registers.open_register(sqlite_settings(tmp_path / "copy"), clock=old.register.clock)
    old.erased()

    def release(register: Register) -> Release:
        analyst = old.county.actors["analyst"]
        wanted = Draft("2026-27", "partner-1to4", (PARTNER,))
        panel = old.county["herefordshire-cdop"]
        return build(register, analyst, register.do(analyst, draft, panel, wanted).id)

    try:
        assert release(old.register).package == release(copied).package
    finally:
        copied.engine.dispose()


def test_nothing_of_the_child_is_in_the_database_file(old: Old) -> None:
    if not old.register.settings.is_sqlite:
        pytest.skip("the files of PostgreSQL keep old rows until it vacuums: sealed, as before")
    values = [value[15:31] for value in sealed_values(old.register, old.id)]
    with old.register.reading(MAKER) as work:
        values.append(work.session.get_one(DataKey, old.id).wrapped)
    file = old.register.settings.database_file
    before = file.read_bytes() + Path(f"{file}-wal").read_bytes()
    assert all(secret in before for secret in values)
    old.erased()
    stored = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert not any(secret in stored for secret in values)
    assert_no_leak([file.parent], [Canary(("Example1", "Testchild1", "Invented Street"))])


def test_nobody_approves_what_they_proposed(old: Old) -> None:
    """Not even who holds both permissions, nor whoever writes to the database."""
    erasure = old.proposed()
    with pytest.raises(Denied):
        old.register.do(old.coordinator, erasing.approve, erasure)
    both = type(old.guardian)(
        name=old.coordinator.name,
        display_name="Both",
        account_id=old.coordinator.account_id,
        grants=old.coordinator.grants + old.guardian.grants,
    )
    with pytest.raises(Refused, match="Another person must approve"):
        old.register.do(both, erasing.approve, erasure)
    write = sa.update(Erasure).values(
        state="approved", approved_by="coordinator", approved_at=old.register.clock.now()
    )
    with old.register.engine.execution_options(writes=True).connect() as connection:
        walls.go_everywhere(connection)
        with pytest.raises(sa.exc.IntegrityError, match="four_eyes"):
            connection.execute(write)


def test_the_system_erases_nothing_by_itself(old: Old) -> None:
    erasure = old.approved()
    for service, argument in (
        (erasing.propose, old.record),
        (erasing.approve, erasure),
        (erasing.withdraw, erasure),
        (erasing.erase, erasure),
    ):
        with pytest.raises(Refused) as caught:
            old.register.do(MAKER, service, argument)  # type: ignore[arg-type]
        assert str(caught.value) == rules.NAMED_ACCOUNT


def test_erasure_needs_approval_and_happens_once(old: Old) -> None:
    erasure = old.proposed()
    with pytest.raises(Refused, match="not approved"):
        erasing.carry_out(old.register, old.coordinator, erasure)
    with pytest.raises(Refused, match="proposed already"):
        old.proposed()
    old.register.do(old.guardian, erasing.approve, erasure)
    erasing.carry_out(old.register, old.coordinator, erasure)
    with pytest.raises(Refused, match="not approved"):
        erasing.carry_out(old.register, old.coordinator, erasure)


def test_a_withdrawn_proposal_keeps_the_record_and_may_be_made_anew(old: Old) -> None:
    first = old.proposed()
    old.register.do(old.guardian, erasing.withdraw, first)
    assert "approve-erasure" not in open_tasks(old.register, old.id)
    assert old.proposed() != first


@pytest.mark.parametrize(
    ("years", "sentence"),
    [(None, rules.NO_PERIOD), (31, "Its period runs until 20 November 2057.")],
)
def test_a_record_within_its_period_is_not_proposed(
    old: Old, years: int | None, sentence: str
) -> None:
    keep_for(old.county, years)
    with pytest.raises(Refused) as caught:
        old.proposed()
    assert str(caught.value) == sentence


def test_without_a_decision_of_its_own_a_panel_keeps_everything(
    county: Herefordshire, clock: FixedClock
) -> None:
    old = Old(county, a_reviewed_case(county))
    clock.at = clock.at.replace(year=2206)
    with pytest.raises(Refused) as caught:
        old.proposed()
    assert str(caught.value) == rules.NO_PERIOD


def test_a_period_that_was_lengthened_stops_an_approved_erasure(old: Old) -> None:
    erasure = old.approved()
    keep_for(old.county, 40)
    with pytest.raises(Refused, match="Its period runs until"):
        erasing.carry_out(old.register, old.coordinator, erasure)
    assert names_in(old.register, old.id)


def test_another_panel_neither_sees_nor_erases_it(old: Old) -> None:
    neighbour = old.county.actors["neighbour"]
    with pytest.raises(NotFound):
        old.register.do(neighbour, erasing.propose, old.record)
    erasure = old.approved()
    with pytest.raises(NotFound):
        erasing.carry_out(old.register, neighbour, erasure)


def test_each_step_is_in_the_audit_log_and_on_a_work_list(old: Old) -> None:
    erasure = old.proposed()
    assert open_tasks(old.register, old.id) == {"approve-erasure"}
    old.register.do(old.guardian, erasing.approve, erasure)
    assert open_tasks(old.register, old.id) == {"carry-out-erasure"}
    erasing.carry_out(old.register, old.coordinator, erasure)
    assert open_tasks(old.register, old.id) == set()
    for action, actor in (
        ("retention:erasure:propose", "coordinator"),
        ("retention:erasure:approve", "caldicott-guardian"),
        ("retention:erasure:carry-out", "coordinator"),
    ):
        [line] = audited(old.register, action)
        assert (line.actor, line.subject_id) == (actor, old.id)
        assert line.detail["erasure"] == str(erasure)


def test_an_erased_case_cannot_be_corrected(old: Old) -> None:
    revision = old.row().sealed_revision
    old.erased()
    again = Correction(child(1), revision + 1, "An invented reason")
    with pytest.raises(Erased):
        old.register.do(old.coordinator, correct_identity, old.id, again)


def test_the_same_child_notified_again_opens_a_case_of_its_own(old: Old) -> None:
    """Nothing is left that could tell that they are the same."""
    old.erased()
    again = told(old.county["herefordshire-cdop"], child(1))
    receipt = old.register.do(old.coordinator, notify, again)
    assert receipt.death_id not in (None, old.id)


def test_a_backup_made_before_opens_until_the_list_of_erasures_is_applied_to_it(
    old: Old, tmp_path: Path
) -> None:
    """The stated limit: whoever keeps an earlier backup and its keys can restore the record."""
    file = tmp_path / "earlier.cdop"
    backups.create(old.register, MAKER, file)
    old.erased()
    settings = sqlite_settings(tmp_path / "restored")
    backups.restore(settings, MAKER, file, old.register.settings.keys)
    restored = registers.open_register(settings, clock=old.register.clock)
    try:
        assert names_in(restored, old.id) == "Example1 Testchild1"
        erased = old.register.settings.data / "erased.jsonl"
        assert reapplying.reapply(restored, MAKER, erased) == (1, 0)
        with pytest.raises(Erased):
            names_in(restored, old.id)
        assert reapplying.reapply(restored, MAKER, erased) == (0, 1)
    finally:
        restored.engine.dispose()


def test_a_retired_key_puts_earlier_backups_out_of_reach(old: Old, tmp_path: Path) -> None:
    """With the old key's copies destroyed, as the other stated limit says."""
    file = tmp_path / "earlier.cdop"
    backups.create(old.register, MAKER, file)
    old.erased()
    new = rotation.add(old.register)
    rotation.promote(old.register, new)
    rotation.rewrap(old.register)
    rotation.retire(old.register, 1)
    settings = sqlite_settings(tmp_path / "restored")
    with pytest.raises(CdopError, match="lacks version 1"):
        backups.restore(settings, MAKER, file, old.register.settings.keys)


def test_a_backup_made_afterwards_restores_and_passes_its_checks(old: Old, tmp_path: Path) -> None:
    old.erased()
    file = tmp_path / "later.cdop"
    backups.create(old.register, MAKER, file)
    backups.verify(file, keys.load(old.register.settings.keys))
