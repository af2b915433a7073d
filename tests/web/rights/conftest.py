"""Herefordshire on SQLite: pages do not differ by database."""

import pytest

from cdop.security.work import Register
from tests.factories import Herefordshire, herefordshire


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)
