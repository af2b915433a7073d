"""Hashing with less work, for tests in which only it matters which hash is asked."""

import pytest
from argon2 import PasswordHasher

from cdop.security import passwords

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODY = HASHER.hash("nobody's")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash quickly; a conftest that imports this name does so for every test under it."""
    monkeypatch.setattr(passwords, "_HASHER", HASHER)
    monkeypatch.setattr(passwords, "_nobody", lambda: NOBODY)
