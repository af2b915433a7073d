"""`cdop audit verify` says in words, or as JSON, what it found; no file is written over."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from cdop.cli import audit
from cdop.errors import Misconfigured, Refused, Unsafe
from cdop.security import keys
from cdop.security.audit import lines
from cdop.security.audit.checkpoints import Checkpoint, signer_of
from cdop.security.audit.verifying import Fault, Report

SIGNER = signer_of(keys.new_ring(), UUID(int=1))
AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)


def told(report: Report, capsys: pytest.CaptureFixture[str]) -> list[str]:
    audit._tell(report)
    return capsys.readouterr().out.splitlines()


def test_an_intact_log_is_told_with_what_it_was_held_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(sealed=1234, unsealed=2, newer=1, trees=3, checkpoints=4)
    assert told(report, capsys) == [
        "1,234 sealed lines in 3 trees, held to 4 checkpoints; 1 are newer than those from "
        "outside.",
        "2 lines are not sealed yet: nothing proves those.",
        "Nothing was changed, removed, moved, put in or cut from the end.",
    ]


def test_a_part_of_a_log_is_told_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(Report(whole=False), capsys)[2:] == [
        "This export holds some organisations' lines, not the whole register's.",
        "Nothing was changed, removed, moved, put in or cut from the end.",
    ]


def test_twenty_faults_are_told_with_their_trees_and_the_rest_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    faults = [Fault("cut", "", "The end is missing.")]
    faults += [Fault("edited", "a tree", f"Line {n} was changed.") for n in range(19)]
    found = told(Report(faults=faults), capsys)
    assert found[:2] == [
        "wrong   cut: The end is missing.",
        "wrong   edited: a tree: Line 0 was changed.",
    ]
    assert [line[:5] for line in found] == ["wrong"] * 20 + ["0 sea", "0 lin"]
    found = told(Report(faults=faults * 60), capsys)
    assert [line[:5] for line in found[:20]] == ["wrong"] * 20
    assert found[20] == "        and 1,180 more"


def proof() -> dict[str, object]:
    """Return the proof that the only line of a tree is in it."""
    line = {"id": "line-1", "recorded_at": AT.isoformat(), "mac": "00", "actor": "anna"}
    leaf = lines.leaf_of_content(line)
    note = SIGNER.note(Checkpoint("cdop/register/tree", 1, leaf, AT))
    return {"kind": "inclusion", "line": line, "position": 0, "path": [], "note": note}


def test_a_proof_is_told_by_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    one = proof()
    grew = {"kind": "consistency", "path": [], "old": one["note"], "note": one["note"]}
    for each, what in ((one, "The line is in the log"), (grew, "The log only grew")):
        audit._tell_proof(each, SIGNER.verifier, as_json=False)
        said = f"{what}: cdop/register/tree, 1 lines, 2026-11-20 09:05 UTC.\n"
        assert capsys.readouterr().out == said
    audit._tell_proof(one, SIGNER.verifier, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "holds": True,
        "origin": "cdop/register/tree",
        "size": 1,
    }
    with pytest.raises(Unsafe):
        audit._tell_proof(one | {"position": 1}, SIGNER.verifier, as_json=False)


def test_a_proof_is_known_by_its_form_and_an_export_is_none(tmp_path: Path) -> None:
    file = tmp_path / "given"
    for text, found in (
        (json.dumps({"kind": "inclusion"}, indent=1), {"kind": "inclusion"}),
        ('{"kind": "export"}\n', None),
        ("", None),
    ):
        file.write_text(text)
        assert audit._proof(file) == found
    file.write_text("{\n half of it")
    with pytest.raises(Unsafe) as unsafe:
        audit._proof(file)
    assert str(unsafe.value) == "This file is damaged: it is no JSON."


def test_one_checkpoint_is_taken_of_a_file_that_holds_one() -> None:
    assert audit._only(["one"]) == "one"
    with pytest.raises(Refused) as refused:
        audit._only(["one", "two"])
    assert str(refused.value) == "There is more than one checkpoint in that file: give one."


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "given"
    for read in (audit._text, audit._opened):
        with pytest.raises(Misconfigured) as refused:
            read(file)
        assert str(refused.value) == f"{file} cannot be read."
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured) as refused:
        audit._text(file)
    assert str(refused.value) == f"{file} cannot be read."
    with audit._opened(file) as opened:
        assert opened.read() == b"\xff\xfe"


def test_an_export_is_its_owner_s_alone_is_counted_and_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert audit._write(file, iter([b"one\n", b"two\n"])) == 2
    assert file.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(Refused) as refused:
        audit._write(file, iter([b"three\n"]))
    assert str(refused.value) == f"{file} is there already; it is not replaced."
    assert file.read_bytes() == b"one\ntwo\n"
    nowhere = tmp_path / "missing" / "log.jsonl"
    with pytest.raises(Misconfigured) as misconfigured:
        audit._write(nowhere, iter([]))
    assert str(misconfigured.value) == f"{nowhere} cannot be written."
