"""Steps of a journey: the group recommends, the partners decide, a review is held."""

from datetime import date

from playwright.sync_api import Page, expect

from tests.browser import assert_accessible
from tests.journeys.conftest import Town
from tests.journeys.forms import choose, day, follow, heading, press, problems
from tests.journeys.reviewing import CONCERN

KIND = "Local child safeguarding practice review"
PARTNERS = ("partner-local-authority", "partner-health", "partner-police")


def when_the_group_recommends(town: Town) -> None:
    """The member reads the concern; kind and method are two answers."""
    page = town.starts("jcr-member")
    follow(page, "Recommend on a referral")
    heading(page, "JCR-2026-0001")
    expect(page.get_by_text(CONCERN)).to_be_visible()
    expect(page.get_by_role("button", name="Decide", exact=True)).to_have_count(0)
    press(page, "Record the recommendation")
    problems(page)
    assert_accessible(page)
    choose(page, "What does the group recommend?", KIND)
    page.get_by_label("Method").select_option("silp")
    page.get_by_label("Reasons").fill("Two agencies knew, and neither told the other.")
    press(page, "Record the recommendation")
    expect(page.get_by_role("heading", name="Recommendation", exact=True)).to_be_visible()


def then_each_partner_assents(town: Town) -> None:
    """Today the safeguarding partners decide together: the last to assent makes it a decision."""
    for number, partner in enumerate(PARTNERS):
        page = town.starts(partner)
        follow(page, "Decide on a referral")
        if number < 2:  # to decide, and to assent
            assert_accessible(page)
        press(page, "Assent" if number else "Decide")
        last = number == len(PARTNERS) - 1
        expected = "Decision" if last else "Proposed decision"
        expect(page.get_by_role("heading", name=expected, exact=True).first).to_be_visible()


def when_a_review_is_held(town: Town, on: date) -> None:
    """The administrator records its start and its completion."""
    page = town.starts("jcr-administrator")
    follow(page, "Start the review")
    _step(page, "When did the review start?", on, "Start the review")
    expect(page.get_by_role("group", name="When was the review completed?")).to_be_visible()
    assert_accessible(page)
    _step(page, "When was the review completed?", on, "Complete the review")
    expect(page.get_by_role("heading", name="Complete: ")).to_have_count(0)
    assert_accessible(page)


def _step(page: Page, legend: str, on: date, button: str) -> None:
    day(page, legend, on)
    press(page, button)
