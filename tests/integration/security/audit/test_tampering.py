"""Whatever is done to the log past the register is found, with an export, a key, a checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from cdop.db import new_id
from cdop.doctor import seals
from cdop.doctor.checks import OK
from cdop.errors import NotFound, Unsafe
from cdop.security.actor import system
from cdop.security.audit import exporting, proving, sealer
from cdop.security.audit.checkpoints import Verifier
from cdop.security.audit.models import AuditCheckpoint, AuditLeaf, Unsealed
from cdop.security.audit.verifying import Report, verify
from cdop.security.models import AuditEntry
from cdop.security.work import Register
from tests.factories import Herefordshire
from tests.integration.security.audit.tampering import (
    forged,
    leaf_now,
    leaves,
    past_every_trigger,
    put_leaves,
    sign_all_anew,
)

SYSTEM = system("tests")


@dataclass
class Kept:
    """A log of ten lines at one panel, sealed in three steps, and what left the machine then."""

    register: Register
    tree: UUID
    verifier: Verifier
    notes: list[str]

    def found(self) -> Report:
        return verify(exporting.export(self.register, SYSTEM), self.verifier, self.notes)

    def kinds(self) -> set[str]:
        return {fault.kind for fault in self.found().faults}


@pytest.fixture
def kept(county: Herefordshire) -> Kept:
    register, tree = county.register, county["herefordshire-cdop"]
    for number in (4, 3, 3):
        with register.work(SYSTEM) as work:
            for _ in range(number):
                work.audit("tests:thing:done", None, tree)
        sealer.seal(register)
    with register.reading(SYSTEM) as work:
        notes = [each.note for each in proving.newest(work)]
        verifier = Verifier.parse(exporting.signer(work).verifier.encode())
    return Kept(register, tree, verifier, notes)


def middle(session: Session, kept: Kept) -> AuditLeaf:
    return leaves(session, kept.tree)[-5]


def edit_a_line(session: Session, kept: Kept) -> None:
    session.execute(
        sa.update(AuditEntry)
        .where(col(AuditEntry.id) == middle(session, kept).entry_id)
        .values(actor="another")
    )


def edit_a_line_and_its_leaf(session: Session, kept: Kept) -> None:
    edit_a_line(session, kept)
    entry_id = middle(session, kept).entry_id
    session.execute(
        sa.update(AuditLeaf)
        .where(col(AuditLeaf.entry_id) == entry_id)
        .values(hash=leaf_now(session, entry_id))
    )


def remove_a_line(session: Session, kept: Kept) -> None:
    entry_id = middle(session, kept).entry_id
    session.execute(sa.delete(AuditEntry).where(col(AuditEntry.id) == entry_id))


def remove_a_line_and_close_the_gap(session: Session, kept: Kept) -> None:
    gone = middle(session, kept).entry_id
    session.execute(sa.delete(AuditEntry).where(col(AuditEntry.id) == gone))
    there = [(leaf.entry_id, leaf.hash) for leaf in leaves(session, kept.tree)]
    put_leaves(session, kept.tree, [each for each in there if each[0] != gone])


def swap_two_lines(session: Session, kept: Kept) -> None:
    there = [(leaf.entry_id, leaf.hash) for leaf in leaves(session, kept.tree)]
    there[-5], there[-4] = there[-4], there[-5]
    put_leaves(session, kept.tree, there)


def put_in_a_line(session: Session, kept: Kept) -> None:
    line = forged(kept.register, organisation_id=kept.tree)
    session.add(line)
    session.flush()
    there = [(leaf.entry_id, leaf.hash) for leaf in leaves(session, kept.tree)]
    there.insert(len(there) - 5, (line.id, leaf_now(session, line.id)))
    put_leaves(session, kept.tree, there)


def put_in_a_line_in_no_tree(session: Session, kept: Kept) -> None:
    session.add(forged(kept.register, organisation_id=kept.tree))


def append_a_line_without_a_checkpoint(session: Session, kept: Kept) -> None:
    line = forged(kept.register, organisation_id=kept.tree)
    session.add(line)
    session.flush()
    there = [(leaf.entry_id, leaf.hash) for leaf in leaves(session, kept.tree)]
    put_leaves(session, kept.tree, [*there, (line.id, leaf_now(session, line.id))])


def cut_the_tail(session: Session, kept: Kept) -> None:
    """Back to the checkpoint before the last: what is left is a log in perfect order."""
    size = session.exec(
        select(AuditCheckpoint.size)
        .where(col(AuditCheckpoint.tree) == kept.tree)
        .order_by(col(AuditCheckpoint.size).desc())
        .offset(1)
    ).first()
    gone = [leaf.entry_id for leaf in leaves(session, kept.tree)[size:]]
    session.execute(sa.delete(AuditEntry).where(col(AuditEntry.id).in_(gone)))
    session.execute(sa.delete(AuditLeaf).where(col(AuditLeaf.entry_id).in_(gone)))
    session.execute(
        sa.delete(AuditCheckpoint).where(
            col(AuditCheckpoint.tree) == kept.tree, col(AuditCheckpoint.size) > size
        )
    )


def cut_off_a_whole_tree(session: Session, kept: Kept) -> None:
    session.execute(sa.delete(AuditEntry).where(col(AuditEntry.organisation_id) == kept.tree))
    for table in (AuditLeaf, AuditCheckpoint):
        session.execute(sa.delete(table).where(col(table.tree) == kept.tree))


def sign_a_changed_log_anew(session: Session, kept: Kept) -> None:
    edit_a_line_and_its_leaf(session, kept)
    sign_all_anew(session, kept.register, kept.tree)


def change_a_checkpoint(session: Session, kept: Kept) -> None:
    row = session.exec(
        select(AuditCheckpoint).where(col(AuditCheckpoint.tree) == kept.tree)
    ).first()
    row.note = row.note.replace(f"\n{row.size}\n", f"\n{row.size + 1}\n")


TAMPERING = {
    edit_a_line: "edited",
    edit_a_line_and_its_leaf: "rewritten",
    remove_a_line: "removed",
    remove_a_line_and_close_the_gap: "rewritten",
    swap_two_lines: "rewritten",
    put_in_a_line: "rewritten",
    put_in_a_line_in_no_tree: "inserted",
    append_a_line_without_a_checkpoint: "inserted",
    cut_the_tail: "cut",
    cut_off_a_whole_tree: "cut",
    sign_a_changed_log_anew: "rewritten",
    change_a_checkpoint: "unsigned",
}


def doctor_finds(kept: Kept, *, thorough: bool) -> str:
    """Return what the doctor says of the seals, empty when it finds nothing."""
    found = seals.check(kept.register.settings, thorough)
    assert found.name == "audit seals"
    return "" if found.state == OK else found.found


def test_the_doctor_looks_at_the_newest_lines_or_at_all(kept: Kept) -> None:
    assert doctor_finds(kept, thorough=False) == doctor_finds(kept, thorough=True) == ""
    with past_every_trigger(kept.register) as session:
        edit_a_line(session, kept)
        append_a_line_without_a_checkpoint(session, kept)
    assert "1 of the latest" in doctor_finds(kept, thorough=False)
    assert "not as it was signed last" in doctor_finds(kept, thorough=False)
    assert "edited" in doctor_finds(kept, thorough=True)
    with past_every_trigger(kept.register) as session:
        put_in_a_line_in_no_tree(session, kept)
    assert "1 lines were put in" in doctor_finds(kept, thorough=False)


def test_a_log_that_nobody_touched_is_intact(kept: Kept) -> None:
    report = kept.found()
    assert report.faults == []
    assert report.unsealed == 0
    assert report.newer == 1  # the line about this very export
    assert report.sealed > 10
    assert report.whole


@pytest.mark.parametrize(
    ("tamper", "kind"), TAMPERING.items(), ids=lambda each: getattr(each, "__name__", each)
)
def test_tampering_is_found(kept: Kept, tamper: Callable[[Session, Kept], None], kind: str) -> None:
    with past_every_trigger(kept.register) as session:
        tamper(session, kept)
    assert kind in kept.kinds()


@pytest.mark.parametrize("tamper", [cut_the_tail, cut_off_a_whole_tree, sign_a_changed_log_anew])
def test_only_a_checkpoint_that_left_the_machine_shows_what_was_covered_up(
    kept: Kept, tamper: Callable[[Session, Kept], None]
) -> None:
    with past_every_trigger(kept.register) as session:
        tamper(session, kept)
    kept.notes = []
    assert kept.kinds() == set()


def test_where_a_log_was_changed_is_narrowed_to_the_lines_between_two_checkpoints(
    kept: Kept,
) -> None:
    with past_every_trigger(kept.register) as session:
        size = len(leaves(session, kept.tree))
        edit_a_line_and_its_leaf(session, kept)
    (fault,) = kept.found().faults
    assert fault.tree == str(kept.tree)
    assert f"lines {size - 6} to {size - 4} " in fault.what


def test_lines_that_wait_are_counted_and_not_proved(kept: Kept, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "seal", lambda _: 0)
    report = kept.found()
    assert report.unsealed == 1
    assert report.faults == []


def test_a_line_that_waits_and_claims_to_be_old_is_found(kept: Kept, monkeypatch) -> None:
    monkeypatch.setattr(sealer, "seal", lambda _: 0)
    with past_every_trigger(kept.register) as session:
        line = session.exec(select(AuditEntry)).first()
        old = forged(kept.register, recorded_at=line.recorded_at - timedelta(days=2))
        session.add(old)
        session.flush()
        session.merge(Unsealed(entry_id=old.id))
    assert [fault.kind for fault in kept.found().faults] == ["inserted"]


def test_a_proof_shows_one_line_to_whoever_has_the_key(kept: Kept) -> None:
    with past_every_trigger(kept.register) as session:
        wanted = [leaf.entry_id for leaf in leaves(session, kept.tree)]
    for entry_id in (wanted[0], wanted[-5], wanted[-1]):
        proof = kept.register.do(SYSTEM, proving.prove_inclusion, entry_id)
        assert proof["line"]["id"] == str(entry_id)
        assert proving.check(proof, kept.verifier).size == len(wanted)
        proof["line"]["actor"] = "another"
        with pytest.raises(Unsafe, match="does not hold"):
            proving.check(proof, kept.verifier)


def test_a_proof_shows_that_the_log_only_grew(kept: Kept) -> None:
    (old,) = [note for note in kept.notes if str(kept.tree) in note]
    with kept.register.work(SYSTEM) as work:
        for _ in range(4):
            work.audit("tests:thing:done", None, kept.tree)
    sealer.seal(kept.register)
    proof = kept.register.do(SYSTEM, proving.prove_growth, old)
    grown = proving.check(proof, kept.verifier)
    assert grown.size == kept.verifier.open(old).size + 4
    with past_every_trigger(kept.register) as session:
        sign_a_changed_log_anew(session, kept)
    with pytest.raises(Unsafe, match="does not hold"):
        proving.check(kept.register.do(SYSTEM, proving.prove_growth, old), kept.verifier)


def test_there_is_no_proof_of_a_line_that_is_not_there(kept: Kept) -> None:
    with pytest.raises(NotFound):
        kept.register.do(SYSTEM, proving.prove_inclusion, new_id())


def test_the_application_cannot_touch_log_or_tree_even_by_hand(kept: Kept) -> None:
    """The account under which it runs on PostgreSQL; on SQLite the triggers alone."""
    said = "append-only" if kept.register.settings.is_sqlite else "permission denied"
    for table in ("audit_log", "audit_leaves", "audit_checkpoints"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET tree = tree"):
            if table == "audit_log":
                statement = statement.replace("tree", "actor")
            with (
                pytest.raises(sa.exc.DBAPIError, match=said),
                kept.register.engine.execution_options(writes=True).begin() as connection,
            ):
                connection.execute(sa.text(statement))
    assert kept.kinds() == set()


def test_nothing_more_is_signed_over_a_tree_that_was_changed(kept: Kept) -> None:
    """Its lines wait, and show; other trees are sealed as ever."""
    with past_every_trigger(kept.register) as session:
        append_a_line_without_a_checkpoint(session, kept)
    with kept.register.work(SYSTEM) as work:
        work.audit("tests:thing:done", None, kept.tree)
        work.audit("tests:thing:done")
    assert sealer.seal(kept.register) == 1
    with kept.register.reading(SYSTEM) as work:
        assert sealer.waiting(work).lines == 1
    assert "inserted" in kept.kinds()
