"""Rows that point into their own table go in after those they point to."""

import pytest
import sqlalchemy as sa

from cdop.backups import rows
from cdop.errors import Unsafe


@pytest.fixture
def connection():
    engine = sa.create_engine("sqlite://")
    with engine.begin() as opened:
        opened.exec_driver_sql("PRAGMA foreign_keys=ON")
        opened.exec_driver_sql("CREATE TABLE t (id TEXT PRIMARY KEY, up TEXT REFERENCES t (id))")
        yield opened


def table(connection):
    return rows.tables(connection)[0]


def test_a_chain_is_written_in_any_order(connection):
    given = [["a", "b"], ["b", "c"], ["c", None]]
    rows.write(connection, table(connection), ["id", "up"], given)
    assert list(rows.read(connection, table(connection))) == given


def test_a_circle_is_refused(connection):
    with pytest.raises(Unsafe, match="circle"):
        rows.write(connection, table(connection), ["id", "up"], [["a", "b"], ["b", "a"]])
