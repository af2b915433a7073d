"""Steps of a journey: the panel meets, classifies and signs off, and refers what concerns it."""

from datetime import date

from playwright.sync_api import Page, expect

from tests.browser import assert_accessible
from tests.journeys.conftest import Town
from tests.journeys.forms import choose, day, follow, heading, press, problems
from tests.journeys.notifying import SUMMARY, Told

CONCERN = "Agencies did not tell each other about the cormorant ladder."


def when_the_coordinator_arranges_a_meeting(town: Town, on: date) -> Page:
    """A mistyped year is refused; the meeting is arranged."""
    page = town.starts("coordinator")
    follow(page, "Meetings")
    assert_accessible(page)
    follow(page, "Arrange a meeting")
    day(page, "Day of the meeting", on.replace(year=on.year + 50))
    page.get_by_label("Place (optional)").fill("Invented House")
    press(page, "Arrange the meeting")
    expect(problems(page)).to_contain_text("two years ahead")
    assert_accessible(page)
    expect(page.get_by_label("Place (optional)")).to_have_value("Invented House")
    day(page, "Day of the meeting", on)
    press(page, "Arrange the meeting")
    heading(page, f"{on.day} {on:%B %Y}")
    return page


def when_the_case_goes_on_its_agenda(page: Page, reference: str) -> None:
    """A case whose summary is written can be chosen."""
    offered = page.get_by_label("Add a case").locator("option", has_text=reference)
    value = offered.first.get_attribute("value")
    page.get_by_label("Add a case").select_option(value)
    press(page, "Add to the agenda")
    expect(page.get_by_role("table", name="Agenda")).to_contain_text(reference)
    assert_accessible(page)


def then_a_panel_member_sees_the_anonymised_case_only(
    town: Town, reference: str, child: Told
) -> Page:
    """The member reads the summary; nothing on the page or behind it names the child."""
    page = town.starts("panel-member")
    follow(page, "Classify with the panel")
    heading(page, reference)
    expect(page.get_by_text(SUMMARY)).to_be_visible()
    shown = page.content().casefold()
    for word in child.secrets():
        assert word.casefold() not in shown, f"the panel's page holds {word}"
    assert_accessible(page)
    identity = page.url.replace("/overview/", "/deaths/")
    page.goto(identity)
    heading(page, "Page not found")
    page.go_back()
    return page


def when_the_panel_classifies(page: Page) -> None:
    """Category, a factor in each domain, and whether there were modifiable factors."""
    follow(page, "Classify")
    assert_accessible(page)
    page.get_by_role("radio", name="10. Sudden unexpected").check()
    for line, domain in enumerate("ABD", start=1):
        factor = page.get_by_role("group", name=f"Factor {line}")
        factor.get_by_label("Factor", exact=True).select_option(f"{domain}/none")
        factor.get_by_label("Relevance").select_option("1")
    press(page, "Add another line")
    factor = page.get_by_role("group", name="Factor 4")
    factor.get_by_label("Factor", exact=True).select_option("C/unsafe-sleep")
    factor.get_by_label("Relevance").select_option("2")
    factor.get_by_label("Factor 4 is modifiable").check()
    page.get_by_role("group", name="Modifiable factors").get_by_label("Yes").check()
    page.get_by_label("Learning points").fill("Safer sleep is spoken of at every visit.")
    page.get_by_label("Recommendations").fill("Midwives ask where the child will sleep.")
    press(page, "Save and check the answers")
    expect(page.get_by_text("To settle before sign-off")).to_have_count(0)
    assert_accessible(page)


def when_the_chair_signs_it_off(town: Town) -> Page:
    """The review closes, under the form that was in force on the day of the meeting."""
    page = town.starts("panel-chair")
    follow(page, "Sign off the review")
    follow(page, "Check and sign off")
    expect(page.get_by_text("Analysis form").first).to_be_visible()
    assert_accessible(page)
    press(page, "Sign off the review")
    heading(page, "Signed off")
    return page


def when_the_chair_refers_a_concern(page: Page) -> None:
    """The group that serves the children's board receives it."""
    follow(page, "Refer a concern to the joint case review group")
    press(page, "Refer the concern")
    expect(problems(page)).to_contain_text("board")
    assert_accessible(page)
    board = "Herefordshire Safeguarding Children Board"
    choose(page, "Which board is it for?", board)
    page.get_by_label("What is the concern?").fill(CONCERN)
    press(page, "Refer the concern")
    heading(page, "CD-2026-")
