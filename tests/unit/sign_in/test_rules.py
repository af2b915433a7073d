"""Waits grow after failures, are bounded, and end; what is fresh goes stale."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.sign_in.limits import limits
from cdop.sign_in.rules import Wait, is_fresh, seconds_to_wait

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WAIT = Wait(free=3, first=2, longest=60, forgotten=timedelta(hours=1))
AGES = st.timedeltas(timedelta(0), timedelta(days=400))


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (2, 0), (3, 2), (4, 4), (5, 8), (7, 32), (8, 60), (50, 60), (10**9, 60)],
)
def test_each_failure_past_the_free_ones_doubles_the_wait_up_to_the_longest(failures, seconds):
    assert seconds_to_wait(WAIT, failures, NOW, NOW) == seconds


def test_a_wait_is_counted_from_the_last_failure_and_ends():
    left = [
        seconds_to_wait(WAIT, 5, NOW, NOW + timedelta(seconds=past)) for past in (0, 1, 7.5, 8, 9)
    ]
    assert left == [8, 7, 1, 0, 0]


@given(st.integers(0, 10**6), AGES)
def test_nobody_waits_longer_than_the_longest_nor_after_it(failures, age):
    seconds = seconds_to_wait(WAIT, failures, NOW - age, NOW)
    assert 0 <= seconds <= WAIT.longest
    if age.total_seconds() >= WAIT.longest:
        assert seconds == 0


@given(st.integers(0, 10**6), AGES)
def test_one_more_failure_never_shortens_a_wait(failures, age):
    waits = [seconds_to_wait(WAIT, n, NOW - age, NOW) for n in (failures, failures + 1)]
    assert waits == sorted(waits)


def test_an_old_failure_is_forgotten_even_when_its_wait_would_be_longer():
    long = Wait(1, 10_000, 10_000, timedelta(minutes=1))
    assert seconds_to_wait(long, 1, NOW, NOW + timedelta(seconds=59)) > 0
    assert seconds_to_wait(long, 1, NOW, NOW + timedelta(minutes=1)) == 0


def test_a_clock_that_went_back_makes_nobody_wait_longer():
    assert seconds_to_wait(WAIT, 9, NOW + timedelta(days=1), NOW) == WAIT.longest


@pytest.mark.parametrize(("minutes", "fresh"), [(0, True), (4.99, True), (5, False), (60, False)])
def test_a_confirmation_goes_stale(minutes, fresh):
    assert is_fresh(NOW - timedelta(minutes=minutes), NOW, timedelta(minutes=5)) is fresh


def test_what_never_was_is_not_fresh():
    assert not is_fresh(None, NOW, timedelta(days=999))


def test_a_known_browser_and_a_source_never_wait_long():
    """A colleague at their own browser is back within a minute, whatever a stranger does."""
    assert set(limits().waits) == {"account", "browser", "source"}
    assert limits().wait("browser").longest <= 60
    assert limits().wait("source").longest <= 60
    assert limits().wait("account").longest <= 15 * 60
