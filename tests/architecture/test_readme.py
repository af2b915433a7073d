"""The README names only what exists, and leaves out nothing that somebody has to set."""

import os
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cdop.cli import app
from cdop.config import ROOT
from cdop.security.permissions import LABELS

README = (ROOT / "README.md").read_text(encoding="utf-8")
_CODE = re.compile(r"```sh\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def code() -> Iterator[str]:
    """Yield every line of code and every word in backticks, without remarks."""
    for block, word in _CODE.findall(README):
        for line in (block or word).splitlines():
            yield line.split("#")[0].strip()


COMMANDS = sorted({line for line in code() if line.startswith("cdop ")})
SCRIPTS = sorted({line for line in code() if line.startswith("scripts/")})
PATHS = sorted(
    {
        word
        for word in code()
        if re.fullmatch(r"(cdop|tests|templates|scripts|\.ci)/[\w./-]*", word) and "<" not in word
    }
)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_in_the_readme_exists(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = line.split()[1:]
    while words and words[0].startswith("--"):
        words = words[2:]
    while hasattr(command, "commands"):
        assert words, f"{line} stops at a group"
        assert words[0] in command.commands, f"there is no {line}"
        command = command.commands[words.pop(0)]
    known = {name for each in command.params for name in each.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("line", SCRIPTS)
def test_a_script_in_the_readme_exists(line: str) -> None:
    program, *words = line.split()
    assert (ROOT / program).is_file() or (ROOT / program).is_dir(), program
    folders = {"scripts/bench": "benches", "scripts/prove": "proofs"}
    if program in folders and words:
        assert (ROOT / "scripts" / folders[program] / f"{words[0]}.py").is_file(), line


def test_scripts_that_people_run_can_be_run() -> None:
    programs = {line.split()[0] for line in SCRIPTS if "." not in line.split()[0]}
    files = [ROOT / name for name in programs if (ROOT / name).is_file()]
    assert len(files) >= 6
    for file in files:
        assert file.suffix or file.name == "Dockerfile" or os.access(file, os.X_OK), file


@pytest.mark.parametrize("path", PATHS)
def test_a_path_in_the_readme_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_setting_is_in_the_readme_and_every_one_there_is_read() -> None:
    told = {name.rstrip("_") for name in re.findall(r"CDOP_[A-Z0-9_]+", README)}
    source = "\n".join(path.read_text() for path in (ROOT / "cdop").rglob("*.py"))
    read = {name.rstrip("_") for name in re.findall(r"CDOP_[A-Z0-9_]+", source)}
    families = ("CDOP_PKCS11", "CDOP_VAULT")
    assert {name for name in read if not name.startswith(families)} <= told
    assert told <= read


def test_every_role_is_in_the_readme() -> None:
    rows = set(re.findall(r"^\| ([^|]+?) \| ", README, re.MULTILINE))
    assert set(LABELS.values()) <= rows


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[\[<>=~; ]", each)[0] for each in project["dependencies"]}
    told = set(code())
    assert names <= told, names - told


def test_nothing_is_left_to_fill_in() -> None:
    assert not re.search(r"\b(TODO|TBC|TBD|FIXME|XXX)\b|@[A-Z]+@|lorem", README)
