"""The second wall: PostgreSQL shows each unit of work its actor's rows, whatever a query asks."""

import tomllib
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlmodel import select

from cdop import db, schema
from cdop.config import ROOT
from cdop.deaths.models import Death
from cdop.deaths.service import notify
from cdop.deaths.service.assigning import assign
from cdop.meetings.models import Meeting
from cdop.organisations import people
from cdop.organisations.sessions import GATE
from cdop.security import walls
from cdop.security.actor import Actor
from cdop.security.models import AuditEntry
from cdop.security.sealing import sealed_tables
from cdop.security.work import Register, Work
from tests.factories import MAKER, Herefordshire, child, herefordshire, told
from tests.postgres import Cluster
from tests.web.shell.sample_records import fill

NOBODY = Actor("nobody", "Nobody")


@pytest.fixture
def county(postgres_register: Register) -> Herefordshire:
    return herefordshire(postgres_register)


@pytest.fixture
def walled(county: Herefordshire) -> Herefordshire:
    """Two counties on PostgreSQL, each with a case of the same child."""
    for slug in ("herefordshire-cdop", "worcestershire-cdop"):
        county.register.do(MAKER, notify, told(county[slug], child(1)))
    return county


def seen(work: Work) -> set[UUID]:
    """Return the organisations of all cases that a query without scope finds."""
    return set(work.session.exec(select(Death.organisation_id)))


def acting(register: Register, username: str) -> Actor:
    """Return an account as the next request finds it."""
    with register.reading(MAKER) as work:
        return people.actor_by_username(work.session, username, work.now)


def in_the_database(register: Register, actor: Actor) -> dict[str, int]:
    """Count the rows of each walled table that an actor's unit of work is shown."""
    with register.reading(actor) as work:
        return {
            table: work.session.connection()
            .exec_driver_sql(f"SELECT count(*) FROM {table}")
            .scalar_one()
            for table in walls.WALLS
        }


def test_every_table_with_sealed_or_coded_columns_has_a_wall_or_a_reason() -> None:
    classes = tomllib.loads(Path(ROOT, "cdop/security/classification.toml").read_text())
    telling = {
        name
        for name, kinds in classes.items()
        if {"identity", "confidential", "coded"} & set(kinds)
    }
    telling |= {str(table.__tablename__) for table in sealed_tables()}
    assert telling - set(walls.WALLS) == set(walls.UNWALLED), "add a wall, or say why there is none"
    assert set(walls.WALLS) <= set(schema.metadata.tables)
    assert not set(walls.WALLS) & set(walls.UNWALLED)


def test_each_wall_stands_and_binds_the_owner_too(postgres_register: Register) -> None:
    query = """
        SELECT relname, relrowsecurity AND relforcerowsecurity, array_agg(polname::text)
        FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1, 2
    """
    with postgres_register.engine.connect() as connection:
        there = {name: (on, names) for name, on, names in connection.exec_driver_sql(query)}
    assert {name for name, (on, _) in there.items() if on} == set(walls.WALLS)
    assert all(there[name][1] == ["reach"] for name in walls.WALLS)


def test_one_pooled_connection_serves_two_people_and_nobody_each_their_own(
    walled: Herefordshire,
) -> None:
    ours, theirs = walled["herefordshire-cdop"], walled["worcestershire-cdop"]
    pids, found = [], []
    for actor in (walled.actors["coordinator"], walled.actors["neighbour"], NOBODY, MAKER, GATE):
        with walled.register.reading(actor) as work:
            pids.append(
                work.session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar()
            )
            found.append(seen(work))
    assert len(set(pids)) == 1
    assert found == [{ours}, {theirs}, set(), {ours, theirs}, set()]


@pytest.mark.parametrize("role", ["app_url", "owner_url"])
def test_statements_of_one_s_own_without_a_word_are_shown_nothing(
    walled: Herefordshire, postgres_cluster: Cluster, role: str
) -> None:
    database = sa.make_url(walled.register.settings.database_url).database
    engine = db.connect(getattr(postgres_cluster, role)(database))
    with walled.register.reading(MAKER) as work:
        assert len(seen(work)) == 2
    with engine.connect() as connection:
        for table in walls.WALLS:
            query = f"SELECT count(*) FROM {table}"
            assert connection.exec_driver_sql(query).scalar_one() == 0
        assert connection.exec_driver_sql("UPDATE deaths SET reference = 'x'").rowcount == 0
        assert connection.exec_driver_sql("DELETE FROM notifications").rowcount == 0
    engine.dispose()


