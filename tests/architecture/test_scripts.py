"""The commands: what they do when something fails, tried with stand-ins for the slow parts."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FILL = """#!/bin/sh
echo "$@" >> "$CALLS"
[ "$3" = demo ] || exit 0
mkdir -p "$2" && echo half > "$2/register.db"
[ -z "$BROKEN" ]
"""


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _copy(name: str, to: Path) -> None:
    (to / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / name, to / name)


def _run(checkout: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CDOP_", "PORT"))}
    return subprocess.run(
        [str(checkout / command[0]), *command[1:]],
        env=inherited | {"CALLS": str(checkout / "calls")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, in a folder with a blank in its name, in which setup has nothing to do."""
    folder = tmp_path / "a checkout"
    _copy("scripts/start", folder)
    _program(folder / "scripts/setup", "#!/bin/sh\n")
    _program(folder / ".venv/bin/cdop", FILL)
    return folder


def _calls(checkout: Path) -> list[str]:
    file = checkout / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_start_fills_a_new_register_then_serves_it(checkout: Path) -> None:
    assert _run(checkout, "scripts/start").returncode == 0
    assert (checkout / "register-data/register.db").exists()
    assert _calls(checkout)[-1] == f"--data {checkout}/register-data serve --port 8000"


def test_start_again_serves_what_is_there(checkout: Path) -> None:
    _run(checkout, "scripts/start")
    _run(checkout, "scripts/start", PORT="8123")
    assert [call.split(" ")[-1] for call in _calls(checkout)] == ["demo", "8000", "8123"]


def test_a_fill_that_fails_leaves_no_register_for_the_next_start(checkout: Path) -> None:
    failed = _run(checkout, "scripts/start", BROKEN="yes")
    assert failed.returncode != 0
    assert [call.split(" ")[-1] for call in _calls(checkout)] == ["demo"], (
        "served a half-filled one"
    )
    assert not list(checkout.glob("register-data*"))
    assert _run(checkout, "scripts/start").returncode == 0
    assert (checkout / "register-data/register.db").exists()


def test_a_register_is_closed_to_other_users(checkout: Path) -> None:
    _run(checkout, "scripts/start", CDOP_DATA=str(checkout / "elsewhere/mine"))
    assert (checkout / "elsewhere/mine").stat().st_mode & 0o077 == 0


def test_start_does_not_silently_leave_a_named_database_aside(checkout: Path) -> None:
    refused = _run(checkout, "scripts/start", CDOP_DATABASE_URL="postgresql+psycopg://x")
    assert refused.returncode == 2
    assert "cdop serve" in refused.stderr
    assert _calls(checkout) == []


@pytest.mark.parametrize(
    ("check", "test", "expected"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (0, 5, 1), (2, 5, 1)]
)
def test_a_change_passes_only_when_checks_and_tests_do(
    tmp_path: Path, check: int, test: int, expected: int
) -> None:
    """Pytest exits with 5 when it found no test: no pass either."""
    _copy(".ci/run", tmp_path)
    _program(tmp_path / "scripts/check", f"#!/bin/sh\necho check >> $CALLS\nexit {check}\n")
    _program(tmp_path / "scripts/test", f"#!/bin/sh\necho test >> $CALLS\nexit {test}\n")
    assert _run(tmp_path, ".ci/run").returncode == expected
    assert _calls(tmp_path) == ["check", "test"]


@pytest.mark.parametrize(("command", "folder"), [("prove", "proofs"), ("bench", "benches")])
def test_prove_and_bench_list_what_there_is_and_refuse_the_rest(
    tmp_path: Path, command: str, folder: str
) -> None:
    _copy(f"scripts/{command}", tmp_path)
    _copy("scripts/one_of", tmp_path)
    (tmp_path / "scripts" / folder).mkdir()
    (tmp_path / "scripts" / folder / "kills.py").write_text('"""What it shows."""\n')
    listed = _run(tmp_path, f"scripts/{command}")
    assert listed.returncode == 0
    assert listed.stdout.split() == ["kills", "What", "it", "shows."]
    for unknown in ("other", "../../etc/passwd", "kills.py"):
        refused = _run(tmp_path, f"scripts/{command}", unknown)
        assert refused.returncode == 1
        assert unknown in refused.stderr


def test_prove_runs_the_named_one_with_its_arguments(tmp_path: Path) -> None:
    _copy("scripts/prove", tmp_path)
    _copy("scripts/one_of", tmp_path)
    _program(tmp_path / "scripts/setup", "#!/bin/sh\n")
    _program(tmp_path / ".venv/bin/python", '#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "scripts/proofs").mkdir()
    (tmp_path / "scripts/proofs/kills.py").touch()
    ran = _run(tmp_path, "scripts/prove", "kills", "--times", "two words")
    assert ran.stdout.splitlines() == ["scripts/proofs/kills.py", "--times", "two words"]


@pytest.mark.parametrize(
    ("user", "browser", "token", "installs"),
    [
        ("0", "missing", "sh", True),
        ("0", "sh", "missing", True),
        ("0", "sh", "sh", False),
        ("1000", "missing", "missing", False),
    ],
)
def test_browser_and_token_are_installed_when_missing_and_may_be(
    tmp_path: Path, user: str, browser: str, token: str, installs: bool
) -> None:
    """Whatever comes of it, the tests run: they themselves say what is missing."""
    _copy("scripts/test", tmp_path)
    _program(tmp_path / "scripts/setup", "#!/bin/sh\n")
    _program(tmp_path / "bin/id", f"#!/bin/sh\necho {user}\n")
    _program(tmp_path / "bin/apt-get", '#!/bin/sh\necho apt-get "$@" >> "$CALLS"\nexit 100\n')
    _program(tmp_path / ".venv/bin/python", '#!/bin/sh\necho python "$@" >> "$CALLS"\nexit 5\n')
    search = f"{tmp_path}/bin:{os.environ['PATH']}"
    chosen = {"PATH": search, "CHROMIUM": browser, "SOFTHSM": token}
    ran = _run(tmp_path, "scripts/test", "-k", "clocks", **chosen)
    *before, last = _calls(tmp_path)
    assert last.startswith("python -m pytest ")
    assert last.endswith(" -k clocks")
    assert before == (["apt-get update -qq"] if installs else [])
    assert ran.returncode == 5
