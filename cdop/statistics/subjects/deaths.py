"""Deaths of a panel: died, notified and reviewed in some years, and where one may stand in two."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from cdop.errors import Refused
from cdop.statistics.disclosure.system import Counts, Mask
from cdop.statistics.subjects.values import Membership, Subject, Words

POPULATIONS = ("died", "notified", "reviewed")
_NOWHERE: Membership = (0, 0, 0, 0)


def _memberships_in(records: pd.DataFrame) -> list[Membership]:
    died, notified, reviewed = (records[p].to_numpy(dtype=bool) for p in POPULATIONS)
    same = died & reviewed & (records.died_year == records.reviewed_year).to_numpy(dtype=bool)
    columns = [part.astype(int).tolist() for part in (died, notified, reviewed, same)]
    return list(zip(*columns, strict=True))


def _possible(years: Sequence[Sequence[str]]) -> Iterable[tuple[Membership, ...]]:
    choices = [_of_one(each) for each in years]
    for first in choices[0]:
        rest = [
            [m for m in of_one if _fits(years[0], first, earlier, m)]
            for earlier, of_one in zip(years[1:], choices[1:], strict=True)
        ]
        for others in product(*rest):
            if any(m != _NOWHERE for m in (first, *others)):
                yield (first, *others)


def _of_one(years: Sequence[str]) -> list[Membership]:
    """Return in which populations of a release a record may be, none included."""
    found = [_NOWHERE]
    for died, notified, reviewed, same in product((0, 1), repeat=4):
        both = died and reviewed
        if not (died or notified or reviewed) or same > both or (both and not notified):
            continue
        if same == both or len(years) > 1:
            found.append((died, notified, reviewed, same))
    return found


def _fits(now: Sequence[str], here: Membership, then: Sequence[str], there: Membership) -> bool:
    """Tell whether a record that did not change may be in these populations of two releases."""
    ours, theirs = set(now), set(then)
    if there == _NOWHERE:
        return True  # it came later, or is of other years
    if here == _NOWHERE:
        return not theirs <= ours
    down = theirs <= ours and any(a < b for a, b in zip(here, there, strict=True))
    up = ours <= theirs and any(b < a for a, b in zip(here, there, strict=True))
    return not down and not up


def _twice(member: Counts) -> Mask:
    """Tell who died in the years of a release and was notified in others, or the other way."""
    return np.asarray((member[:, :, 0] != member[:, :, 1]).any(axis=1))


def _check(records: pd.DataFrame) -> None:
    reviewed = records.reviewed_year.fillna("9999")
    in_order = (records.died_year <= records.notified_year) & (records.notified_year <= reviewed)
    if not in_order.all():
        raise Refused(
            "A death of this year is recorded as notified before it happened, or reviewed before "
            "it was notified. Correct the case, then build the release."
        )


DEATHS = Subject(
    code="deaths",
    words=Words(
        several="deaths",
        overlap="a death may be of one year, notified in the next and reviewed in a third",
        years="a death may be of one year, notified in the next, reviewed in a third",
    ),
    populations=POPULATIONS,
    facts=("same",),  # reviewed in its year of death
    following={
        "year_of_death": ("this-year", "earlier"),
        "review_state": ("reviewed", "not-reviewed"),
    },
    readable=frozenset(
        {
            "age_band",
            "sex",
            "ethnic_group",
            "category",
            "modifiable",
            "deprivation",
            "expected",
            "place_of_death",
            "months_to_review",
            "event",
            "social_care",
            "statutory_order",
            "asylum_seeker",
            "case_review",
            "agency_response",
            "factors",
            "year_of_death",
            "review_state",
        }
    ),
    linked=False,
    memberships_in=_memberships_in,
    possible=_possible,
    twice=_twice,
    check=_check,
)
