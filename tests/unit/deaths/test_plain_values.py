"""What stands in clear about a death leaves its exact days open, alone and together."""

from collections import defaultdict
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdop.deaths.anonymity import tells_identity
from cdop.deaths.documents import Identity
from cdop.deaths.service import clocks
from cdop.deaths.service.deriving import plain_values
from cdop.reference import derive
from tests.factories import child

FIRST, LAST = date(2006, 4, 3), date(2031, 3, 30)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
BORN = st.dates(date(2000, 1, 1), date(2025, 12, 31))
LIVED = st.timedeltas(timedelta(0), timedelta(days=18 * 365))


def test_at_least_seven_days_of_death_leave_the_same_due_days_and_year() -> None:
    """Tasks hold due days in clear; with the year of death they tell a week, and no day of it."""
    alike: dict[tuple[object, ...], list[date]] = defaultdict(list)
    for day in DAYS:
        known = Identity(died_on=clocks.known_week(day))
        kept = (clocks.due_on(clock, known) for clock in clocks.running(day))
        alike[(derive.financial_year(day), *kept)].append(day)
    whole = [days for days in alike.values() if FIRST not in days and LAST not in days]
    assert {min(len(days), 7) for days in whole} == {7}


@settings(max_examples=100, deadline=None)
@given(st.dates(date(2010, 4, 1), date(2030, 12, 31)), st.none() | st.times())
def test_a_plain_due_day_is_never_later_than_the_real_one_and_seventeen_days_early_at_most(
    died_on: date, died_at: time | None
) -> None:
    known = Identity(died_on=clocks.known_week(died_on))
    for clock in clocks.running(died_on):
        real = clocks.due_on(clock, Identity(died_on=died_on, died_at=died_at))
        early = real - clocks.due_on(clock, known)
        assert timedelta(0) <= early <= timedelta(days=17), clock.code


def test_in_an_ordinary_week_the_real_due_day_lies_in_the_seven_days_shown() -> None:
    for died_on in (date(2026, 11, 2) + timedelta(days=n) for n in range(7)):
        known = Identity(died_on=clocks.known_week(died_on))
        for clock in clocks.running(died_on):
            first = clocks.due_on(clock, known)
            real = clocks.due_on(clock, Identity(died_on=died_on))
            assert first <= real <= first + timedelta(days=6)


@settings(max_examples=150, deadline=None)
@given(BORN, LIVED, st.integers(-400, 400))
def test_two_births_in_one_age_band_leave_identical_plain_values(
    born_on: date, lived: timedelta, shift: int
) -> None:
    died_on = max(born_on + lived, date(2006, 4, 1))
    other = born_on + timedelta(days=shift)
    one = child(born_on=born_on, died_on=died_on)
    two = child(born_on=other, died_on=died_on)
    if not (derive.is_in_scope(born_on, died_on) and derive.is_in_scope(other, died_on)):
        return
    if derive.age_band(born_on, died_on) == derive.age_band(other, died_on):
        assert plain_values(one) == plain_values(two)


@settings(max_examples=60, deadline=None)
@given(BORN, LIVED)
def test_many_births_share_every_set_of_plain_values(born_on: date, lived: timedelta) -> None:
    """The narrowest band has 28 possible days of birth, even for someone who knows the death's."""
    died_on = max(born_on + lived, date(2006, 4, 1))
    if not derive.is_in_scope(born_on, died_on):
        return
    known = plain_values(child(born_on=born_on, died_on=died_on))
    around = (born_on + timedelta(days=n) for n in range(-30, 31))
    possible = [day for day in around if derive.is_in_scope(day, died_on)]
    same = [d for d in possible if plain_values(child(born_on=d, died_on=died_on)) == known]
    assert len(same) >= 28


def test_no_plain_value_is_a_date_a_postcode_or_a_name() -> None:
    values = plain_values(child())
    assert set(values) == {
        *("sex", "ethnicity", "expected", "place_of_death", "residence_area_id", "death_area_id"),
        *("derived_by", "died_year", "age_band", "ethnic_group", "deprivation"),
    }
    told = " ".join(str(value) for value in values.values())
    assert not tells_identity(told, child().names, child().identity)


@pytest.mark.parametrize("postcode", ["ZZ1 1AA", "zz11aa", "ZZ1 1ZZ"])
def test_deprivation_tells_a_fifth_and_not_the_sector(postcode: str) -> None:
    of = child()
    moved = of.identity.model_copy(update={"postcode": postcode})
    values = plain_values(type(of)(**{**of.__dict__, "identity": moved}))
    assert values["deprivation"] in {"1", "2", "3", "4", "5", "not-known"}
