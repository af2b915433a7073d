"""Herefordshire's published year, in a register on each database."""

import pytest

from cdop.security.work import Register
from tests.deaths import herefordshire_2013_14
from tests.factories import Herefordshire, herefordshire


@pytest.fixture
def published(county: Herefordshire) -> Herefordshire:
    """Herefordshire with the deaths of 2013-14."""
    herefordshire_2013_14(county.register, county["herefordshire-cdop"])
    return county


@pytest.fixture
def sqlite_county(sqlite_register: Register) -> Herefordshire:
    """The same on SQLite alone, for what no database makes different."""
    found = herefordshire(sqlite_register)
    herefordshire_2013_14(sqlite_register, found["herefordshire-cdop"])
    return found
