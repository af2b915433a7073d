"""Deriving the deprivation of cases anew, after a look-up of postcodes came that they did not have.

A reviewed case keeps what it was reviewed with, unless that is asked for: a table of its year would
otherwise change. Which look-up a case had before is in its audit line.
"""

from collections.abc import Callable
from functools import cache
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths.documents import IDENTITY
from cdop.deaths.models import Death
from cdop.errors import Erased
from cdop.reference import derive
from cdop.reference_files.service import deprivation_on
from cdop.security.actor import system
from cdop.security.work import Register, Work

DERIVE = "deaths:case:derive"
PART = 100  # cases of one unit of work
FIRST = UUID(int=0)
DERIVER = system("derive")


def derive_again(
    register: Register, progress: Callable[[int], None] = lambda _: None, *, reviewed: bool = False
) -> int:
    """Take the look-up in force on each day of death. Returns how many cases it is another for.

    Open cases, with `reviewed` those that were reviewed too. A part of them at a time while the
    register serves; broken off and called again, it does what is left.
    """
    done, last = 0, FIRST
    while True:
        count, last = register.do(DERIVER, _derive_part, last, reviewed)
        done += count
        progress(done)
        if last == FIRST:
            return done


def _derive_part(work: Work, last: UUID, reviewed: bool) -> tuple[int, UUID]:
    """Derive the next cases. Returns how many changed, and after which case to go on."""
    states = ("open", "reviewed") if reviewed else ("open",)
    query = select(Death).where(col(Death.status).in_(states), col(Death.id) > last)
    query = query.order_by(col(Death.id)).limit(PART).with_for_update(key_share=True)
    cases = work.session.exec(query).all()
    lookup_on = cache(lambda day: deprivation_on(work.session, day))
    count = 0
    for death in cases:
        try:
            identity = work.open_within(death, IDENTITY)
        except Erased:
            continue
        lookup = lookup_on(identity.died_on or work.today)
        rules, _, before = death.derived_by.partition(" ")
        now = f"{lookup.id}-{lookup.edition}"
        if now == before:
            continue
        death.deprivation = derive.deprivation_quintile(identity.postcode, lookup.sectors)
        death.derived_by = f"{rules} {now}"
        work.audit(DERIVE, ("deaths", death.id), death.organisation_id, before=before, now=now)
        count += 1
    return count, cases[-1].id if len(cases) == PART else FIRST