def test_what_is_said_ends_with_the_transaction(walled: Herefordshire) -> None:
    with walled.register.engine.connect() as connection:
        with connection.begin():
            walls.go_everywhere(connection)
            assert connection.execute(sa.select(sa.func.count()).select_from(Death)).scalar() == 2
        assert connection.execute(sa.select(sa.func.count()).select_from(Death)).scalar() == 0


def test_no_row_is_written_beyond_the_reach(walled: Herefordshire) -> None:
    def arrange(work: Work, panel: UUID) -> None:
        work.session.add(
            Meeting(
                organisation_id=panel,
                held_on=date(2026, 11, 20),
                arranged_at=work.now,
                arranged_by="x",
            )
        )

    coordinator = walled.actors["coordinator"]
    walled.register.do(coordinator, arrange, walled["herefordshire-cdop"])
    with pytest.raises(ProgrammingError, match="row-level security"):
        walled.register.do(coordinator, arrange, walled["worcestershire-cdop"])


def test_a_key_worker_is_shown_the_rows_of_the_assigned_case_alone(walled: Herefordshire) -> None:
    register, panel = walled.register, walled["herefordshire-cdop"]
    mine = register.do(MAKER, notify, told(panel, child(7))).death_id
    assert mine
    register.do(walled.actors["coordinator"], assign, mine, "key-worker")
    with register.reading(acting(register, "key-worker")) as work:
        assert set(work.session.exec(select(Death.id))) == {mine}


def test_who_reaches_a_case_or_a_board_alone_is_shown_what_hangs_from_it(
    county: Herefordshire,
) -> None:
    """A key worker all of the case, a board's people the referrals made to it and their tasks."""
    fill(county)
    shown = {}
    for who in ("key-worker", "children-chair", "adults-chair"):
        rows = in_the_database(county.register, acting(county.register, who))
        shown[who] = {table for table, count in rows.items() if count}
    assert shown == {
        "key-worker": {"deaths", "notifications", "death_events", "index_tokens", "tasks"},
        "children-chair": {"referrals", "case_reviews", "tasks"},
        "adults-chair": set(),
    }


def test_each_table_has_rows_that_one_county_sees_and_the_other_does_not(
    county: Herefordshire,
) -> None:
    """Or the tests above would pass on empty tables."""
    fill(county)
    everything = in_the_database(county.register, MAKER)
    ours = in_the_database(county.register, county.actors["caldicott-guardian"])
    filled = {table for table, count in everything.items() if count}
    assert {"deaths", "notifications", "referrals", "meetings", "agenda_items", "tasks"} <= filled
    assert {"rights_requests", "legal_holds", "erasures", "case_reviews"} <= filled
    for table in filled:
        assert 0 < ours[table] < everything[table], table


@pytest.mark.parametrize("after", ["coordinator", "neighbour"])
def test_a_step_beyond_is_narrow_and_leaves_a_line(walled: Herefordshire, after: str) -> None:
    ours, theirs = walled["herefordshire-cdop"], walled["worcestershire-cdop"]
    with walled.register.work(walled.actors[after]) as work:
        own = seen(work)
        with work.beyond("a-named-step"):
            assert seen(work) == {ours, theirs}
        assert seen(work) == own
        assert len(own) == 1
    query = select(AuditEntry).where(AuditEntry.action == "register:reach:pass")
    with walled.register.reading(MAKER) as work:
        last = [line for line in work.session.exec(query) if line.detail["why"] == "a-named-step"]
    assert [(line.actor, line.detail["why"]) for line in last] == [(after, "a-named-step")]


def test_the_register_says_where_it_has_no_such_wall(sqlite_register: Register) -> None:
    county = herefordshire(sqlite_register)
    sqlite_register.do(MAKER, notify, told(county["worcestershire-cdop"], child(1)))
    with sqlite_register.reading(county.actors["coordinator"]) as work:
        assert seen(work) == {county["worcestershire-cdop"]}
    readme = " ".join(Path(ROOT, "README.md").read_text().split())
    assert "SQLite has no such wall" in readme
