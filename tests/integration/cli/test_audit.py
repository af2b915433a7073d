"""`cdop audit`: seal, take away, prove; and every command seals what it did before it ends."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from cdop import db, registers
from cdop.clock import FixedClock
from cdop.config import load
from cdop.security.actor import system
from cdop.security.audit import sealer
from cdop.security.audit.checkpoints import notes_in
from cdop.security.models import AuditEntry
from tests.integration.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "register"


def taken(run: Run, folder: Path, name: str = "one") -> tuple[str, ...]:
    """Take key, checkpoints and export away. Returns the arguments of `audit verify`."""
    key, checkpoint = folder.parent / f"{name}.key", folder.parent / f"{name}.checkpoint"
    key.write_text(run("audit", "key").out)
    checkpoint.write_text(run("audit", "checkpoint").out)
    export = folder.parent / f"{name}.jsonl"
    assert run("audit", "export", str(export)).code == 0
    return (str(export), "--key", str(key), "--checkpoint", str(checkpoint))


def test_every_command_seals_before_it_ends(made: Run, folder: Path) -> None:
    register = registers.open_register(load(folder))
    with register.reading(system("tests")) as work:
        assert sealer.waiting(work).lines == 0
        assert len(work.session.exec(select(AuditEntry.id)).all()) >= 3
    register.engine.dispose()


def test_a_command_that_is_refused_seals_its_denial_too(made: Run, folder: Path) -> None:
    assert made("retention", "propose", "CD-0000-0000", "--at", "shire-cdop").code == 1
    register = registers.open_register(load(folder))
    with register.reading(system("tests")) as work:
        assert sealer.waiting(work).lines == 0
    register.engine.dispose()


def test_an_untouched_log_verifies_without_the_register(
    made: Run, folder: Path, tmp_path: Path
) -> None:
    arguments = taken(made, folder)
    (folder / "register.db").rename(tmp_path / "gone.db")
    ended = made("audit", "verify", *arguments)
    assert ended.code == 0
    assert "Nothing was changed" in ended.out
    found = json.loads(made("audit", "verify", *arguments, "--json").out)
    assert found["intact"]
    assert found["sealed"] > 3


def test_a_log_that_was_edited_is_told(made: Run, folder: Path) -> None:
    arguments = taken(made, folder)
    export = Path(arguments[0])
    export.write_text(export.read_text().replace("system:cli", "system:clx", 1))
    ended = made("audit", "verify", *arguments)
    assert ended.code == 1
    assert "edited" in ended.out
    assert not json.loads(made("audit", "verify", *arguments, "--json").out)["intact"]


def test_an_export_is_verified_with_a_checkpoint_only(made: Run, folder: Path) -> None:
    export, _, key, *_ = taken(made, folder)
    ended = made("audit", "verify", export, "--key", key)
    assert ended.code == 2
    assert "--checkpoint" in ended.err


def test_what_is_no_export_is_refused_in_words(made: Run, folder: Path, tmp_path: Path) -> None:
    export, *options = taken(made, folder)
    for text in ("", "no JSON\n", '{"kind": "another"}\n', "[1]\n"):
        wrong = tmp_path / "wrong.jsonl"
        wrong.write_text(text)
        ended = made("audit", "verify", str(wrong), *options)
        assert (ended.code, ended.err.startswith("cdop: ")) == (1, True), text
    assert made("audit", "verify", "nowhere", *options).code == 1
    assert made("audit", "export", export).code == 1, "an export is never written over"
    assert Path(export).stat().st_mode & 0o077 == 0


def test_the_key_of_another_register_verifies_nothing(made: Run, folder: Path) -> None:
    export, _, _, *rest = taken(made, folder)
    made("init", data="other")
    other = made("audit", "key", data="other").out.strip()
    ended = made("audit", "verify", export, "--key", other, *rest)
    assert ended.code == 1
    assert "another register" in ended.err


def test_a_line_is_proved_to_whoever_has_the_key(made: Run, folder: Path, tmp_path: Path) -> None:
    export, _, key, *_ = taken(made, folder)
    lines = [json.loads(text) for text in Path(export).read_text().splitlines()]
    entry = next(each["line"]["id"] for each in lines if each["kind"] == "sealed")
    proof = tmp_path / "proof.json"
    proof.write_text(made("audit", "prove", entry).out)
    ended = made("audit", "verify", str(proof), "--key", key)
    assert (ended.code, "is in the log" in ended.out) == (0, True)
    proof.write_text(proof.read_text().replace("system:", "somebody:", 1))
    assert made("audit", "verify", str(proof), "--key", key).code == 1


def test_the_log_is_proved_to_have_only_grown(made: Run, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.checkpoint"
    old.write_text(notes_in(made("audit", "checkpoint").out)[0])
    made("user", "add", "anna", "--role", "administrator")
    proof = tmp_path / "proof.json"
    proof.write_text(made("audit", "prove", "--since", str(old)).out)
    ended = made("audit", "verify", str(proof), "--key", made("audit", "key").out.strip())
    assert (ended.code, "only grew" in ended.out) == (0, True)


def test_prove_asks_for_one_thing(made: Run) -> None:
    assert made("audit", "prove").code == 2


def test_a_colleague_who_may_not_audit_gets_nothing(made: Run, tmp_path: Path) -> None:
    assert made("user", "add", "anna", "--role", "administrator").code == 0
    file = tmp_path / "log.jsonl"
    ended = made("audit", "export", str(file), "--as", "anna")
    assert (ended.code, "audit:log:read" in ended.err) == (1, True)
    assert not file.exists() or not file.read_text()
    assert made("audit", "checkpoint", "--as", "anna").code == 1


def test_a_file_elsewhere_has_the_checkpoint_of_each_command(
    made: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it shows that the last lines were cut off, which nothing in the register does."""
    sink = tmp_path / "elsewhere.txt"
    monkeypatch.setenv("CDOP_AUDIT_FILE", str(sink))
    made("user", "add", "anna", "--role", "administrator")
    made("user", "add", "berta", "--role", "auditor")
    _, _, key, *_ = taken(made, folder)
    kept = len(notes_in(sink.read_text()))
    assert kept >= 3
    monkeypatch.delenv("CDOP_AUDIT_FILE")
    engine = db.connect(load(folder).database_url)
    with engine.execution_options(writes=True).begin() as connection:
        for table in ("audit_log", "audit_leaves", "audit_checkpoints"):
            connection.execute(sa.text(f"DROP TRIGGER {table}_no_delete"))
        last = "(SELECT max(position) FROM audit_leaves WHERE tree = l.tree)"
        zero = "00000000-0000-0000-0000-000000000000"
        ids = f"SELECT entry_id FROM audit_leaves l WHERE tree = '{zero}' AND position > {last} - 3"
        connection.execute(sa.text(f"DELETE FROM audit_log WHERE id IN ({ids})"))
        connection.execute(
            sa.text(
                f"DELETE FROM audit_leaves WHERE tree = '{zero}' AND position NOT IN "
                "(SELECT leaf.position FROM audit_leaves leaf JOIN audit_log ON id = entry_id)"
            )
        )
        connection.execute(
            sa.text(
                f"DELETE FROM audit_checkpoints WHERE tree = '{zero}' AND size > "
                f"(SELECT max(position) + 1 FROM audit_leaves WHERE tree = '{zero}')"
            )
        )
    engine.dispose()
    export = tmp_path / "cut.jsonl"
    made("audit", "export", str(export))
    ended = made("audit", "verify", str(export), "--key", key, "--checkpoint", str(sink))
    assert ended.code == 1
    assert "rewritten" in ended.out or "cut" in ended.out


def test_the_time_of_the_register_does_not_matter_to_sealing(folder: Path, made: Run) -> None:
    """Demonstration data are written with an older clock: their lines are sealed as they come."""
    register = registers.open_register(load(folder))
    register.clock = FixedClock(register.clock.now().replace(year=2014))
    with register.work(system("tests")) as work:
        work.audit("tests:thing:done")
    assert sealer.seal(register) == 1
    register.engine.dispose()
