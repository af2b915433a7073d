"""`cdop retention`: each step as a named account, and the preview for scripts."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cdop.cli import app
from cdop.clock import SystemClock
from cdop.errors import Erased
from cdop.security.work import Register
from tests.integration.retention.conftest import LATER, Old
from tests.integration.retention.test_erasing import names_in


@pytest.fixture
def register(sqlite_register: Register) -> Register:
    """The command line does not differ by database."""
    return sqlite_register


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER)
    for name in ("CDOP_DATA", "CDOP_KEYS", "CDOP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def run(old: Old, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(old.register.settings.data), *arguments])


@pytest.mark.usefixtures("later")
def test_two_accounts_erase_a_record(old: Old, tmp_path: Path) -> None:
    record = (old.row().reference, "--at", "herefordshire-cdop")
    coordinator, guardian = ("--as", "coordinator"), ("--as", "caldicott-guardian")
    shown = json.loads(run(old, "retention", "preview", "--json", *coordinator).stdout)
    assert [(r["reference"], r["obstacles"]) for r in shown["records"]] == [(record[0], [])]
    assert run(old, "retention", "propose", *record, *coordinator).exit_code == 0
    assert run(old, "retention", "approve", *record, *coordinator).exit_code == 1
    assert run(old, "retention", "approve", *record, *guardian).exit_code == 0
    ended = run(old, "retention", "erase", *record, "--yes", *coordinator)
    assert (ended.exit_code, "key file of their time" in ended.stderr) == (0, True)
    with pytest.raises(Erased):
        names_in(old.register, old.id)
    listed = run(old, "retention", "list", "--erased", "--json", *guardian).stdout
    file = tmp_path / "erased.json"
    file.write_text(listed)
    again = run(old, "retention", "reapply", str(file))
    assert again.stdout == "Erased again: 0; erased already: 1.\n"
    file.write_text(listed.replace('"years": 25', '"years": 24'))
    changed = run(old, "retention", "reapply", str(file))
    assert (changed.exit_code, "was changed" in changed.stderr) == (1, True)


@pytest.mark.usefixtures("later")
def test_no_step_is_taken_without_naming_who(old: Old) -> None:
    record = (old.row().reference, "--at", "herefordshire-cdop")
    ended = run(old, "retention", "propose", *record)
    assert ended.exit_code == 1
    assert "--as" in ended.stderr
    assert names_in(old.register, old.id)


@pytest.mark.usefixtures("later")
def test_a_period_is_set_for_the_registers_own_kinds(old: Old) -> None:
    decided = ("--source", "Invented policy 3", "--decided-on", "2026-01-05", "--years", "7")
    ended = run(old, "retention", "set-period", "sign-in", *decided)
    assert (ended.exit_code, ended.stdout) == (0, "Set: sign-in is kept 7 years.\n")
    kinds = json.loads(run(old, "retention", "preview", "--json").stdout)["kinds"]
    [line] = [each for each in kinds if each["kind"] == "sign-in"]
    assert (line["years"], line["edition"]) == (7, 1)
