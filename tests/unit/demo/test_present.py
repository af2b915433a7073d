"""The present day of the demonstration has a meeting before it and one after it."""

from datetime import date, timedelta

import pytest

from cdop.demo.present import last_thursday, next_thursday

WEEK = [date(2026, 11, 16) + timedelta(days=n) for n in range(7)]


@pytest.mark.parametrize("today", WEEK)
def test_the_next_meeting_is_on_a_thursday_within_a_week(today):
    coming = next_thursday(today)
    assert coming.strftime("%A") == "Thursday"
    assert timedelta(0) < coming - today <= timedelta(days=7)


@pytest.mark.parametrize("today", WEEK)
def test_the_last_meeting_was_on_a_thursday_within_a_week(today):
    past = last_thursday(today)
    assert past.strftime("%A") == "Thursday"
    assert timedelta(0) < today - past <= timedelta(days=7)
