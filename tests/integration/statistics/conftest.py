"""Herefordshire's published year, in a register on each database."""

import pytest

from tests.deaths import herefordshire_2013_14
from tests.factories import Herefordshire


@pytest.fixture
def published(county: Herefordshire) -> Herefordshire:
    """Herefordshire with the deaths of 2013-14."""
    herefordshire_2013_14(county.register, county["herefordshire-cdop"])
    return county
