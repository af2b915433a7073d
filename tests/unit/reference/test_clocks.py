"""When time runs out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.reference import clock, clocks, due
from cdop.reference.clocks import add_months, add_working_days, is_working_day
from cdop.reference.loading import Unknown

IN_2013 = date(2013, 6, 1)
IN_2020 = date(2020, 6, 1)


def test_notification_is_due_in_24_hours_by_the_old_local_rule_and_48_now() -> None:
    died = datetime(2020, 6, 1, 22, 30, tzinfo=UTC)
    assert clock("notify", IN_2013).standing == "local"
    assert due(clock("notify", IN_2013), died) == died + timedelta(hours=24)
    assert due(clock("notify", IN_2020), died) == died + timedelta(hours=48)


def test_hours_are_real_hours_when_the_clocks_go_forward() -> None:
    before = datetime(2020, 3, 28, 12, tzinfo=UTC)
    assert due(clock("notify", IN_2020), before) == datetime(2020, 3, 30, 12, tzinfo=UTC)


def test_hours_from_a_day_without_a_time_run_to_the_day_they_end_on() -> None:
    assert due(clock("notify", IN_2020), date(2020, 6, 1)) == date(2020, 6, 3)
    assert due(clock("notify", IN_2013), date(2013, 6, 1)) == date(2013, 6, 2)


def test_a_day_is_that_of_england_in_summer() -> None:
    late = datetime(2020, 6, 1, 23, 30, tzinfo=UTC)
    assert due(clock("registrar", IN_2020), late) == date(2020, 6, 9)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due(clock("registrar", IN_2020), datetime(2020, 6, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "amount", "last"),
    [
        (date(2020, 12, 24), 5, date(2021, 1, 5)),  # Boxing Day kept on the 28th
        (date(2013, 3, 28), 5, date(2013, 4, 8)),  # Good Friday and Easter Monday
        (date(2022, 9, 16), 1, date(2022, 9, 20)),  # the state funeral
        (date(2020, 5, 4), 5, date(2020, 5, 12)),  # the May holiday moved to Friday the 8th
        (date(2021, 6, 5), 1, date(2021, 6, 7)),  # a start on Saturday
    ],
)
def test_working_days_skip_weekends_and_the_bank_holidays_of_england(
    start: date, amount: int, last: date
) -> None:
    assert add_working_days(start, amount) == last


def test_a_rapid_review_has_fifteen_working_days_and_a_notification_five() -> None:
    assert due(clock("serious-incident", IN_2020), date(2020, 6, 1)) == date(2020, 6, 8)
    assert due(clock("rapid-review", IN_2020), date(2020, 6, 8)) == date(2020, 6, 29)


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2020, 8, 31), 6, date(2021, 2, 28)),
        (date(2019, 8, 31), 6, date(2020, 2, 29)),
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
        (date(2013, 12, 5), 12, date(2014, 12, 5)),
        (date(2020, 9, 30), 3, date(2020, 12, 30)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_of_a_shorter_month(
    start: date, months: int, last: date
) -> None:
    assert add_months(start, months) == last


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.integers(1, 40))
def test_the_last_working_day_is_one_and_so_many_lie_between(start: date, amount: int) -> None:
    last = add_working_days(start, amount)
    passed = (start + timedelta(days=n) for n in range(1, (last - start).days + 1))
    assert is_working_day(last)
    assert sum(map(is_working_day, passed)) == amount


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.integers(0, 36))
def test_months_move_the_month_by_exactly_so_many(start: date, months: int) -> None:
    later = add_months(start, months)
    assert (later.year - start.year) * 12 + later.month - start.month == months
    assert later.day <= start.day


def test_a_death_in_the_third_era_starts_the_clocks_of_national_guidance() -> None:
    found = {each.code for each in clocks(IN_2020, starts="death", applies_to="every-death")}
    assert found == {
        "notify",
        "inform-services",
        "cdrm",
        "panel-review-aim",
        "panel-review-measure",
    }
    assert due(clock("cdrm", IN_2020), date(2020, 6, 30)) == date(2020, 9, 30)


def test_a_death_of_2013_knows_no_child_death_review_meeting() -> None:
    assert [each.code for each in clocks(IN_2013, starts="death")] == [
        "notify",
        "final-case-discussion",
    ]
    with pytest.raises(Unknown):
        clock("cdrm", IN_2013)


def test_each_kind_of_review_finds_its_own_clocks() -> None:
    assert {each.code for each in clocks(IN_2013, applies_to="dhr")} == {
        "dhr-decision",
        "dhr-overview",
    }
    assert {each.code for each in clocks(IN_2013, applies_to="scr")} == {
        "scr-decision",
        "scr-decision-told",
        "scr-completion",
    }
    assert clocks(IN_2013, applies_to="sar") == ()
