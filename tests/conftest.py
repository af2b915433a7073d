"""Fixtures for every test: a register on each database, copied from one that was migrated once."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from cdop import registers
from cdop.clock import FixedClock
from cdop.config import Settings
from cdop.security.work import Register
from tests import postgres
from tests.factories import Herefordshire, herefordshire
from tests.postgres import Cluster, postgres_cluster  # noqa: F401 - a fixture

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at nine in the morning of Friday 20 November 2026 until it is moved."""
    return FixedClock(NOW)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty register on SQLite, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "register"
    registers.create(sqlite_settings(folder)).engine.dispose()
    return folder


@pytest.fixture(scope="session")
def postgres_template(
    postgres_cluster: Cluster,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A migrated, empty register on PostgreSQL: database `register_template` and its keys."""
    postgres.create_database(postgres_cluster, "register_template")
    folder = tmp_path_factory.mktemp("template-pg")
    url = postgres_cluster.owner_url("register_template")
    registers.create(Settings(folder, url, folder / "keys.json")).engine.dispose()
    return folder


def sqlite_settings(folder: Path) -> Settings:
    """Return the settings of a register on SQLite in a folder."""
    return Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")


@pytest.fixture
def sqlite_register(sqlite_template: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Register]:
    """An empty register on SQLite."""
    folder = tmp_path / "register"
    shutil.copytree(sqlite_template, folder)
    register = registers.open_register(sqlite_settings(folder), clock=clock)
    yield register
    register.engine.dispose()


@pytest.fixture
def postgres_register(
    postgres_cluster: Cluster,  # noqa: F811
    postgres_template: Path,
    tmp_path: Path,
    clock: FixedClock,
) -> Iterator[Register]:
    """An empty register on PostgreSQL, opened as the application's role."""
    name = f"register_{uuid4().hex}"
    postgres.create_database(postgres_cluster, name, template="register_template")
    keys = tmp_path / "keys.json"
    shutil.copy2(postgres_template / "keys.json", keys)
    settings = Settings(tmp_path, postgres_cluster.app_url(name), keys)
    register = registers.open_register(settings, clock=clock)
    yield register
    register.engine.dispose()
    postgres.drop_database(postgres_cluster, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest) -> Register:
    """An empty register, on SQLite and again on PostgreSQL."""
    name = "sqlite_register" if request.param == "sqlite" else "postgres_register"
    found: Register = request.getfixturevalue(name)
    return found


@pytest.fixture
def county(register: Register) -> Herefordshire:
    """Herefordshire and a neighbour, with an actor for each role, in `register`."""
    return herefordshire(register)
