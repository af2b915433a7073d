"""A register with an invented case in it, and its backup."""

from pathlib import Path

import pytest

from cdop import backups
from cdop.config import Settings
from cdop.deaths.service import notify
from cdop.security.work import Register
from tests.factories import MAKER, Herefordshire, child, told


@pytest.fixture
def filled(county: Herefordshire) -> Register:
    """A register, on each database, with one case whose child is called Canary Planted."""
    notification = told(county["herefordshire-cdop"], child(given="Canary", family="Planted"))
    county.register.do(county.actors["coordinator"], notify, notification)
    return county.register


@pytest.fixture
def backup(filled: Register, tmp_path: Path) -> Path:
    """A backup of `filled`."""
    file = tmp_path / "register.backup"
    backups.create(filled, MAKER, file)
    return file


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    """Settings of a register that is not there yet, on SQLite."""
    folder = tmp_path / "restored"
    return Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
