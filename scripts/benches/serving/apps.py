"""The two apps that are compared, each in a process of its own behind one uvicorn worker."""

import multiprocessing
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]

from cdop.organisations import sessions
from cdop.security.actor import Actor
from cdop.web.app import THREADS, create_app
from cdop.web.navigation import items_for
from cdop.web.showing import Due
from cdop.web.start.pages import StartPage, start_page
from cdop.web.tasks import Row, describe
from cdop.web.templating import Shell, environment
from serving.filling import open_filled

TEMPLATE = "start/page.html"
QUERY = """
    SELECT kind, reference, subject_id, standing, due_on, due_precision, opened_at FROM tasks
    WHERE organisation_id = ? AND permission = ? AND done_at IS NULL
    ORDER BY due_on, id LIMIT 26
"""


@dataclass(frozen=True)
class Server:
    """A served app: where it listens, and the process whose time is counted."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(make: Callable[[Path, str], FastAPI], folder: Path, token: str) -> Iterator[Server]:
    """Serve what `make` makes of a register's folder, on a free port of loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `cdop serve` does
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(make, folder, token, listening), daemon=True
    )
    process.start()
    port = listening.getsockname()[1]
    listening.close()
    assert process.pid
    try:
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.join(10)


def _run(
    make: Callable[[Path, str], FastAPI], folder: Path, token: str, listening: socket.socket
) -> None:
    config = uvicorn.Config(make(folder, token), log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


def real(folder: Path, _token: str) -> FastAPI:
    """Return the register's own app, as `cdop serve` runs it."""
    return create_app(open_filled(folder))


def bare(folder: Path, token: str) -> FastAPI:
    """Return FastAPI and Jinja alone: one indexed query through the driver, the same template.

    No session is looked up, no permission asked; shell, actions and meetings are constants.
    """
    shell, page, day = ready(folder, token)
    scope = _scope(folder, token)
    template = environment().get_template(TEMPLATE)
    kept = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(kept, "it"):
            kept.it = sqlite3.connect(folder / "register.db")
        return kept.it

    @asynccontextmanager
    async def few_threads(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield

    app = FastAPI(openapi_url=None, lifespan=few_threads)

    @app.get("/")
    def start() -> HTMLResponse:
        found = connection().execute(QUERY, scope).fetchall()
        tasks = [_row(values, day) for values in found[:25]]
        shown = replace(page, tasks=tasks, is_more=len(found) > 25)
        return HTMLResponse(template.render(page=shown, shell=shell, csrf="0" * 64))

    return app


def _row(values: tuple[str, ...], today: date) -> Row:
    kind, reference, subject, standing, due_on, precision, opened_at = values
    what, href = describe(kind, today)
    due = Due(date.fromisoformat(due_on), today, standing, week=precision == "week")
    opened_on = date.fromisoformat(opened_at[:10])
    return Row(what, kind, reference, href.format(id=subject), due, opened_on)


def ready(folder: Path, token: str) -> tuple[Shell, StartPage, date]:
    """Return what the real start page of the token's owner is rendered from, and the day."""
    register = open_filled(folder)
    actor = _owner(folder, token)
    with register.reading(actor) as work:
        page, day = start_page(work), work.today
    register.engine.dispose()
    return Shell("/", actor.display_name, "Benchshire CDOP", items_for(actor)), page, day


def _owner(folder: Path, token: str) -> Actor:
    register = open_filled(folder)
    actor = sessions.actor_for(register, token)
    register.engine.dispose()
    assert actor
    return actor


def _scope(folder: Path, token: str) -> tuple[str, str]:
    permission = "deaths:case:edit"
    (panel,) = _owner(folder, token).scope(permission)
    return str(panel), permission
