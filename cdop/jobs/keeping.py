"""Asking for long work, taking it up, saying how far it is, and ending it: one row each time.

At least once: whoever takes work up beats while at it, and work that went silent is taken up again
until it was tried often enough. Whoever runs it must stand being stopped at any moment.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, or_, select, update

from cdop.errors import CdopError
from cdop.jobs.models import Job

SILENT = timedelta(seconds=60)  # after which nobody is at it any more
TRIES = 3
LIVE = ("queued", "running")
_GIVEN_UP = "The work was interrupted several times, and was given up. Ask for it again."


class Cancelled(CdopError):
    """Somebody said that the work is not wanted any more, or somebody else has taken it up."""


def live(session: Session, subject_id: UUID, kind: str) -> Job | None:
    """Return the work of this kind that is waiting or going on for a subject."""
    query = select(Job).where(Job.subject_id == subject_id, Job.kind == kind)
    return session.exec(query.where(col(Job.state).in_(LIVE))).first()


def latest(session: Session, subject_id: UUID, kind: str) -> Job | None:
    """Return the newest work of this kind for a subject, in any state."""
    query = select(Job).where(Job.subject_id == subject_id, Job.kind == kind)
    return session.exec(query.order_by(col(Job.asked_at).desc(), col(Job.id).desc())).first()


def take(session: Session, now: datetime, kinds: tuple[str, ...]) -> Job | None:
    """Take the oldest work up that waits, or that somebody fell silent over."""
    silent = col(Job.beat_at) < now - SILENT
    waiting = or_(Job.state == "queued", (col(Job.state) == "running") & silent)
    query = select(Job).where(col(Job.kind).in_(kinds), waiting).order_by(col(Job.asked_at))
    job = session.exec(query.with_for_update(skip_locked=True)).first()
    if job is None:
        return None
    return begin(job, now)


def begin(job: Job, now: datetime) -> Job | None:
    """Take one piece of work up; None when it was tried often enough, or is not wanted."""
    if job.cancelled_at or job.attempts >= TRIES:
        state, reason = ("cancelled", "") if job.cancelled_at else ("failed", _GIVEN_UP)
        end(job, now, state, reason)
        return None
    job.state, job.beat_at, job.attempts = "running", now, job.attempts + 1
    job.stage, job.done, job.whole = "", 0, 0
    return job


def beat(
    session: Session, job_id: UUID, attempt: int, now: datetime, step: tuple[str, int, int] | None
) -> None:
    """Say that the work goes on, and how far it is. Raises Cancelled when it is not to go on."""
    values: dict[str, Any] = {"beat_at": now}
    if step:
        values |= {"stage": step[0], "done": step[1], "whole": step[2]}
    mine = (col(Job.id) == job_id) & (col(Job.state) == "running") & (col(Job.attempts) == attempt)
    wanted = col(Job.cancelled_at).is_(None)
    if session.execute(update(Job).where(mine & wanted).values(**values)).rowcount != 1:  # type: ignore[attr-defined]
        raise Cancelled("The work was stopped.")


def end(
    job: Job, now: datetime, state: str, reason: str = "", answer: dict[str, Any] | None = None
) -> None:
    """End work as done, failed (with the reason in a sentence) or cancelled."""
    job.state, job.ended_at, job.reason = state, now, reason
    if answer is not None:
        job.answer = answer
