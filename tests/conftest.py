"""Fixtures for every test: a register on each database, copied from one that was migrated once."""

import gc
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

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

# The longest first: what starts last is what one process is left with while the other idles.
ORDER = ("journeys", "integration", "web", "unit/statistics", "architecture", ".")

gc.disable()  # until all is imported: nothing of that is garbage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by their folder, each file's together; the same in each process."""
    items.sort(key=lambda item: _place(item.path.relative_to(HERE)))


def _place(file: Path) -> int:
    return next(place for place, folder in enumerate(ORDER) if file.is_relative_to(folder))


def pytest_collection_finish() -> None:
    """Keep what was imported out of every later search for garbage: a fifth of the time."""
    gc.freeze()
    gc.enable()


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
def sqlite_county_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with Herefordshire founded in it, which takes longer than to copy it."""
    folder = tmp_path_factory.mktemp("template-county") / "register"
    shutil.copytree(sqlite_template, folder)
    _found(sqlite_settings(folder))
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


@pytest.fixture(scope="session")
def postgres_county_template(
    postgres_cluster: Cluster,  # noqa: F811
    postgres_template: Path,
) -> str:
    """The same with Herefordshire founded in it: the name of its database."""
    name = "register_template_county"
    postgres.create_database(postgres_cluster, name, template="register_template")
    url = postgres_cluster.app_url(name)
    _found(Settings(postgres_template, url, postgres_template / "keys.json"))
    return name


def _found(settings: Settings) -> None:
    register = registers.open_register(settings, clock=FixedClock(NOW))
    herefordshire(register)
    register.engine.dispose()


def sqlite_settings(folder: Path) -> Settings:
    """Return the settings of a register on SQLite in a folder."""
    return Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")


def _with_county(request: pytest.FixtureRequest) -> bool:
    """Say whether a test has a fixture that founds Herefordshire in its register."""
    return "county" in request.fixturenames


@pytest.fixture
def sqlite_register(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock
) -> Iterator[Register]:
    """A register on SQLite: empty until the test, or its `county`, writes into it."""
    name = "sqlite_county_template" if _with_county(request) else "sqlite_template"
    folder = tmp_path / "register"
    shutil.copytree(request.getfixturevalue(name), folder)
    register = registers.open_register(sqlite_settings(folder), clock=clock)
    yield register
    register.engine.dispose()


@pytest.fixture
def postgres_register(
    request: pytest.FixtureRequest,
    postgres_cluster: Cluster,  # noqa: F811
    postgres_template: Path,
    tmp_path: Path,
    clock: FixedClock,
) -> Iterator[Register]:
    """A register on PostgreSQL, opened as the application's role; empty as on SQLite."""
    template = "register_template"
    if _with_county(request):
        template = request.getfixturevalue("postgres_county_template")
    name = f"register_{uuid4().hex}"
    postgres.create_database(postgres_cluster, name, template=template)
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
