"""A register with an invented case in it, and its backup."""

import shutil
from pathlib import Path

import pytest

from cdop import backups, registers
from cdop.clock import FixedClock
from cdop.config import Settings
from cdop.deaths.service import notify
from cdop.security.work import Register
from tests.conftest import NOW, sqlite_settings
from tests.factories import MAKER, Herefordshire, child, herefordshire, told


@pytest.fixture
def filled(county: Herefordshire) -> Register:
    """A register, on each database, with one case whose child is called Canary Planted."""
    return fill(county)


def fill(county: Herefordshire) -> Register:
    """Notify the death of Canary Planted. Returns the county's register."""
    notification = told(county["herefordshire-cdop"], child(given="Canary", family="Planted"))
    county.register.do(county.actors["coordinator"], notify, notification)
    return county.register


@pytest.fixture
def backup(filled: Register, tmp_path: Path) -> Path:
    """A backup of `filled`."""
    file = tmp_path / "register.backup"
    backups.create(filled, MAKER, file)
    return file


@pytest.fixture(scope="module")
def kept(sqlite_county_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a backup of a register that is gone, to be copied."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copytree(sqlite_county_template, folder / "register")
    settings = sqlite_settings(folder / "register")
    register = registers.open_register(settings, clock=FixedClock(NOW))
    backups.create(fill(herefordshire(register)), MAKER, folder / "register.backup")
    register.engine.dispose()
    return folder / "register.backup"


@pytest.fixture
def file(kept: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy2(kept, tmp_path))


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    """Settings of a register that is not there yet, on SQLite."""
    folder = tmp_path / "restored"
    return Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
