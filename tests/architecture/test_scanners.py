"""`scripts/prove scanners`: a scan that leaves no report is a failure that says how it ended."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cdop.config import ROOT

LOCKED = "(sqlite3.OperationalError) database is locked"
WAPITI = """#!/bin/sh
echo once more >>"$0.tries"
[ $(wc -l <"$0.tries") -gt {failing} ] || {{ echo "{words}" >&2; exit 3; }}
while [ "$1" != --output ]; do shift; done
echo '{{"vulnerabilities": {{}}, "anomalies": {{}}, "additionals": {{}}}}' >"$2"
"""


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The scanners, with a program of the test's in wapiti's place."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "proofs"))
    found = import_module("scanning.tools")
    monkeypatch.setattr(found, "program", lambda *_: tmp_path / "wapiti")
    return found


@pytest.mark.parametrize(
    ("words", "failing", "tries", "said"),
    [
        (LOCKED, 0, 1, []),
        (LOCKED, 2, 3, []),
        (LOCKED, 9, 3, [f"no report of the scan as nobody: it ended with 3: {LOCKED}"]),
        ("no such host", 9, 1, ["no report of the scan as nobody: it ended with 3: no such host"]),
    ],
)
def test_only_what_wapiti_locked_itself_is_begun_again_and_no_report_is_a_finding(
    tools: ModuleType, tmp_path: Path, words: str, failing: int, tries: int, said: list[str]
) -> None:
    wapiti = tmp_path / "wapiti"
    wapiti.write_text(WAPITI.format(words=words, failing=failing))
    wapiti.chmod(0o700)
    found = list(tools.wapiti("https://nobody.invalid", tools.Session("nobody"), 1, tmp_path))
    assert [each.says for each in found] == said
    assert len((tmp_path / "wapiti.tries").read_text().splitlines()) == tries
