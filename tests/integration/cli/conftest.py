"""Running the command line within the test, as a shell would."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cdop.cli import app

Run = Callable[..., "Ended"]


class Ended:
    """How a command ended: exit code, standard output, standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


SETTINGS = ("CDOP_DATA", "CDOP_KEYS", "CDOP_DATABASE_URL", "CDOP_DATABASE_URL_FILE")


def commands_in(folder: Path) -> Run:
    """Return what runs `cdop` on the register in `folder / "register"`."""

    def run(*arguments: str, data: str = "register", typed: str = "") -> Ended:
        command = ["--data", str(folder / data), *arguments]
        result = CliRunner().invoke(app, command, input=typed)
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `cdop` on the register in `tmp_path / "register"`."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    return commands_in(tmp_path)


@pytest.fixture(scope="session")
def shire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register that was made and has an area with its panel, to be copied."""
    folder = tmp_path_factory.mktemp("shire")
    with pytest.MonkeyPatch.context() as patched:
        for setting in SETTINGS:
            patched.delenv(setting, raising=False)
        run = commands_in(folder)
        run("init")
        since = ("--from", "2019-09-29")
        run("organisation", "add", "shire-area", "--kind", "area", "--name", "Shire", *since)
        serving = ("--serves", "shire-area")
        name = ("--kind", "cdop", "--name", "Shire CDOP")
        ended = run("organisation", "add", "shire-cdop", *name, *since, *serving)
    assert ended.code == 0
    return folder / "register"


@pytest.fixture
def made(run: Run, shire: Path, tmp_path: Path) -> Run:
    """Run `cdop` on a register that was made and has an area with its panel."""
    shutil.copytree(shire, tmp_path / "register")
    return run
