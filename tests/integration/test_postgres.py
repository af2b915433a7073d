"""The PostgreSQL of the tests: roles apart, no network, nothing left behind."""

import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from cdop import migrations
from tests import postgres
from tests.postgres import Cluster


def _processes_under(folder: Path) -> list[str]:
    """Return the commands of the processes that name `folder` or stand in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(folder) in command or folder in (process / "cwd").resolve().parents:
                found.append(command)
        except OSError:
            continue  # it has just ended
    return found


def _end(folder: Path, limit: float = 5.0) -> bool:
    """Say whether all processes of `folder` end within `limit` seconds."""
    end = time.monotonic() + limit
    while _processes_under(folder):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def engines(postgres_cluster: Cluster) -> Iterator[tuple[sa.Engine, sa.Engine]]:
    """An empty database, as its owner and as the program see it."""
    postgres.create_database(postgres_cluster, "roles")
    yield (
        sa.create_engine(postgres_cluster.owner_url("roles"), poolclass=sa.NullPool),
        sa.create_engine(postgres_cluster.app_url("roles"), poolclass=sa.NullPool),
    )
    postgres.drop_database(postgres_cluster, "roles")


def _do(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_the_program_cannot_make_change_or_empty_tables(
    engines: tuple[sa.Engine, sa.Engine],
) -> None:
    owner, app = engines
    migrations.upgrade(owner)
    _do(app, "SELECT * FROM audit_log")
    for forbidden in (
        "CREATE TABLE other (id integer)",
        "CREATE SCHEMA other",
        "ALTER TABLE audit_log ADD COLUMN more text",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "TRUNCATE audit_log",
        "UPDATE audit_log SET id = id",
        "DELETE FROM audit_log",
        "DROP TABLE audit_log",
        "SET ROLE cdop_owner",
    ):
        with pytest.raises(sa.exc.ProgrammingError) as refused:
            _do(app, forbidden)
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege), forbidden


def test_a_table_is_closed_to_the_program_until_the_owner_opens_it_in_copies_too(
    engines: tuple[sa.Engine, sa.Engine], postgres_cluster: Cluster
) -> None:
    owner, _ = engines
    _do(owner, "CREATE TABLE shut (id integer); CREATE TABLE note (id integer)")
    _do(owner, "GRANT USAGE ON SCHEMA public TO cdop_app; GRANT INSERT ON note TO cdop_app")
    postgres.create_database(postgres_cluster, "roles_copy", template="roles")
    copy = sa.create_engine(postgres_cluster.app_url("roles_copy"), poolclass=sa.NullPool)
    _do(copy, "INSERT INTO note VALUES (1)")
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        _do(copy, "SELECT * FROM shut")
    postgres.drop_database(postgres_cluster, "roles_copy")


def test_a_cluster_listens_on_its_socket_only_and_leaves_nothing_behind() -> None:
    cluster = postgres.start()
    session = psycopg.connect(host=str(cluster.folder), dbname="postgres", user="cdop_app")
    assert session.execute("SHOW listen_addresses").fetchone() == ("",)
    assert session.info.server_version >= 180000
    assert _processes_under(cluster.folder), "the search for processes finds none at all"
    postgres.stop(cluster)  # while somebody is connected
    assert _end(cluster.folder)
    assert not cluster.folder.exists()


def test_a_cluster_ends_when_the_tests_that_started_it_are_killed() -> None:
    code = (
        "import os, signal; from tests import postgres; cluster = postgres.start();"
        "print(cluster.folder, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    folder = Path(killed.stdout.strip())
    assert folder.is_dir(), killed.stderr
    assert _end(folder)
    shutil.rmtree(folder)


def test_binaries_below_a_closed_folder_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_may_enter", lambda folder, _: folder.name != "bin")
    cluster = postgres.start()
    try:
        program = Path(f"/proc/{cluster.process.pid}/exe").resolve()
        assert program.is_relative_to(cluster.folder.resolve())
    finally:
        postgres.stop(cluster)


def test_a_folder_is_closed_when_any_parent_is(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    stranger = pwd.getpwnam("daemon")
    (tmp_path / "closed").chmod(0o700)
    assert not postgres._may_enter(inner, stranger)
    assert postgres._may_enter(Path("/usr/bin"), stranger)
