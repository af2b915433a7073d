"""A proof is a small document whose form stays, and an export one that says what it is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from cdop.errors import NotFound, Refused, Unsafe
from cdop.security.actor import system
from cdop.security.audit import exporting, proving, sealer
from cdop.security.audit.checkpoints import Checkpoint, Verifier, origin_of
from cdop.security.audit.models import NO_ORGANISATION
from cdop.security.models import AuditEntry, RegisterInfo
from cdop.security.work import Register
from tests.factories import Herefordshire, herefordshire

SYSTEM = system("tests")


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    """A county whose log is sealed, but for one line about its panel."""
    county = herefordshire(sqlite_register)
    for _ in range(3):
        write(county, "tests:line:sealed")
        sealer.seal(sqlite_register)
    write(county, "tests:line:waits")
    return county


def write(county: Herefordshire, action: str) -> None:
    with county.register.work(SYSTEM) as work:
        work.audit(action, None, county["herefordshire-cdop"])


def line_of(county: Herefordshire, action: str) -> UUID:
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry.id).where(AuditEntry.action == action)
        found = work.session.exec(query.order_by(col(AuditEntry.id))).first()
    assert found
    return found


def note_of(county: Herefordshire) -> tuple[str, Verifier]:
    with county.register.reading(SYSTEM) as work:
        (found,) = proving.newest(work, county["herefordshire-cdop"])
        return found.note, exporting.signer(work).verifier


def last_line(county: Herefordshire) -> AuditEntry:
    with county.register.reading(SYSTEM) as work:
        query = select(AuditEntry).order_by(col(AuditEntry.id).desc())
        found = work.session.exec(query).first()
    assert found
    return found


def test_a_proof_of_a_line_has_the_form_that_it_always_had(county: Herefordshire) -> None:
    id = line_of(county, "tests:line:sealed")
    proof = county.register.do(SYSTEM, proving.prove_inclusion, id)
    note, verifier = note_of(county)
    assert set(proof) == {"kind", "format", "line", "position", "path", "note"}
    assert (proof["kind"], proof["format"], proof["note"]) == ("inclusion", 1, note)
    assert proof["line"]["action"] == "tests:line:sealed"
    assert all(len(bytes.fromhex(each)) == 32 for each in proof["path"])
    found = proving.check(json.loads(json.dumps(proof)), verifier)
    assert found == verifier.open(note)
    line = last_line(county)
    assert (line.action, line.subject_kind, line.subject_id) == ("audit:log:prove", "audit_log", id)
    assert line.organisation_id == county["herefordshire-cdop"]


def test_what_is_sealed_while_a_proof_is_made_is_no_part_of_it(
    county: Herefordshire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest checkpoint is read, another seals, and only then are the leaves read."""
    register, panel = county.register, county["herefordshire-cdop"]
    with register.reading(SYSTEM) as work:
        before = proving.newest(work, panel)
    sealer.seal(register)
    monkeypatch.setattr(proving, "newest", lambda *_: before)
    id = line_of(county, "tests:line:sealed")
    proof = register.do(SYSTEM, proving.prove_inclusion, id)
    _, verifier = note_of(county)
    assert proving.check(proof, verifier).size == before[0].size


def test_a_proof_of_growth_has_the_form_that_it_always_had(county: Herefordshire) -> None:
    old, verifier = note_of(county)
    sealer.seal(county.register)
    proof = county.register.do(SYSTEM, proving.prove_growth, old)
    assert set(proof) == {"kind", "format", "path", "old", "note"}
    assert (proof["kind"], proof["format"], proof["old"]) == ("consistency", 1, old)
    assert proof["note"] == note_of(county)[0] != old
    assert proving.check(json.loads(json.dumps(proof)), verifier).size == 1 + (
        verifier.open(old).size
    )
    line = last_line(county)
    assert (line.action, line.subject_kind) == ("audit:log:prove", None)
    assert line.organisation_id == county["herefordshire-cdop"]


def test_growth_of_the_lines_about_no_organisation_is_told_as_about_none(
    county: Herefordshire,
) -> None:
    with county.register.work(SYSTEM) as work:
        work.audit("tests:line:none")
    sealer.seal(county.register)
    with county.register.reading(SYSTEM) as work:
        (row,) = proving.newest(work, NO_ORGANISATION)
    county.register.do(SYSTEM, proving.prove_growth, row.note)
    assert last_line(county).organisation_id is None


