"""What is committed says nothing about where it was written or fetched."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDORED = ("static/vendor/", "tests/vendor/")  # other people's words
LARGEST = 1_000_000  # bytes

# Written in pieces, so that this file is not the one that breaks its own rule.
FORBIDDEN = {
    "a package registry's host": rf"py{'pi'}\.org|python{'hosted'}\.org|registry\.{'npm'}js"
    rf"|npmjs\.(?:org|com)|deb\.{'debian'}\.org|crates\.{'io'}|proxy\.{'golang'}",
    "a folder of the machine it was written on": rf"/{'work'}/(?:main|shared)|/{'root'}/(?!\.cache)"
    rf"|/{'home'}/\w+|/opt/{'py'}|/tmp/{'team'}",
    "what only the maintainers' desks know": rf"\.{'library'}/|\bsub-?{'agents?'}\b"
    rf"|\bA{'I'} (?:model|assist|generated)|\bfind_{'repos'}\b",
}


def _committed() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _lines_with(pattern: str) -> list[str]:
    found = []
    for name in _committed():
        if name.startswith(VENDORED):
            continue
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(pattern, line, re.IGNORECASE):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_line_names(what: str) -> None:
    assert _lines_with(FORBIDDEN[what]) == []


def test_the_search_reads_the_committed_files() -> None:
    """An empty search would find nothing wrong."""
    assert len(_committed()) > 20
    assert any(line.startswith("LICENSE:") for line in _lines_with("cdop contributors"))


def test_nothing_that_the_program_or_its_tools_make_is_committed() -> None:
    made = (
        r"(^|/)(\.venv|__pycache__|register-data|secrets|\.\w+_cache)(/|$)|\.db(-wal|-shm)?$|\.pyc$"
    )
    assert [name for name in _committed() if re.search(made, name)] == []


def test_no_committed_file_is_large() -> None:
    assert [name for name in _committed() if (ROOT / name).stat().st_size > LARGEST] == []


def test_the_top_of_the_tree_is_as_agreed() -> None:
    """A new noun at the top needs a reason and a line here."""
    top = {name.split("/")[0] for name in _committed() if not name.startswith(".")}
    folders = {"cdop", "templates", "static", "tests", "scripts"}
    files = {"pyproject.toml", "docker-compose.yml", "README.md", "LICENSE"}
    files |= {"requirements.lock", "requirements-test.lock"}
    assert top - folders - files == set()
