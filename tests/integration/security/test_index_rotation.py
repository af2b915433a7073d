"""The index root is rotated while the register serves: no look-up ever misses a case."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from cdop.deaths import queries
from cdop.deaths.commands import Correction
from cdop.deaths.service import correct_identity, finding, notify
from cdop.deaths.service.reindexing import make_tokens
from cdop.errors import Misconfigured, Unsafe
from cdop.security import custody, index_rotation, keys
from cdop.security.index_rotation import reindex
from cdop.security.models import AuditEntry, IndexRoot, IndexToken
from cdop.security.rotation import KEYS
from cdop.security.work import Register, Work
from tests.factories import Herefordshire, child, told
from tests.integration.security.rotating import another_server, notified


def found(register: Register, seed: int) -> set[UUID]:
    """Return the cases with a child's number, and those that share any token with it."""
    with register.work(KEYS) as work:
        of = child(seed)
        panels = list(work.session.exec(select(IndexToken.organisation_id).distinct()))
        by_number = {each.id for each in finding.with_number(work, of)}
        assert by_number <= finding.candidates(work, of.identity, panels, most=None)
        return by_number


def versions(register: Register) -> set[int]:
    """Return the versions of the tokens that there are."""
    with register.reading(KEYS) as work:
        return set(work.session.exec(select(IndexToken.version)))


def states(register: Register) -> dict[str, int]:
    with register.reading(KEYS) as work:
        return dict(work.session.exec(select(IndexRoot.state, IndexRoot.version)).all())


class BreakOff(Exception):
    """The command is killed."""


def break_off(*_: object) -> None:
    raise BreakOff


def filling(register: Register, cases: int) -> None:
    """Break the command off after so many cases."""

    def stop(done: int, _: int) -> None:
        if done >= cases:
            raise BreakOff

    with pytest.raises(BreakOff):
        reindex(register, make_tokens, stop, batch=1)


def test_every_case_is_found_by_new_tokens_and_the_old_root_is_gone(county: Herefordshire) -> None:
    register = county.register
    ids = notified(county, 1, 2, 3)
    seen: list[tuple[int, int]] = []
    assert reindex(register, make_tokens, lambda *done: seen.append(done), batch=2) == 3
    assert seen == [(2, 3), (3, 3)]
    assert [found(register, seed) for seed in (1, 2, 3)] == [{each} for each in ids]
    assert versions(register) == {2}
    assert states(register) == {"current": 2}
    assert set(custody.load(register.settings).index) == {2}
    assert reindex(another_server(register), make_tokens) == 3
    assert states(register) == {"current": 3}
    assert [found(another_server(register), seed) for seed in (1, 2)] == [{ids[0]}, {ids[1]}]


def test_while_it_is_filled_old_and_new_cases_are_found_and_no_second_case_is_made(
    county: Herefordshire,
) -> None:
    register = county.register
    ids = notified(county, 1, 2, 3)
    other = another_server(register)
    filling(register, 1)
    assert states(register) == {"current": 1, "filling": 2}
    assert notified(county, 3, by=other) == [ids[2]], "it joins the case that is there"
    (new,) = notified(county, 4, by=other)
    for server in (register, other):
        assert [found(server, seed) for seed in (1, 2, 3, 4)] == [{each} for each in [*ids, new]]
    assert reindex(register, make_tokens) == 2
    for server in (register, other):
        assert [found(server, seed) for seed in (1, 2, 3, 4)] == [{each} for each in [*ids, new]]
    assert notified(county, 1, by=other) == [ids[0]]


def test_a_correction_between_two_batches_is_found_by_what_it_says_alone(
    county: Herefordshire,
) -> None:
    register, coordinator = county.register, county.actors["coordinator"]
    first, second = notified(county, 1, 2)
    filling(register, 1)
    for id, seed in ((first, 11), (second, 12)):
        with register.reading(coordinator) as work:
            revision = queries.get(work, id).sealed_revision
        corrected = Correction(child(seed), revision, "A slip of the pen")
        register.do(coordinator, correct_identity, id, corrected)
    assert reindex(register, make_tokens) == 0, "the correction wrote both"
    assert [found(register, seed) for seed in (1, 2)] == [set(), set()]
    assert [found(register, seed) for seed in (11, 12)] == [{first}, {second}]


