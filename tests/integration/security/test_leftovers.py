"""Nothing of a child lies open in backups, in what a crash leaves behind, or in a traceback."""

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from cdop import backups, registers
from cdop.backups import rows
from cdop.deaths import service
from cdop.deaths.documents import IDENTITY
from cdop.deaths.models import Death
from cdop.errors import Unsafe
from cdop.security.work import Register, Work
from tests.conftest import sqlite_settings
from tests.factories import MAKER, Herefordshire, herefordshire
from tests.integration.security.canaries import CANARIES, INVENTED
from tests.integration.security.test_leaks import live
from tests.leaks import Canary, assert_no_leak, search


@pytest.fixture
def filled(sqlite_register: Register) -> Herefordshire:
    """A register in which each of the invented children has a case."""
    county = herefordshire(sqlite_register)
    for of in INVENTED:
        live(county, of)
    return county


def killed(work_at: Callable[[], object]) -> None:
    """Do something in another process, which is killed with SIGKILL in the midst of it."""
    child = os.fork()
    if child == 0:
        try:
            work_at()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was to be killed"


def kill_me(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_backup_and_what_is_restored_from_it_hold_nothing_open(
    filled: Herefordshire, tmp_path: Path
) -> None:
    register, file = filled.register, tmp_path / "all.backup"
    backups.create(register, MAKER, file)
    assert_no_leak([file], CANARIES)
    folder = tmp_path / "restored"
    settings = sqlite_settings(folder)
    backups.restore(settings, MAKER, file, register.settings.keys)
    assert_no_leak([folder], CANARIES)


def test_the_search_unpacks_a_backup(filled: Herefordshire, tmp_path: Path) -> None:
    """The check that proves the check."""
    with filled.register.engine.execution_options(writes=True).begin() as connection:
        told = f"UPDATE tasks SET reference = '{INVENTED[0].family}'"
        connection.exec_driver_sql(told)
    file = tmp_path / "all.backup"
    backups.create(filled.register, MAKER, file)
    assert {each.what for each in search([file], CANARIES)} == {INVENTED[0].family}


def test_a_process_killed_before_its_commit_leaves_nothing_open(
    sqlite_register: Register,
) -> None:
    """Database, journal and whatever else lies in the folder, with what was not committed, too."""
    county = herefordshire(sqlite_register)
    sqlite_register.engine.dispose()

    def notify_them_all() -> None:
        register = registers.open_register(sqlite_register.settings)
        with register.work(county.actors["coordinator"]) as work:
            # So little memory that SQLite writes what is not committed into its journal.
            work.session.connection().exec_driver_sql("PRAGMA cache_size = 10")
            for of in INVENTED:
                service.notify(work, of.told(county["herefordshire-cdop"]))
            work.session.flush()
            kill_me()

    killed(notify_them_all)
    journal = Path(f"{sqlite_register.settings.database_file}-wal")
    assert journal.stat().st_size > 0
    assert_no_leak([sqlite_register.settings.data], CANARIES)
    with registers.open_register(sqlite_register.settings).reading(MAKER) as work:
        assert work.session.exec(select(Death)).all() == []


def test_a_backup_killed_midway_leaves_a_part_that_tells_nothing(
    filled: Herefordshire, tmp_path: Path
) -> None:
    filled.register.engine.dispose()
    place, real = tmp_path / "backups", rows.read
    place.mkdir()

    def read(connection, table):
        yield from real(connection, table)
        if table.name == "notifications":
            kill_me()

    def back_up() -> None:
        rows.read = read
        register = registers.open_register(filled.register.settings)
        backups.create(register, MAKER, place / "all.backup")

    killed(back_up)
    (part,) = place.iterdir()
    assert part.name.endswith(".partial")
    assert search([part], [Canary(words=("coordinator",))]), "unfinished as it is, it is read"
    assert part.stat().st_mode & 0o077 == 0
    assert_no_leak([part], CANARIES)


@pytest.mark.parametrize("what", ["tampered", "moved", "other keys"])
def test_a_traceback_of_what_does_not_open_tells_nothing(filled: Herefordshire, what: str) -> None:
    """With every error in its chain and every value that a report of variables would show."""
    register = filled.register
    change = {
        "tampered": "UPDATE deaths SET identity = substr(identity, 1, 60)",
        "moved": "UPDATE deaths SET identity = names",
        "other keys": "UPDATE data_keys SET wrapped = randomblob(60)",
    }[what]
    with register.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql(change)
    again = registers.open_register(register.settings)
    with pytest.raises(Unsafe) as caught, again.work(MAKER) as work:
        _open_all(work)
    error = caught.value
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = ["".join(shown.format(chain=True)), repr(error), str(error.args)]
    assert "Traceback" in texts[0]
    assert_no_leak(texts, CANARIES)


def _open_all(work: Work) -> None:
    for death in work.session.exec(select(Death)):
        work.open(death, IDENTITY)
