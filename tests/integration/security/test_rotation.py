"""Keys are rotated while the register serves: nothing is lost, and nothing retired is needed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop import registers
from cdop.deaths.documents import NAMES, Names
from cdop.deaths.models import Death
from cdop.errors import Misconfigured, NotFound, Refused, Unsafe
from cdop.security import audit, custody, key_versions, keys, resealing, rollback, rotation
from cdop.security.models import AuditEntry, DataKey
from cdop.security.rotation import KEYS
from cdop.security.sealing import sealed_tables
from cdop.security.work import Register, Work
from tests.factories import Herefordshire
from tests.integration.security.rotating import another_server, data_keys, notified, values


def rotate(register: Register) -> int:
    """Put a new key in use for everything. Returns its version."""
    version = rotation.add(register)
    rotation.promote(register, version)
    rotation.rewrap(register)
    return version


def states(register: Register) -> dict[int, tuple[str, int]]:
    return {each.version: (each.state, each.wrapped) for each in rotation.status(register)}


def said(register: Register) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the lines of the commands: each with what it says."""
    with register.reading(KEYS) as work:
        query = select(AuditEntry.action, AuditEntry.detail)
        mine = query.where(AuditEntry.actor == "system:keys").order_by(col(AuditEntry.id))
        return [
            (action.removeprefix("register:keys:"), detail)
            for action, detail in work.session.exec(mine)
            if action.startswith("register:keys:")
        ]


def rename(work: Work, death_id: UUID) -> None:
    """Seal another name, and all else of the row again with it."""
    death = work.session.get_one(Death, death_id)
    work.seal(death, {NAMES: Names(given="Corrected", family="Testchild")})


def names(work: Work, death: Death) -> str:
    return work.open(death, NAMES).full


def test_a_whole_rotation_changes_keys_and_no_record(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1, 2, 3)
    before, wrapped = values(register), {each.wrapped for each in data_keys(register)}
    assert states(register) == {1: ("current", 3)}
    assert rotation.add(register) == 2
    assert states(register) == {1: ("current", 3), 2: ("added", 0)}
    rotation.promote(register, 2)
    notified(county, 4)
    assert states(register) == {1: ("former", 3), 2: ("current", 1)}
    seen: list[tuple[int, int]] = []
    assert rotation.rewrap(register, lambda *done: seen.append(done), batch=2) == 3
    assert seen == [(2, 3), (3, 3)]
    rotation.retire(register, 1)
    assert states(register) == {1: ("retired", 0), 2: ("current", 4)}
    after = values(another_server(register))
    assert before.items() <= after.items()
    assert not wrapped & {each.wrapped for each in data_keys(register)}


