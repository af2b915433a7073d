"""Preparing the environment: once, from hashes only, and with words when it cannot."""

import hashlib
import os
import re
import shutil
import subprocess
import time
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock")


def _packages(lock: str) -> dict[str, str]:
    """Return the version of each package, by its name and the condition it stands under."""
    found = re.findall(r"^([\w.-]+)==(\S+?)( ;.*?)? \\$", (ROOT / lock).read_text(), re.MULTILINE)
    return {name + condition: version for name, version, condition in found}


def test_the_tests_run_with_the_versions_that_the_program_runs_with() -> None:
    program, tests = (_packages(lock) for lock in LOCKS)
    assert len(program) > 30
    assert {name: tests.get(name) for name in program} == program


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash_and_no_line_names_a_place(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=[a-zA-Z])", text)
    assert len(entries) > 30
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r".*(?:://|--index|--extra-index|--find-links|--trusted).*", text) == []


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {LOCKS[0]: project["project"]["dependencies"]}
    groups = project["dependency-groups"]
    wanted[LOCKS[1]] = wanted[LOCKS[0]] + [
        name
        for entry in groups["test"]
        for name in (groups[entry["include-group"]] if isinstance(entry, dict) else [entry])
    ]
    for lock, names in wanted.items():
        locked = {re.split("[ ;]", name)[0] for name in _packages(lock)}
        plain = {re.split(r"[\[<>=~ ]", name)[0].lower().replace("_", "-") for name in names}
        assert plain - locked == set()


def test_a_second_run_of_setup_is_quick_and_says_nothing() -> None:
    """Seconds count here: every command begins with it."""
    subprocess.run([ROOT / "scripts/setup", "--test"], check=True, capture_output=True)
    begin = time.monotonic()
    again = subprocess.run([ROOT / "scripts/setup", "--test"], capture_output=True, text=True)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert time.monotonic() - begin < 5


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A new checkout with nothing to install but what each test locks."""
    (tmp_path / "scripts").mkdir()
    shutil.copy2(ROOT / "scripts/setup", tmp_path / "scripts/setup")
    (tmp_path / "requirements.lock").write_text("# nothing\n")
    return tmp_path


def _setup(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "scripts/setup"],
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _wheel(folder: Path) -> str:
    """Make a package that holds nothing; return the SHA-256 of its file."""
    file = folder / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(
            "tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
        )
        wheel.writestr(
            "tiny-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_package_is_installed_only_when_its_hash_is_the_locked_one(checkout: Path) -> None:
    """A run that failed is not taken for done by the next, which mends it."""
    only_here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout)}
    lock = checkout / "requirements.lock"
    right = _wheel(checkout)
    lock.write_text(f"tiny==1 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        refused = _setup(checkout, **only_here)
        assert refused.returncode == 1
        assert right in refused.stderr
        assert "do not go on" in refused.stderr
    lock.write_text(f"tiny==1 --hash=sha256:{right}\n")
    assert _setup(checkout, **only_here).returncode == 0
    assert list(checkout.glob(".venv/lib/*/site-packages/tiny-1.dist-info"))


def test_the_launcher_runs_this_checkout_from_any_folder(checkout: Path, tmp_path: Path) -> None:
    (checkout / "cdop").mkdir()
    (checkout / "cdop/cli.py").write_text("def app(prog_name): print('here', prog_name)\n")
    (tmp_path / "decoy/cdop").mkdir(parents=True)
    (tmp_path / "decoy/cdop/cli.py").write_text("def app(prog_name): print('decoy')\n")
    assert _setup(checkout).returncode == 0
    ran = subprocess.run(
        [checkout / ".venv/bin/cdop"], cwd=tmp_path / "decoy", capture_output=True, text=True
    )
    assert ran.stdout == "here cdop\n", ran.stderr