@pytest.mark.parametrize(
    "step",
    ["prepare", "_begin", "_fill_batch", "_change_over", "_remove_batch", "_trim", "write"],
)
def test_broken_off_anywhere_it_goes_on_and_finds_every_case_meanwhile(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    register = county.register
    ids = notified(county, 1, 2)
    real, calls = getattr(index_rotation, step), 0

    def once(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls > (1 if step in ("_fill_batch", "_remove_batch") else 0):
            raise BreakOff
        return real(*arguments, **named)

    monkeypatch.setattr(index_rotation, step, once)
    with pytest.raises(BreakOff):
        reindex(register, make_tokens, batch=1)
    monkeypatch.undo()
    for server in (register, another_server(register)):
        assert [found(server, seed) for seed in (1, 2)] == [{ids[0]}, {ids[1]}]
        assert notified(county, 1, by=server) == [ids[0]]
    reindex(another_server(register), make_tokens)
    assert [found(register, seed) for seed in (1, 2)] == [{ids[0]}, {ids[1]}]
    assert states(register) == {"current": 2}
    assert versions(register) == set(custody.load(register.settings).index) == {2}


def elsewhere(register: Register, name: str) -> Register:
    """Open the register on a server with a copy of the key file."""
    copy = register.settings.data / name
    keys.create(copy, ring=custody.load(register.settings))
    other = another_server(register)
    settings = replace(register.settings, keys=copy)
    other.settings = settings
    other.vault.held._reload = lambda: custody.load(settings)
    return other


def test_a_server_whose_key_file_lacks_the_new_root_refuses_until_it_has_it(
    county: Herefordshire,
) -> None:
    """It must neither miss a case nor make a second one."""
    register = county.register
    (known,) = notified(county, 1)
    other = elsewhere(register, "copy.json")
    index_rotation.prepare(register)
    assert notified(county, 1, by=other) == [known], "prepared is not yet in force"
    filling(register, 0)
    for _ in range(2):
        with pytest.raises(Unsafe, match="version 2 of the index roots"):
            found(other, 1)
        with pytest.raises(Unsafe, match="put the newest key file in its place"):
            notified(county, 1, by=other)
    with pytest.raises(Misconfigured, match="lacks version 2 of the index roots"):
        another_server(other)
    keys.save(other.settings.keys, custody.load(register.settings))
    other.vault.held._asked.clear()  # a second has passed
    assert notified(county, 1, by=other) == [known]
    reindex(register, make_tokens)
    assert found(other, 1) == {known}


def test_another_root_under_the_same_number_is_not_taken_for_it(county: Herefordshire) -> None:
    """Two people prepared a root, each on a server of their own."""
    register = county.register
    (known,) = notified(county, 1)
    other = elsewhere(register, "copy.json")
    keys.save(other.settings.keys, custody.load(other.settings).with_index_root())
    reindex(register, make_tokens)
    with pytest.raises(Unsafe, match="version 2 of the index roots"):
        found(other, 1)
    assert found(register, 1) == {known}


def test_a_backup_from_before_asks_for_the_key_file_of_its_time(county: Herefordshire) -> None:
    register = county.register
    reindex(register, make_tokens)
    with register.work(KEYS) as work:
        work.session.execute(sa.update(IndexRoot).values(version=1))
    with pytest.raises(Misconfigured, match=r"lacks version 1 of the index roots .* of that time"):
        another_server(register)


def test_what_was_erased_or_joined_gets_no_tokens(county: Herefordshire) -> None:
    register = county.register
    gone, _ = notified(county, 1, 2)
    with register.work(KEYS) as work:
        work.vault.destroy(work.session, gone, work.now)
        work.session.execute(sa.delete(IndexToken).where(col(IndexToken.subject_id) == gone))

    def too_late(work: Work, ids: Sequence[UUID], version: int) -> int:
        return make_tokens(work, [gone, *ids], version)

    assert reindex(register, too_late) == 1
    with register.reading(KEYS) as work:
        query = select(IndexToken.id).where(IndexToken.subject_id == gone)
        assert work.session.exec(query).all() == []


def test_a_case_that_does_not_open_stops_it_and_stays_found(county: Herefordshire) -> None:
    register = county.register
    broken, whole = notified(county, 1, 2)
    with register.work(KEYS) as work:
        change = sa.text("UPDATE deaths SET identity = names WHERE id = :id")
        work.session.execute(change, {"id": str(broken)})
    with pytest.raises(Unsafe, match=rf"deaths.identity, row {broken}"):
        reindex(register, make_tokens, batch=1)
    assert states(register) == {"current": 1, "filling": 2}
    assert [found(register, seed) for seed in (1, 2)] == [{broken}, {whole}]


def test_each_step_leaves_its_line_under_the_name_of_the_keys(county: Herefordshire) -> None:
    register = county.register
    notified(county, 1)
    reindex(register, make_tokens)
    with register.reading(KEYS) as work:
        query = select(AuditEntry.action, AuditEntry.detail).where(
            AuditEntry.actor == "system:keys"
        )
        lines = work.session.exec(query.order_by(col(AuditEntry.id))).all()
    assert [(a.removeprefix("register:keys:"), d) for a, d in lines] == [
        ("index-add", {"version": 2}),
        ("reindex-begin", {"version": 2}),
        ("reindex-fill", {"version": 2, "cases": 1}),
        ("reindex-change", {"version": 2}),
        ("reindex-end", {"version": 1}),
    ]


def test_what_auditors_compare_stays_the_same(county: Herefordshire) -> None:
    """The mark of a search term, and the code of a backup, do not follow the index root."""
    register = county.register
    before = register.vault.mark("search-term", "a name")
    reindex(register, make_tokens)
    assert another_server(register).vault.mark("search-term", "a name") == before
    assert another_server(register).vault.mark("search-term", "another") != before


def test_a_mounted_secret_gets_its_new_root_in_a_file_beside_it(county: Herefordshire) -> None:
    register = county.register
    beside = register.settings.data / "next.json"
    assert index_rotation.prepare(register, to=beside) == 2
    assert set(custody.load(register.settings).index) == {1}
    keys.save(register.settings.keys, keys.load(beside))
    trimmed = register.settings.data / "last.json"
    reindex(register, make_tokens, to=trimmed)
    assert set(keys.load(trimmed).index) == {2}
    assert set(custody.load(register.settings).index) == {1, 2}


def test_two_who_notify_through_servers_of_old_and_new_ring_make_one_case(
    county: Herefordshire,
) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    other = another_server(register)
    filling(register, 0)
    coordinator = county.actors["coordinator"]
    receipts = [each.do(coordinator, notify, told(panel, child(5))) for each in (other, register)]
    assert receipts[0].death_id == receipts[1].death_id