def test_rewrapping_goes_on_where_it_was_broken_off(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1, 2, 3)
    rotation.promote(register, rotation.add(register))

    def break_off(done: int, _: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rewrap(register, break_off, batch=1)
    assert states(register) == {1: ("former", 2), 2: ("current", 1)}
    assert rotation.rewrap(register) == 2
    assert [detail for action, detail in said(register) if action == "rewrap"] == [
        {"version": 2, "cases": 1},
        {"version": 2, "cases": 2},
    ]
    assert rotation.rewrap(register) == 0


def test_a_server_that_missed_the_rotation_goes_on_and_uses_the_new_key(
    county: Herefordshire,
) -> None:
    """It read the key file before; what it seals afterwards must not need a retired key."""
    notified(county, 1)
    other = another_server(county.register)
    before = values(other)
    rotate(county.register)
    rotation.retire(county.register, 1)
    assert values(other) == before, "with the keys it holds open"
    notified(county, 2, by=other)
    assert {each.kek_version for each in data_keys(other)} == {2}
    assert len(values(another_server(county.register))) == 2 * len(before)


def test_a_key_that_a_case_needs_cannot_be_retired(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1)
    with pytest.raises(Refused) as caught:
        rotation.retire(register, 1)
    assert str(caught.value) == (
        "The current key is not retired. First promote another: cdop keys promote N"
    )
    rotation.promote(register, rotation.add(register))
    with pytest.raises(Refused) as caught:
        rotation.retire(register, 1)
    assert str(caught.value) == (
        "Case keys are still wrapped under version 1. First: cdop keys rewrap"
    )
    assert set(custody.load(register.settings).sealing) == {1, 2}
    for wanted in (rotation.promote, rotation.retire):
        with pytest.raises(NotFound):
            wanted(register, 9)


def test_a_retired_key_cannot_be_used_by_whoever_still_holds_it(county: Herefordshire) -> None:
    """The database itself refuses the row, whatever a server believes to be current."""
    register = county.register
    rotate(register)
    rotation.retire(register, 1)
    notified(county, 1)
    with pytest.raises(sa.exc.IntegrityError), register.work(KEYS) as work:
        work.session.execute(sa.update(DataKey).values(kek_version=1))


def test_a_retirement_that_was_cut_between_database_and_file_is_given_again(
    county: Herefordshire,
) -> None:
    register = county.register
    ring = custody.load(register.settings)
    rotate(register)
    both = custody.load(register.settings)
    rotation.retire(register, 1)
    keys.save(register.settings.keys, both)
    assert states(another_server(register)) == {1: ("added", 0), 2: ("current", 0)}
    rotation.retire(register, 1)
    assert custody.load(register.settings).retired == {1}
    assert set(ring.sealing) == {1}


def test_a_key_file_older_than_the_register_is_refused_at_the_start(
    county: Herefordshire,
) -> None:
    register = county.register
    old = custody.load(register.settings)
    rotate(register)
    new = custody.load(register.settings)
    keys.save(register.settings.keys, old)
    with pytest.raises(Misconfigured, match=r"lacks version 2 .* put the newest copy"):
        another_server(register)
    keys.save(register.settings.keys, replace(new, sealing={**new.sealing, 2: old.sealing[1]}))
    with pytest.raises(Misconfigured, match="or holds another in its place"):
        another_server(register)
    keys.save(register.settings.keys, keys.new_ring())
    with pytest.raises(Misconfigured, match="belongs to another register"):
        another_server(register)
    keys.save(register.settings.keys, new)
    another_server(register)


def test_a_backup_from_before_a_retirement_asks_for_the_key_file_of_its_time(
    county: Herefordshire,
) -> None:
    register = county.register
    old = custody.load(register.settings)
    rotate(register)
    rotation.retire(register, 1)
    with register.work(KEYS) as work:
        first = key_versions.first_key(old, work.now)
        first.state = "former"
        work.session.add(first)
    with pytest.raises(Misconfigured, match=r"lacks version 1 .* retired since.* of that time"):
        another_server(register)


def test_a_mounted_secret_is_changed_in_a_file_beside_it(county: Herefordshire) -> None:
    register = county.register
    register.settings = replace(register.settings, key_provider="secret")
    beside = register.settings.data / "next.json"
    assert rotation.add(register, to=beside) == 2
    assert set(custody.load(register.settings).sealing) == {1}
    assert set(keys.load(beside).sealing) == {1, 2}
    with pytest.raises(NotFound):
        rotation.promote(register, 2)
    with pytest.raises(Misconfigured, match="not replaced"):
        rotation.add(register, to=beside)
    keys.save(register.settings.keys, keys.load(beside))
    rotation.promote(register, 2)
    rotation.rewrap(register)
    last = register.settings.data / "last.json"
    rotation.retire(register, 1, to=last)
    assert set(keys.load(last).sealing) == {2}
    assert set(custody.load(register.settings).sealing) == {1, 2}


def test_resealing_gives_a_case_a_new_key_and_every_row_a_new_revision(
    county: Herefordshire,
) -> None:
    register = county.register
    first, _ = notified(county, 1, 2)
    before = values(register)
    with register.reading(KEYS) as work:
        old = work.session.get_one(Death, first)
        kept = old.names
    assert resealing.reseal(register).cases == 0, "no case is older than the key in use"
    rotation.promote(register, rotation.add(register))
    assert resealing.reseal(register).cases == 2
    assert values(another_server(register)) == before
    assert {each.generation for each in data_keys(register)} == {2}
    assert {each.kek_version for each in data_keys(register)} == {2}
    with register.reading(KEYS) as work:
        row = work.session.get_one(Death, first)
        assert row.sealed_revision == old.sealed_revision + 1
        for put_back in (kept, row.identity):
            sa.orm.attributes.set_committed_value(row, "names", put_back)
            with pytest.raises(Unsafe):
                work.open_within(row, NAMES)
    assert resealing.reseal(register).cases == 0
    assert list(_changed(register)) == []
    rotation.retire(register, 1)


def _changed(register: Register) -> list[tuple[str, str]]:
    """Return what is not as its last line says; each is named by a row's id."""
    seen: list[int] = []
    with register.reading(KEYS) as work:
        found = list(rollback.find(work.session, work.vault.ring, seen.append))
        rows = sum(len(work.session.exec(select(table.id)).all()) for table in sealed_tables())
        assert seen == sorted(set(seen)), "it counts upwards"
        assert max(seen) <= rows
        assert all(isinstance(each.row_id, UUID) for each in found)
        return [(each.table, each.why) for each in found]


def test_a_server_that_holds_the_old_key_open_reads_and_seals_on(county: Herefordshire) -> None:
    register = county.register
    (death_id,) = notified(county, 1)
    other = another_server(register)
    before = values(other)
    rotation.promote(register, rotation.add(register))
    resealing.reseal(register)
    assert values(other) == before
    coordinator = county.actors["coordinator"]
    other.do(coordinator, rename, death_id)
    with register.work(coordinator) as work:
        assert names(work, work.session.get_one(Death, death_id)) == "Corrected Testchild"


def test_a_row_read_before_its_case_was_resealed_is_read_again(county: Herefordshire) -> None:
    register = county.register
    (death_id,) = notified(county, 1)
    other = another_server(register)
    rotation.promote(register, rotation.add(register))
    with other.reading(county.actors["coordinator"]) as work:
        death = work.session.get_one(Death, death_id)
        resealing.reseal(register)
        assert work.open_within(death, NAMES).full == "Example Testchild"


def test_a_case_that_does_not_open_is_left_as_it_is_and_named(county: Herefordshire) -> None:
    register = county.register
    broken, whole = notified(county, 1, 2)
    with register.work(KEYS) as work:
        work.session.execute(
            sa.update(Death).where(col(Death.id) == broken).values(identity=b"\1\0\1 not sealed")
        )
    rotation.promote(register, rotation.add(register))
    done = resealing.reseal(register)
    assert (done.cases, done.unread) == (1, (broken,))
    generations = {each.subject_id: each.generation for each in data_keys(register)}
    assert generations == {broken: 1, whole: 2}


def test_a_destroyed_key_neither_hinders_a_rotation_nor_comes_back(county: Herefordshire) -> None:
    register = county.register
    gone, _ = notified(county, 1, 2)
    with register.work(KEYS) as work:
        work.vault.destroy(work.session, gone, work.now)
    assert rotation.rewrap(register) == 0
    rotate(register)
    assert resealing.reseal(register).cases == 1
    rotation.retire(register, 1)
    rows = {each.subject_id: each for each in data_keys(register)}
    assert (rows[gone].wrapped, rows[gone].kek_version) == (None, None)


def test_every_command_leaves_its_line_under_the_name_of_the_keys(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1, 2)
    rotate(register)
    resealing.reseal(register)
    rotation.retire(register, 1)
    assert said(register) == [
        ("add", {"version": 2}),
        ("promote", {"version": 2, "before": 1}),
        ("rewrap", {"version": 2, "cases": 2}),
        ("reseal-begin", {"version": 2, "cases": 2}),
        ("reseal", {"cases": 2, "unread": 0}),
        ("retire", {"version": 1}),
    ]


def test_the_state_of_each_key_tells_since_when_and_for_how_many(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1, 2)
    rotate(register)
    rotation.add(register)
    assert {each.version: each.made for each in rotation.status(register)} == {1: 2, 2: 0, 3: 0}
    first, second, third = (each.promoted_at for each in rotation.status(register))
    assert first
    assert (second, third) == (register.clock.now(), None)
    resealing.reseal(register)
    rotation.retire(register, 1)
    found = {each.version: (each.state, each.made) for each in rotation.status(register)}
    assert found == {1: ("retired", 0), 2: ("current", 2), 3: ("added", 0)}


def test_progress_counts_what_is_done_of_all(county: Herefordshire) -> None:
    register = county.register
    broken, _, _ = notified(county, 1, 2, 3)
    with register.work(KEYS) as work:
        spoil = sa.update(Death).where(col(Death.id) == broken)
        work.session.execute(spoil.values(identity=b"\1\0\1 not sealed"))
    rotation.promote(register, rotation.add(register))
    seen: list[tuple[int, int]] = []
    resealing.reseal(register, lambda *done: seen.append(done))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert said(register)[-2:] == [
        ("reseal-begin", {"version": 2, "cases": 3}),
        ("reseal", {"cases": 2, "unread": 1}),
    ]


@pytest.mark.parametrize("why", ["changed", "gone", "unknown"])
def test_a_whole_row_put_back_removed_or_made_elsewhere_is_named(
    county: Herefordshire, why: str
) -> None:
    """Everything in such a row is genuine, so that it opens: only the audit log tells."""
    register = county.register
    (death_id,) = notified(county, 1)
    earlier = _row(register, death_id)
    coordinator = county.actors["coordinator"]
    register.do(coordinator, rename, death_id)
    assert _changed(register) == []
    with register.work(KEYS) as work:
        events = sa.text("SELECT count(*) FROM death_events")
        assert work.session.execute(events).scalar_one()
        if why == "changed":
            work.session.execute(sa.update(Death).values(earlier))
        else:
            statement = {
                "gone": "DELETE FROM notifications",
                "unknown": "UPDATE notifications SET id = :id",
            }[why]
            parameter = {"id": str(coordinator.account_id)} if why == "unknown" else {}
            work.session.execute(sa.text(statement), parameter)
    if why == "changed":
        with register.work(coordinator) as work:
            assert names(work, work.session.get_one(Death, death_id)) == "Example Testchild"
    found = _changed(register)
    wanted = {
        "changed": [("deaths", "changed")],
        "gone": [("notifications", "gone")],
        "unknown": [("notifications", "unknown"), ("notifications", "gone")],
    }
    assert found == wanted[why]


def _row(register: Register, death_id: UUID) -> dict[str, object]:
    with register.reading(KEYS) as work:
        row = work.session.get_one(Death, death_id)
        sealed = ("names", "identity", "summary", "scope_remark", "sealed_revision")
        return {name: getattr(row, name) for name in sealed}


def test_a_register_with_no_key_in_use_is_not_opened_blindly(county: Herefordshire) -> None:
    register = county.register
    with register.work(KEYS) as work:
        work.session.execute(sa.text("DELETE FROM sealing_keys"))
    again = registers.open_register(register.settings, clock=register.clock)
    with pytest.raises(Unsafe, match="no key to seal with"):
        notified(county, 1, by=again)


def test_a_case_that_does_not_open_is_told_by_its_table_column_and_row(
    county: Herefordshire,
) -> None:
    register = county.register
    (broken,) = notified(county, 1)
    with register.work(KEYS) as work:
        work.session.execute(sa.update(Death).values(identity=b"\1\0\1 not sealed"))
    rotation.promote(register, rotation.add(register))
    with pytest.raises(Unsafe) as caught:
        register.do(KEYS, resealing.reseal_case, broken)
    assert str(caught.value) == f"deaths.identity of row {broken} does not open."


def test_an_erased_case_is_not_resealed_and_not_counted(county: Herefordshire) -> None:
    register = county.register
    (gone,) = notified(county, 1)
    with register.work(KEYS) as work:
        work.vault.destroy(work.session, gone, work.now)
    assert register.do(KEYS, resealing.reseal_case, gone) is False


def test_a_wrapped_key_that_does_not_open_stops_the_rewrapping_and_is_named(
    county: Herefordshire,
) -> None:
    register = county.register
    (broken,) = notified(county, 1)
    rotation.promote(register, rotation.add(register))
    with register.work(KEYS) as work:
        work.session.execute(sa.update(DataKey).values(wrapped=b"not a wrapped key at all"))
    with pytest.raises(Unsafe, match=f"^The key of the sealed record {broken} does not open"):
        rotation.rewrap(register)
    assert {each.kek_version for each in data_keys(register)} == {1}


def test_rows_of_an_erased_case_are_no_findings_but_those_after_it_are(
    county: Herefordshire,
) -> None:
    register = county.register
    ids = notified(county, 1, 2, 3)
    with register.work(KEYS) as work:
        work.vault.destroy(work.session, min(ids), work.now)
        work.session.execute(sa.update(Death).values(sealed_revision=9))
    assert _changed(register) == [("deaths", "changed")] * 2


def test_only_what_was_done_and_to_a_row_counts_as_its_last_line(county: Herefordshire) -> None:
    """A line of an attempt that failed, and one about no row, tell nothing of what is sealed."""
    register = county.register
    (death_id,) = notified(county, 1)
    subject = ("deaths", death_id)
    with register.work(KEYS) as work:
        audit.record(
            work.session,
            register.vault.ring,
            KEYS,
            work.now,
            rollback.SEALED,
            subject=subject,
            outcome="failed",
            revision=99,
            digest="of nothing",
        )
        for incomplete in (None, ("deaths", None), (None, death_id)):
            work.audit(rollback.SEALED, incomplete)
    register.do(county.actors["coordinator"], rename, death_id)
    assert _changed(register) == []