def test_what_cannot_be_proved_is_said(county: Herefordshire) -> None:
    register, panel = county.register, county["herefordshire-cdop"]
    with pytest.raises(Refused) as refused:
        register.do(SYSTEM, proving.prove_inclusion, line_of(county, "tests:line:waits"))
    assert str(refused.value) == "This line is not sealed yet. Seal it with: cdop audit seal"
    with register.reading(SYSTEM) as work:
        signer = exporting.signer(work)
        info = work.session.exec(select(RegisterInfo.id)).one()

    def signed(tree: UUID) -> str:
        now = datetime.now(UTC)
        return signer.note(Checkpoint(origin_of(info, tree), 9999, b"r" * 32, now))

    with pytest.raises(Refused) as refused:
        register.do(SYSTEM, proving.prove_growth, signed(panel))
    assert str(refused.value) == (
        "The log is shorter now than that checkpoint says: lines were cut off."
    )
    with pytest.raises(NotFound):
        register.do(SYSTEM, proving.prove_growth, signed(UUID(int=5)))
    with pytest.raises(Unsafe, match="not signed"):
        register.do(SYSTEM, proving.prove_growth, signed(panel).replace("9999", "1"))


NO_PROOF = "This is not a proof in the form that is read here."
HOLDS_NOT = "The proof does not hold: what it shows is not what was signed."


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (lambda proof: proof.pop("note"), NO_PROOF),
        (lambda proof: proof.pop("path"), NO_PROOF),
        (lambda proof: proof.pop("kind"), NO_PROOF),
        (lambda proof: proof.update(path=["no hash"]), NO_PROOF),
        (lambda proof: proof.update(position="first"), NO_PROOF),
        (lambda proof: proof.update(line=None), NO_PROOF),
        (lambda proof: proof.update(path=proof["path"][1:]), HOLDS_NOT),
        (lambda proof: proof.update(position=proof["position"] + 1), HOLDS_NOT),
        (lambda proof: proof["line"].update(actor="another"), HOLDS_NOT),
    ],
)
def test_a_proof_that_is_none_or_holds_not_is_refused(
    county: Herefordshire, bend: Callable[[dict[str, Any]], object], said: str
) -> None:
    id = line_of(county, "tests:line:sealed")
    proof = county.register.do(SYSTEM, proving.prove_inclusion, id)
    _, verifier = note_of(county)
    bend(proof)
    with pytest.raises(Unsafe) as refused:
        proving.check(proof, verifier)
    assert str(refused.value) == said


def test_growth_of_one_tree_is_no_growth_of_another(county: Herefordshire) -> None:
    """Both checkpoints are this register's, and of the same size and root: it is not enough."""
    old, verifier = note_of(county)
    with county.register.reading(SYSTEM) as work:
        signer = exporting.signer(work)
    seen = verifier.open(old)
    other = signer.note(Checkpoint(f"{seen.origin}x", seen.size, seen.root, seen.at))
    proof = {"kind": "consistency", "format": 1, "path": [], "old": other, "note": old}
    with pytest.raises(Unsafe) as refused:
        proving.check(proof, verifier)
    assert str(refused.value) == HOLDS_NOT
    assert proving.check(proof | {"old": old}, verifier) == seen


def test_an_export_says_what_it_is_and_its_lines_stand_in_order(county: Herefordshire) -> None:
    text = b"".join(exporting.records(county.register, SYSTEM))
    head, *rest = (json.loads(each) for each in text.splitlines())
    _, verifier = note_of(county)
    at = datetime.fromisoformat(head.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert head == {"kind": "export", "format": 1, "key": verifier.encode(), "whole": True}
    kinds = [each["kind"] for each in rest]
    assert kinds == sorted(kinds), "checkpoints, then what is sealed, then what waits"
    sealed = [(each["tree"], each["position"]) for each in rest if each["kind"] == "sealed"]
    assert sealed == sorted(sealed)
    opened = [verifier.open(each["note"]) for each in rest if each["kind"] == "checkpoint"]
    assert [(each.origin, each.size) for each in opened] == sorted(
        (each.origin, each.size) for each in opened
    )
    waits = [each for each in rest if each["kind"] == "unsealed"]
    assert [each["line"]["action"] for each in waits] == ["tests:line:waits"]
    assert [(each["tree"], each["waits"]) for each in waits] == [
        (str(county["herefordshire-cdop"]), True)
    ]
    assert last_line(county).action == "tests:line:waits", "nothing is written"


def test_who_takes_the_log_away_is_sealed_with_it(county: Herefordshire) -> None:
    text = b"".join(exporting.export(county.register, county.actors["auditor"]))
    line = last_line(county)
    assert (line.actor, line.action) == ("auditor", "audit:log:export")
    assert line.detail == {"form": "verifiable"}
    assert str(line.id).encode() in text
    assert b'"kind":"unsealed"' not in text
