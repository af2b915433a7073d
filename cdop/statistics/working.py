"""Long work of the desk, asked for in the browser and done by a worker beside the pages.

Each piece is a row of `cdop.jobs`: it survives the server, shows how far it is, and can be stopped.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from cdop.db import new_id
from cdop.errors import CdopError, NotFound, Refused
from cdop.jobs import keeping
from cdop.jobs.keeping import Cancelled
from cdop.jobs.models import Job
from cdop.organisations.people import actor_by_username
from cdop.security.actor import Actor, system
from cdop.security.work import Register, Work
from cdop.statistics import advising, proving, rules
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.models import Release
from cdop.statistics.releasing import BUILD, find_release

log = logging.getLogger("cdop")

WORKER = system("desk", sees_cases=False)
BUILDING, PREVIEWING, ADVISING = "release:build", "release:preview", "release:advise"
KINDS = (BUILDING, PREVIEWING, ADVISING)
OFTEN = 1.0  # seconds between two signs of life of one stage
SOON = 0.25  # seconds between two stages that are told of
IDLE = 5.0  # seconds after which the worker looks for what others asked for, or left behind
_FAULT = "The work ended with a fault of the program. It has been logged."


class Interrupted(CdopError):
    """The server stops: the work waits for the next one."""


def ask(work: Work, release_id: UUID, kind: str) -> Job:
    """Ask for long work on a draft; what is asked for already is not asked for twice.

    Raises Denied, NotFound; Refused in a state in which there is nothing to build.
    """
    release = find_release(work, release_id, BUILD)
    rules.after(release.state, rules.Step.CHANGE)
    job = keeping.live(work.session, release_id, kind)
    if job is None:
        job = Job(
            id=new_id(),
            organisation_id=release.organisation_id,
            kind=kind,
            subject_kind="releases",
            subject_id=release_id,
            asked_at=work.now,
            asked_by=work.actor.name,
        )
        work.session.add(job)
        work.session.flush()
        work.audit(BUILD, ("releases", release_id), release.organisation_id, asked=kind)
    return job


def stop(work: Work, release_id: UUID, kind: str) -> None:
    """Stop long work; what has ended by now stays as it is. Raises Denied, NotFound."""
    release = find_release(work, release_id, BUILD)
    job = keeping.live(work.session, release_id, kind)
    if job is None:
        return
    job.cancelled_at = work.now
    if job.state == "queued":
        keeping.end(job, work.now, "cancelled")
    work.audit(BUILD, ("releases", release_id), release.organisation_id, stopped=kind)


def latest(work: Work, release: Release, kind: str) -> Job | None:
    """Return the newest work of a kind on a release that the caller has found within scope."""
    return keeping.latest(work.session, release.id, kind)


def run_next(register: Register, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do the piece of work that has waited longest; say whether there was any."""
    job = register.do(WORKER, _take)
    if job is None:
        return False
    state, reason, answer = "done", "", None
    try:
        answer = _do(register, job, _teller(register, job, stopping))
    except Cancelled:
        state = "cancelled"
    except Interrupted:
        state = "queued"
    except CdopError as error:
        state, reason = "failed", str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next piece is to be done
        log.error("job %s: %s", job.id, type(error).__name__)  # its text may hold what was counted
        state, reason = "failed", _FAULT
    register.do(WORKER, _end, job, state, reason, answer)
    return True


def _do(register: Register, job: Job, on_step: OnStep) -> dict[str, Any] | None:
    actor = _who(register, job)
    if job.kind == BUILDING:
        proving.build(register, actor, job.subject_id, on_step)
        return None
    tried = {PREVIEWING: advising.preview, ADVISING: advising.advise}[job.kind]
    return {"kept": tried(register, actor, job.subject_id, on_step)}


def _who(register: Register, job: Job) -> Actor:
    """Return who asked, with the rights that they have now."""
    with register.reading(WORKER) as work:
        try:
            return actor_by_username(work.session, job.asked_by, work.now)
        except NotFound:
            raise Refused("Whoever asked for this work has no account in use any more.") from None


def _teller(register: Register, job: Job, stopping: Callable[[], bool]) -> OnStep:
    """Return what writes down how far the work is, now and then, and stops it when asked."""
    told: dict[str, Any] = {"at": 0.0, "stage": "", "step": None}

    def on_step(step: tuple[str, int, int] | None) -> None:
        if stopping():
            raise Interrupted("The server stops.")
        now, step = time.monotonic(), step or told["step"]
        stage = step[0] if step else ""
        told["step"] = step  # to be told at the next sign of life, if it is too soon now
        if now - told["at"] < (OFTEN if stage == told["stage"] else SOON):
            return
        told.update(at=now, stage=stage)
        with register.work(WORKER) as work:
            keeping.beat(work.session, job.id, job.attempts, work.now, step)

    return on_step


def _take(work: Work) -> Job | None:
    return keeping.take(work.session, work.now, KINDS)


def _end(work: Work, job: Job, state: str, reason: str, answer: Mapping[str, Any] | None) -> None:
    """End the work, unless somebody else has taken it up meanwhile."""
    found = work.session.get_one(Job, job.id)
    if found.state != "running" or found.attempts != job.attempts:
        return
    if state == "queued":
        found.state, found.attempts, found.beat_at = "queued", found.attempts - 1, None
        return
    keeping.end(found, work.now, state, reason, dict(answer) if answer else None)


class Worker:
    """The thread that does long work while a server runs. One for each server is enough."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        """Begin to look for work."""
        self._thread.start()

    def nudge(self) -> None:
        """Say that there is work."""
        self._wake.set()

    def stop(self) -> None:
        """Leave work for the next server, and end."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if run_next(self.register, self._stop.is_set):
                    continue
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.error("desk: %s", type(error).__name__)
            self._wake.wait(IDLE)
            self._wake.clear()
