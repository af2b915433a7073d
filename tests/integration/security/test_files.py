"""What a register keeps on disk is its owner's alone, whatever the shell's umask."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdop import registers
from cdop.security.actor import system
from tests.conftest import sqlite_settings


@pytest.fixture
def generous() -> Iterator[None]:
    """The umask with which most people work: others may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_database_journals_and_keys_are_closed_to_others(tmp_path: Path, generous: None) -> None:
    folder = tmp_path / "a folder that others may enter"
    folder.mkdir(mode=0o755)
    register = registers.create(sqlite_settings(folder))
    with register.work(system("tests")) as work:
        work.audit("tests:thing:done")
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    register.engine.dispose()
    assert set(modes) >= {"register.db", "register.db-wal", "register.db-shm", "keys.json"}
    assert {mode & 0o077 for mode in modes.values()} == {0}, modes


def test_a_new_folder_is_closed_to_others(tmp_path: Path, generous: None) -> None:
    settings = sqlite_settings(tmp_path / "new" / "register")
    registers.create(settings).engine.dispose()
    assert settings.data.stat().st_mode & 0o777 == 0o700
