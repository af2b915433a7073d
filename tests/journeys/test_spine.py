"""From a notified death to a published table, in a real browser, each step in its own role.

Every page on the way is checked with axe at 1280 and 320 pixels; `visit` fails the journey when a
page writes an error to the console or asks for anything off loopback.
"""

from datetime import date

import pytest

from cdop.clock import FixedClock
from tests.journeys import case_reviewing, notifying, releasing, reviewing
from tests.journeys.conftest import Town
from tests.journeys.notifying import Told
from tests.leaks import assert_no_leak

TODAY = date(2026, 11, 20)


def test_from_a_notified_death_to_a_published_table(
    town: Town,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Steps 1 to 7 in the right roles; afterwards nothing of any child stands anywhere in clear."""
    child = Told()
    releasing.given_other_deaths_of_the_year(town)

    page = notifying.when_the_coordinator_notifies_with_mistakes(town, child)
    reference = notifying.when_the_mistakes_are_corrected(page, child)
    notifying.then_the_case_shows_its_due_dates_with_standing_and_source(page)
    notifying.when_somebody_else_notifies_the_same_child(town, child)
    page = notifying.then_both_notifications_stand_behind_one_case(town, reference)
    notifying.when_the_coordinator_writes_the_summary(page, child, town.script)

    page = reviewing.when_the_coordinator_arranges_a_meeting(town, TODAY)
    reviewing.when_the_case_goes_on_its_agenda(page, reference)
    page = reviewing.then_a_panel_member_sees_the_anonymised_case_only(town, reference, child)
    reviewing.when_the_panel_classifies(page)
    page = reviewing.when_the_chair_signs_it_off(town)
    reviewing.when_the_chair_refers_a_concern(page)

    case_reviewing.when_the_group_recommends(town)
    case_reviewing.then_each_partner_assents(town)
    case_reviewing.when_a_review_is_held(town, TODAY)

    releasing.when_the_year_has_ended(clock, town)
    page = releasing.when_the_analyst_opens_the_year(town)
    releasing.then_a_release_is_drafted_and_built(page)
    releasing.then_a_second_person_approves_it(page, town)
    package = releasing.then_its_package_holds_protected_tables(page)

    written = capfd.readouterr()
    texts = [caplog.text, written.out, written.err, "\n".join(town.asked)]
    canaries = [child.canary(), *releasing.canaries()]
    assert_no_leak([town.folder, package, *filter(None, texts)], canaries)


@pytest.mark.parametrize("town", [False], indirect=True)
def test_the_first_steps_need_no_javascript(town: Town) -> None:
    """The same forms serve a browser that runs no script: notify, join, read, summarise."""
    child = Told()
    page = notifying.when_the_coordinator_notifies_with_mistakes(town, child)
    reference = notifying.when_the_mistakes_are_corrected(page, child)
    notifying.then_the_case_shows_its_due_dates_with_standing_and_source(page)
    notifying.when_somebody_else_notifies_the_same_child(town, child)
    page = notifying.then_both_notifications_stand_behind_one_case(town, reference)
    notifying.when_the_coordinator_writes_the_summary(page, child, town.script)
