"""The doctor sees a wall that was taken down on PostgreSQL, and a role that needs none to be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cdop import doctor
from cdop.config import Settings
from cdop.deaths.service import notify
from cdop.doctor.checks import OK, SKIPPED, WRONG, Check
from cdop.security.work import Register
from tests.factories import MAKER, herefordshire, told
from tests.postgres import Cluster

WALLS = "walls between organisations"


def of_walls(settings: Settings) -> Check:
    return next(each for each in doctor.examine(settings) if each.name == WALLS)


@pytest.fixture
def settings(postgres_register: Register) -> Settings:
    """A register on PostgreSQL with a case in it."""
    county = herefordshire(postgres_register)
    postgres_register.do(MAKER, notify, told(county["herefordshire-cdop"]))
    return postgres_register.settings


@pytest.fixture
def owner(settings: Settings, postgres_cluster: Cluster) -> Iterator[Engine]:
    """The tables' owner, who can take a wall down."""
    name = sa.make_url(settings.database_url).database
    assert name
    engine = sa.create_engine(postgres_cluster.owner_url(name))
    yield engine
    engine.dispose()


def test_walls_that_stand_are_found_whole(settings: Settings) -> None:
    found = of_walls(settings)
    assert (found.state, found.found) == (OK, "they stand on 20 tables")


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ("ALTER TABLE deaths NO FORCE ROW LEVEL SECURITY", "deaths has none"),
        ("ALTER TABLE tasks DISABLE ROW LEVEL SECURITY", "tasks has none"),
        ("DROP POLICY reach ON reviews", "reviews has none"),
        (
            "CREATE POLICY gate ON referrals USING (true)",
            "referrals has another policy (gate)",
        ),
        ("ALTER POLICY reach ON deaths USING (true)", "deaths shows rows to whoever says nothing"),
    ],
)
def test_a_wall_that_was_taken_down_is_named(
    settings: Settings, owner: Engine, done: str, found: str
) -> None:
    with owner.begin() as connection:
        connection.exec_driver_sql(done)
    said = of_walls(settings)
    assert (said.state, said.found) == (WRONG, found)
    assert "cdop init" in said.mend


def test_the_owner_s_role_is_no_role_to_serve_by(settings: Settings, owner: Engine) -> None:
    url = owner.url.render_as_string(hide_password=False)
    said = of_walls(replace(settings, database_url=url))
    assert said.state == WRONG
    assert "owns the tables" in said.found
    assert "roles.sql" in said.mend


def test_a_role_that_walks_past_every_wall_is_named(settings: Settings, owner: Engine) -> None:
    url = owner.url.set(username="postgres")
    said = of_walls(replace(settings, database_url=url.render_as_string(hide_password=False)))
    assert (said.state, said.found) == (WRONG, "the program's role walks past them")


def test_sqlite_has_none_and_says_so(sqlite_register: Register) -> None:
    assert of_walls(sqlite_register.settings).state == SKIPPED
