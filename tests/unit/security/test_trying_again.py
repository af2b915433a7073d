"""Which errors of a database start a unit of work again: those that pass when it is."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from cdop.security.work import _is_passing


class Said(Exception):
    """An error of the driver, with PostgreSQL's code for it or without."""

    def __init__(self, sqlstate: str | None = None) -> None:
        if sqlstate:
            self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (StaleDataError("somebody sealed the row meanwhile"), True),
        (IntegrityError("", {}, Said()), True),
        (OperationalError("", {}, Said("40001")), True),
        (DBAPIError("", {}, Said("40P01")), True),
        (OperationalError("", {}, Said("57014")), False),
        (DBAPIError("", {}, Said()), False),
        (OperationalError("", {}, Said()), False),
    ],
)
def test_a_conflict_a_stale_row_and_a_deadlock_pass(error: DBAPIError, passes: bool) -> None:
    assert _is_passing(error) is passes
