"""Making the index tokens of cases anew, for `cdop.security.index_rotation`."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from cdop.deaths.models import Death
from cdop.deaths.service import finding
from cdop.errors import Erased
from cdop.security.work import Work


def make_tokens(work: Work, death_ids: Sequence[UUID], version: int) -> int:
    """Write the tokens of cases with one index root. Returns of how many.

    A case that somebody else is changing is passed over; so is one that was erased meanwhile.
    """
    query = select(Death).where(col(Death.id).in_(death_ids))
    done = 0
    for death in work.session.exec(query.with_for_update(key_share=True, skip_locked=True)).all():
        try:
            finding.index_with(work, death, version)
        except Erased:
            continue
        done += 1
    return done
