"""Invented cases in any number, for scale work: a partnership of their own, batch by batch.

Spread like the published national figures (`marginals.toml`) over the years since the present forms
came into force; those who died long enough ago are reviewed, at a meeting of each month.
"""

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import col, func, select

from cdop.deaths.models import Death
from cdop.demo import accounts, cases
from cdop.demo.accounts import NewAccount, Post
from cdop.demo.building import BUILDER, check_may_fill
from cdop.demo.cases import Case
from cdop.demo.marginals import draw
from cdop.demo.places import NEW_ARRANGEMENTS, found_partnership
from cdop.demo.stage import Stage, open_stage, organisation_ids
from cdop.errors import Refused
from cdop.meetings.models import Meeting
from cdop.reference.nhs_numbers import INVENTED_LIMIT
from cdop.security.permissions import Role
from cdop.security.work import Register, Work

COUNTY = "scale"
PANEL = f"{COUNTY}-cdop"
BATCH = 500
# NHS numbers below are those of the demonstration itself.
FIRST_SEED = 10_000
# From death to the panel's meeting; who died since then is still open.
TO_REVIEW = timedelta(days=240)

POSTS = (
    Post(f"{COUNTY}-coordinator", Role.COORDINATOR, (PANEL,), "the work list of a large panel"),
    Post(f"{COUNTY}-panel-member", Role.PANEL_MEMBER, (PANEL,), "cases to classify"),
    Post(f"{COUNTY}-panel-chair", Role.PANEL_CHAIR, (PANEL,), "reviews to sign off"),
)

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Scaled:
    """What was added, and in how many seconds; accounts only when they were made now."""

    cases: int
    reviewed: int
    seconds: float
    accounts: tuple[NewAccount, ...]

    @property
    def per_second(self) -> float:
        """Return the cases added in a second."""
        return self.cases / self.seconds if self.seconds else 0.0


def add_scale(
    register: Register, wanted: int, *, seed: int = 1, progress: Progress = lambda _: None
) -> Scaled:
    """Add invented cases to a demonstration register; more of them when there are some already.

    The same `seed` and number give the same cases. `progress` is told how many are there. Raises
    Refused for a register for real use, or for more cases than there are invented NHS numbers.
    """
    check_may_fill(register)
    begun = time.monotonic()
    with register.work(BUILDER) as work:
        made = _open_partnership(work)
        there = _count(work)
    if FIRST_SEED + there + wanted > INVENTED_LIMIT:
        raise Refused(f"There are invented NHS numbers for {INVENTED_LIMIT - FIRST_SEED} cases.")
    done = reviewed = 0
    while done < wanted:
        size = min(BATCH, wanted - done)
        with _without_collection():
            reviewed += _add_batch(register, seed, there + done, size)
        done += size
        progress(done)
    return Scaled(done, reviewed, time.monotonic() - begun, tuple(made))


def _add_batch(register: Register, seed: int, first: int, size: int) -> int:
    """Add one batch: deaths spread over all the years. Returns how many were reviewed."""
    rng = random.Random(f"{seed}:{first}")  # noqa: S311 - invented people, no secret
    with register.work(BUILDER) as work:
        drawn = [_draw(work.today, rng, FIRST_SEED + first + number) for number in range(size)]
        ids = cases.notify_all(_stage(work), drawn)
    # Apart: a case's key is kept ready in memory once it is committed, and then opens faster.
    with register.work(BUILDER) as work:
        days = {case: day for case in ids if (day := _meeting_day(case)) <= work.today}
        stage = _stage(work)
        stage.starts_at = _free_start(work)
        cases.review_all(stage, ids, days)
        work.audit("register:demonstration:scale", cases=size)
    return len(days)


def _stage(work: Work) -> Stage:
    return open_stage(work, [post.username for post in POSTS])


def _draw(today: date, rng: random.Random, seed: int) -> Case:
    """Draw a death of any day since the present forms, notified the day after."""
    span = (today - NEW_ARRANGEMENTS).days
    died_on = NEW_ARRANGEMENTS + timedelta(days=rng.randrange(span))
    return draw(rng, PANEL, seed, died_on, died_on + timedelta(days=1))


def _meeting_day(case: Case) -> date:
    """Return the day of the panel's meeting that reviews a case: the fifteenth of a month."""
    ready = case.died_on + TO_REVIEW
    month = ready.replace(day=1) + timedelta(days=32 if ready.day > 15 else 0)
    return month.replace(day=15)


def _free_start(work: Work) -> str:
    """Return a time of day at which no batch has met: a meeting that was held takes no more."""
    panel = organisation_ids(work.session)[PANEL]
    taken = select(func.count(col(Meeting.starts_at).distinct()))
    batches = work.session.exec(taken.where(Meeting.organisation_id == panel)).one()
    hours, minutes = divmod(batches % (14 * 60), 60)
    return f"{7 + hours:02d}:{minutes:02d}"


def _open_partnership(work: Work) -> list[NewAccount]:
    if COUNTY in organisation_ids(work.session):
        return []
    found_partnership(work, COUNTY, "Scale (invented)", NEW_ARRANGEMENTS)
    return accounts.appoint(work, POSTS)


def _count(work: Work) -> int:
    panel = organisation_ids(work.session)[PANEL]
    query = select(func.count(col(Death.id))).where(Death.organisation_id == panel)
    return work.session.exec(query).one()


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector from walking a batch's many live objects again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
