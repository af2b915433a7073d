"""Derived values: what leaves the sealed dates, and nothing more."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.reference import derive
from cdop.reference.deprivation import invented_sectors

births = st.dates(date(1990, 1, 1), date(2040, 12, 31))
leap_births = st.sampled_from([date(year, 2, 29) for year in range(1992, 2040, 4)])


@given(births | leap_births)
def test_the_day_before_the_eighteenth_birthday_is_in_scope_and_the_birthday_is_not(
    birth: date,
) -> None:
    eighteenth = derive.birthday(birth, 18)
    last = eighteenth - timedelta(days=1)
    assert derive.is_in_scope(birth, last)
    assert derive.age_band(birth, last) == "15-17-years"
    assert derive.age_in_years(birth, last) == 17
    assert not derive.is_in_scope(birth, eighteenth)
    with pytest.raises(ValueError, match="eighteenth"):
        derive.age_band(birth, eighteenth)


@given(births | leap_births, st.sampled_from([(1, 1), (5, 2), (10, 3), (15, 4)]))
def test_a_band_ends_the_day_before_the_birthday_that_begins_the_next(
    birth: date, step: tuple[int, int]
) -> None:
    years, place = step
    day = derive.birthday(birth, years)
    assert derive.age_band(birth, day - timedelta(days=1)) == derive.AGE_BANDS[place]
    assert derive.age_band(birth, day) == derive.AGE_BANDS[place + 1]


@given(births | leap_births)
def test_the_first_band_is_27_completed_days(birth: date) -> None:
    assert derive.age_band(birth, birth) == "0-27-days"
    assert derive.age_band(birth, birth + timedelta(days=27)) == "0-27-days"
    assert derive.age_band(birth, birth + timedelta(days=28)) == "28-364-days"


@given(births, st.integers(0, 6570))
def test_bands_never_go_back_as_a_child_grows(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    if derive.is_in_scope(birth, day + timedelta(days=1)):
        now, later = (derive.age_band(birth, day + timedelta(days=n)) for n in (0, 1))
        assert 0 <= derive.AGE_BANDS.index(later) - derive.AGE_BANDS.index(now) <= 1


def test_a_child_of_365_days_born_before_a_leap_day_is_still_under_one() -> None:
    assert derive.age_in_days(date(2019, 3, 1), date(2020, 2, 29)) == 365
    assert derive.age_band(date(2019, 3, 1), date(2020, 2, 29)) == "28-364-days"
    assert derive.age_band(date(2019, 3, 1), date(2020, 3, 1)) == "1-4-years"


def test_born_on_a_leap_day_the_birthday_is_1_march_in_a_common_year() -> None:
    assert derive.birthday(date(2000, 2, 29), 18) == date(2018, 3, 1)
    assert derive.birthday(date(2000, 2, 29), 4) == date(2004, 2, 29)
    assert derive.is_in_scope(date(2000, 2, 29), date(2018, 2, 28))
    assert not derive.is_in_scope(date(2000, 2, 29), date(2018, 3, 1))


def test_a_death_before_birth_is_refused() -> None:
    day = date(2013, 5, 2)
    for rule in (derive.age_in_days, derive.age_in_years, derive.age_band, derive.infant_stage):
        with pytest.raises(ValueError, match="before birth"):
            rule(day, day - timedelta(days=1))
    assert not derive.is_in_scope(day, day - timedelta(days=1))


@pytest.mark.parametrize(
    ("days", "stage", "neonatal", "infant"),
    [
        (0, "early-neonatal", True, True),
        (6, "early-neonatal", True, True),
        (7, "late-neonatal", True, True),
        (27, "late-neonatal", True, True),
        (28, "post-neonatal", False, True),
        (364, "post-neonatal", False, True),
        (365, "child", False, False),
    ],
)
def test_the_first_year_has_its_stages(days: int, stage: str, neonatal: bool, infant: bool) -> None:
    birth = date(2013, 1, 10)
    death = birth + timedelta(days=days)
    assert derive.infant_stage(birth, death) == stage
    assert derive.is_neonatal(birth, death) is neonatal
    assert derive.is_infant(birth, death) is infant


@pytest.mark.parametrize(
    ("weeks", "band"),
    [
        (None, "not-known"),
        (21, "under-22"),
        (22, "22-23"),
        (23, "22-23"),
        (24, "24-27"),
        (28, "28-31"),
        (32, "32-36"),
        (36, "32-36"),
        (37, "37-and-over"),
        (42, "37-and-over"),
    ],
)
def test_gestation_bands(weeks: int | None, band: str) -> None:
    assert derive.gestation_band(weeks) == band


def test_an_impossible_gestation_is_refused() -> None:
    for weeks in (9, 47):
        with pytest.raises(ValueError, match="Gestation"):
            derive.gestation_band(weeks)


@pytest.mark.parametrize(
    ("completed", "band"),
    [
        (date(2013, 6, 1), "under-6"),
        (date(2013, 11, 30), "under-6"),
        (date(2013, 12, 1), "6-7"),
        (date(2014, 2, 1), "8-9"),
        (date(2014, 5, 31), "10-11"),
        (date(2014, 6, 1), "12"),
        (date(2014, 6, 30), "12"),
        (date(2014, 7, 1), "over-12"),
    ],
)
def test_time_to_review_counts_completed_months(completed: date, band: str) -> None:
    assert derive.review_duration_band(date(2013, 6, 1), completed) == band


def test_twelve_months_end_on_the_anniversary() -> None:
    assert derive.reviewed_within_year(date(2013, 6, 1), date(2014, 6, 1))
    assert not derive.reviewed_within_year(date(2013, 6, 1), date(2014, 6, 2))


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2013, 4, 1), "2013-14"),
        (date(2014, 3, 31), "2013-14"),
        (date(2013, 3, 31), "2012-13"),
        (date(1999, 4, 1), "1999-00"),
        (date(2009, 12, 31), "2009-10"),
    ],
)
def test_a_financial_year_runs_from_april_to_march(day: date, year: str) -> None:
    assert derive.financial_year(day) == year


@given(births)
def test_every_day_lies_within_its_financial_year(day: date) -> None:
    first, last = derive.financial_year_days(derive.financial_year(day))
    assert first <= day <= last
    assert derive.financial_year(first - timedelta(days=1)) == derive.previous_financial_year(
        derive.financial_year(day)
    )


@pytest.mark.parametrize(
    "text", ["2013", "2013-15", "2013/14", "13-14", "2013-2014", "", "٢٠١٣-14"]
)
def test_a_year_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2013-14"):
        derive.financial_year_days(text)


def test_years_read_backwards_and_in_full() -> None:
    assert derive.previous_financial_year("2000-01") == "1999-00"
    assert derive.long_financial_year("2012-13") == "2012-2013"


@pytest.mark.parametrize(
    ("postcode", "quintile"),
    [
        ("ZZ1 1AA", "1"),
        ("zz59zz", "5"),
        (" ZZ3  4BB ", "3"),
        ("ZZ11 1AA", "not-known"),
        ("HR1 2AA", "not-known"),
        ("", "not-known"),
        ("ZZ1", "not-known"),
    ],
)
def test_deprivation_comes_from_the_sector_or_is_not_known(postcode: str, quintile: str) -> None:
    assert derive.deprivation_quintile(postcode, invented_sectors()) == quintile
