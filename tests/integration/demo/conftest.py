"""The demonstration, built once on each database."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cdop import demo, registers
from cdop.clock import FixedClock
from cdop.config import Settings
from cdop.demo import NewAccount
from cdop.security import passwords
from cdop.security.work import Register
from tests import postgres
from tests.conftest import NOW, sqlite_settings
from tests.desk import plain_packages
from tests.postgres import Cluster


class Built:
    """A filled demonstration register, and the accounts that were printed."""

    def __init__(self, register: Register, accounts: list[NewAccount]) -> None:
        self.register = register
        self.accounts = accounts


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("demonstration") / "register"
    settings = sqlite_settings(folder)
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres_cluster")
        name = f"demonstration_{uuid4().hex}"
        postgres.create_database(cluster, name)
        settings = Settings(folder, cluster.owner_url(name), folder / "keys.json")
    register = registers.create(settings, clock=FixedClock(NOW), demonstration=True)
    with pytest.MonkeyPatch.context() as patched:
        plain_packages(patched)
        accounts = demo.build(register)
    yield Built(register, accounts)
    register.engine.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Register]:
    """An empty demonstration register on SQLite."""
    settings = sqlite_settings(tmp_path / "register")
    register = registers.create(settings, clock=FixedClock(NOW), demonstration=True)
    yield register
    register.engine.dispose()


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests that are not about passwords the time that hashing takes on purpose."""
    monkeypatch.setattr(passwords, "hash_password", lambda _: "not a hash: nobody signs in")
