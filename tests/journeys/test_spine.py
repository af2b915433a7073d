"""From a notified death to a published table, in a real browser, each step in its own role."""

import pytest

from tests.journeys.conftest import Town
from tests.journeys.notifying import (
    Told,
    then_both_notifications_stand_behind_one_case,
    then_the_case_shows_its_due_dates_with_standing_and_source,
    when_somebody_else_notifies_the_same_child,
    when_the_coordinator_notifies_with_mistakes,
    when_the_coordinator_writes_the_summary,
    when_the_mistakes_are_corrected,
)

SCRIPT = pytest.mark.parametrize("town", [True, False], ids=["script", "no-script"], indirect=True)


@SCRIPT
def test_a_death_is_notified_once_and_told_twice(town: Town) -> None:
    """Steps 1 and 2: mistakes are named, a second notification joins, the case shows its days."""
    child = Told()
    page = when_the_coordinator_notifies_with_mistakes(town, child)
    reference = when_the_mistakes_are_corrected(page, child)
    then_the_case_shows_its_due_dates_with_standing_and_source(page)
    when_somebody_else_notifies_the_same_child(town, child)
    page = then_both_notifications_stand_behind_one_case(town, reference)
    when_the_coordinator_writes_the_summary(page, child, town.script)
