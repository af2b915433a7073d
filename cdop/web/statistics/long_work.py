"""Long work on a draft as a page shows it: how far it is, how it ended, and what it compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cdop.jobs.models import Job
from cdop.statistics import working
from cdop.statistics.coarsening import coarsenings
from cdop.statistics.disclosure import profile
from cdop.statistics.models import Release

_TITLES = {
    working.BUILDING: "Building the release",
    working.PREVIEWING: "Comparing the profiles",
    working.ADVISING: "Looking for ways to keep more",
}
_LIMITED = {
    working.BUILDING: "It is given up",
    working.PREVIEWING: "Each profile is given up",
    working.ADVISING: "Each way is given up",
}


@dataclass(frozen=True)
class WorkView:
    """Long work: how far it is, or how it ended. `done` of `whole` parts are behind it."""

    kind: str
    title: str
    live: bool
    stage: str
    done: int
    whole: int
    since: str
    limit: str
    words: str


@dataclass(frozen=True)
class Way:
    """One way of releasing, and what it keeps; `chosen` is what the draft says now."""

    title: str
    cells: list[object]
    profile: str
    years: int
    ways: str
    chosen: bool
    why: str


def work_view(job: Job, now: datetime, seconds: float) -> WorkView:
    """Return long work as it stands. It is given up after `seconds`."""
    words = {
        "queued": "Waits for its turn.",
        "running": "Stopping: it ends within a few seconds." if job.cancelled_at else "",
        "done": "Done.",
        "failed": job.reason,
        "cancelled": "Stopped.",
    }[job.state]
    return WorkView(
        job.kind,
        _TITLES[job.kind],
        job.state in ("queued", "running"),
        job.stage or "It has begun",
        job.done,
        job.whole,
        lasting(now - job.asked_at),
        f"{_LIMITED[job.kind]} after {lasting(timedelta(seconds=seconds))}.",
        words,
    )


def lasting(time: timedelta) -> str:
    """Return how long something takes, in minutes and seconds."""
    minutes, seconds = divmod(max(int(time.total_seconds()), 0), 60)
    parts = [(minutes, "minute"), (seconds, "second")]
    said = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(said) or "0 seconds"


def ways(release: Release, jobs: Sequence[Job | None], kind: str) -> list[Way]:
    """Return what work of a kind tried, as rows, if it has ended well."""
    job = next((each for each in jobs if each and each.kind == kind), None)
    kept = job.answer.get("kept", []) if job and job.state == "done" else []
    return [_way(release, each) for each in kept]


def _way(release: Release, kept: dict[str, Any]) -> Way:
    now = (release.profile, release.years, tuple(release.merged.get("ways", ())))
    this = (kept["profile"], kept["years"], tuple(kept["ways"]))
    titles = [coarsenings()[way].title for way in kept["ways"]]
    pooled = [f"{kept['years']} years pooled"] if kept["years"] > 1 else []
    cells: list[object] = [
        f"{kept['shown']} of {kept['some']}",
        f"{kept['value']}%",
        f"{kept['totals']}%",
        kept["hidden"],
        "none small" if kept["width"] is None else kept["width"],
    ]
    title = "; ".join([profile(kept["profile"]).title, *pooled, *titles])
    return Way(title, cells, *this[:2], ",".join(this[2]), this == now, kept["why"])
