"""Releases of a group hide what each hides, years and editions together too."""

from collections.abc import Sequence

import pytest

from cdop.errors import Refused
from cdop.statistics.disclosure import profile
from cdop.statistics.protecting import Wish, protect_release
from tests.unit.statistics.group_attacker import Reader, Years, out
from tests.unit.statistics.group_years import (
    BEFORE,
    HEREFORDSHIRE,
    NEVER,
    YEAR,
    Course,
    counted_in,
    invented,
)

PARTNER = profile("partner-1to4")
LATE: Course = (YEAR, NEVER, "adults", "scr")


@pytest.mark.parametrize(
    ("courses", "years", "name"),
    [
        (HEREFORDSHIRE, ((BEFORE,), (YEAR,)), "partner-1to4"),
        (HEREFORDSHIRE, ((YEAR,), (BEFORE,)), "rounded-3"),
        (invented(30, 1), ((YEAR,), (BEFORE, YEAR)), "rounded-5"),
    ],
)
def test_years_of_a_group_together_hide_what_each_hides(
    courses: Sequence[Course], years: Sequence[Years], name: str
) -> None:
    chosen = profile(name)
    assert Reader(out([(each, courses) for each in years], chosen)).narrowest() >= chosen.width


REVIEWED = [
    *[(BEFORE, YEAR, "adults", "independent-multi-agency")] * 5,
    (BEFORE, NEVER, "adults", "criteria-not-met"),
    *[(BEFORE, NEVER, "children", "criteria-not-met")] * 9,
    *[(YEAR, NEVER, "children", "criteria-not-met")] * 7,
]
"""Five adults' reviews of the year follow the year before: of its six, one met no criteria."""


def test_years_that_are_safe_apart_need_not_be_so_together() -> None:
    """Why the years of a group are linked: the reviews of one tell of the referrals of another."""
    seen = [((BEFORE,), REVIEWED), ((YEAR,), REVIEWED)]
    apart = out(seen, PARTNER, linked=False)
    assert all(Reader([each]).narrowest() >= PARTNER.width for each in apart)
    assert Reader(apart).narrowest() < PARTNER.width
    assert Reader(out(seen, PARTNER)).narrowest() >= PARTNER.width


def test_a_referral_that_came_to_be_known_late_is_not_told_by_the_difference() -> None:
    """A new edition of a year with one more: alone it would print what differs by one."""
    seen = [((YEAR,), HEREFORDSHIRE), ((YEAR,), [*HEREFORDSHIRE, LATE])]
    assert Reader(out(seen, PARTNER, linked=False)).narrowest() < PARTNER.width
    assert Reader(out(seen, PARTNER)).narrowest() >= PARTNER.width


def test_a_review_that_ended_before_its_case_was_referred_is_no_release() -> None:
    counted = counted_in(YEAR, HEREFORDSHIRE)
    at = counted.records.index[counted.records.completed][0]
    counted.records.loc[at, "following"] = None
    with pytest.raises(Refused):
        protect_release(counted, PARTNER, Wish())
