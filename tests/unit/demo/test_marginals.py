"""Invented cases are spread like the published national figures, and are drawn alike every time."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from cdop.demo.cases import Case
from cdop.demo.marginals import draw
from cdop.reference import derive

DIED = date(2024, 2, 29)


def drawn(count: int, seed: int = 1) -> list[Case]:
    rng = random.Random(seed)
    return [draw(rng, "scale-cdop", n, DIED, DIED + timedelta(days=1)) for n in range(count)]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return drawn(20_000)


def share(cases: list[Case], **wanted: str) -> float:
    hits = sum(all(getattr(case, k) == v for k, v in wanted.items()) for case in cases)
    return hits / len(cases)


def test_about_61_per_cent_are_infants(cases):
    infants = sum(derive.is_infant(case.born_on, case.died_on) for case in cases)
    assert 0.59 < infants / len(cases) < 0.63


def test_category_8_is_the_largest(cases):
    assert Counter(case.category for case in cases).most_common(1)[0][0] == "8"


def test_between_43_and_48_per_cent_have_modifiable_factors(cases):
    assert 0.43 < share(cases, modifiable="yes") < 0.48


def test_the_most_deprived_fifth_has_about_two_and_a_half_times_the_least(cases):
    assert 2.3 < share(cases, quintile="1") / share(cases, quintile="5") < 2.7


def test_every_child_is_in_scope(cases):
    assert all(derive.is_in_scope(case.born_on, case.died_on) for case in cases)


def test_every_band_of_age_occurs(cases):
    bands = {derive.age_band(case.born_on, case.died_on) for case in cases}
    assert bands == set(derive.AGE_BANDS)


def test_the_same_seed_draws_the_same_cases():
    assert drawn(50) == drawn(50)
    assert drawn(50) != drawn(50, seed=2)


def test_two_children_hardly_ever_share_a_name(cases):
    """Names alike would be offered to the coordinator as duplicates."""
    assert len({case.names for case in cases}) > 0.99 * len(cases)
