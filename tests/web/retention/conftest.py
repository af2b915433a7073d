"""A case past its period, on SQLite: pages do not differ by database."""

import pytest

from cdop.clock import FixedClock
from cdop.security.work import Register
from tests.factories import Herefordshire, herefordshire
from tests.integration.retention.conftest import LATER, YEARS, Old, a_reviewed_case, keep_for


@pytest.fixture
def county(sqlite_register: Register) -> Herefordshire:
    return herefordshire(sqlite_register)


@pytest.fixture
def old(county: Herefordshire, clock: FixedClock) -> Old:
    death_id = a_reviewed_case(county)
    keep_for(county, YEARS)
    clock.at = LATER
    return Old(county, death_id)
