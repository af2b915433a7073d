"""What a unit of work tells PostgreSQL of its actor's reach, and what a wall asks; no database."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cdop.security import walls
from cdop.security.actor import Actor, Grant, system
from cdop.security.permissions import Role

ONE, OTHER, CASE = (UUID(int=number) for number in range(1, 4))
SOMEBODY = Actor(
    "somebody",
    "Somebody",
    grants=(
        Grant(Role.COORDINATOR, frozenset({ONE})),
        Grant(Role.PANEL_MEMBER, frozenset({OTHER})),
        Grant(Role.KEY_WORKER, frozenset(), cases=frozenset({CASE})),
    ),
)
NOWHERE = {"everywhere": "", "reach": "{}", "cases": "{}"}
EVERYWHERE = NOWHERE | {"everywhere": "on"}


class Connection:
    """Stands in for a database's connection, and notes what it is told."""

    def __init__(self, dialect: sa.Dialect) -> None:
        self.dialect = dialect
        self.told: list[dict[str, Any]] = []

    def execute(self, statement: sa.Select[Any], values: dict[str, Any]) -> None:
        settings = statement.compile(dialect=self.dialect).params
        assert {name for name in settings if name in NOWHERE} == set(values)
        self.told.append(values)


@pytest.fixture
def connection() -> Any:
    return Connection(postgresql.dialect())


@pytest.mark.parametrize(
    ("actor", "told"),
    [
        (Actor("nobody", "Nobody"), NOWHERE),
        (system("the-command-line"), EVERYWHERE),
        (system("the-gate", sees_cases=False), NOWHERE),
    ],
)
def test_whoever_holds_no_role_reaches_nothing_or_all(
    connection: Any, actor: Actor, told: dict[str, str]
) -> None:
    walls.enter(connection, actor)
    assert connection.told == [told]


def test_a_person_reaches_the_places_and_the_cases_of_every_role(connection: Any) -> None:
    walls.enter(connection, SOMEBODY)
    (told,) = connection.told
    assert told["reach"] in (f"{{{ONE},{OTHER}}}", f"{{{OTHER},{ONE}}}")
    assert (told["everywhere"], told["cases"]) == ("", f"{{{CASE}}}")


def test_a_step_beyond_reaches_all_until_the_actor_enters_again(connection: Any) -> None:
    walls.go_everywhere(connection)
    walls.enter(connection, Actor("nobody", "Nobody"))
    assert connection.told == [EVERYWHERE, NOWHERE]


def test_a_database_without_walls_is_told_nothing() -> None:
    connection: Any = Connection(sqlite.dialect())
    walls.enter(connection, SOMEBODY)
    walls.enter(connection, system("the-command-line"))
    walls.go_everywhere(connection)
    walls.raise_on(connection)
    assert connection.told == []


def among(column: str, setting: str) -> str:
    said = f"(SELECT NULLIF(current_setting('cdop.{setting}', true), '')::uuid[])"
    return f"{column} = ANY ({said}::uuid[])"


@pytest.mark.parametrize(
    ("table", "ways"),
    [
        ("meetings", [among("meetings.organisation_id", "reach")]),
        (
            "deaths",
            [among("deaths.organisation_id", "reach"), among("deaths.subject_id", "cases")],
        ),
        (
            "referrals",
            [among("referrals.organisation_id", "reach"), among("referrals.board_id", "reach")],
        ),
        ("factors", ["EXISTS (SELECT 1 FROM reviews parent WHERE parent.id = factors.review_id)"]),
        (
            "tasks",
            [
                among("tasks.organisation_id", "reach"),
                among("tasks.subject_id", "cases"),
                "(tasks.subject_kind = 'referrals' AND EXISTS"
                " (SELECT 1 FROM referrals parent WHERE parent.id = tasks.subject_id))",
            ],
        ),
    ],
)
def test_a_row_is_seen_from_everywhere_or_in_one_of_its_own_ways(
    table: str, ways: list[str]
) -> None:
    everywhere = "(SELECT current_setting('cdop.everywhere', true) = 'on')"
    assert walls.condition_of(table) == " OR ".join([everywhere, *ways])
