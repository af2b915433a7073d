"""Steps of a journey: a death is notified, notified again, and summarised for the panel."""

from dataclasses import dataclass
from datetime import date

from playwright.sync_api import Page, Response, expect

from cdop.reference import nhs_numbers
from tests.browser import assert_accessible
from tests.journeys.conftest import Town
from tests.journeys.forms import choose, day, follow, heading, press, problems
from tests.leaks import Canary

SUMMARY = "An infant of eight months was found unresponsive in an adult bed in the autumn."


@dataclass(frozen=True)
class Told:
    """An invented child as a notifier tells of it. Nothing of it may stand anywhere unsealed."""

    given: str = "Zephyrine"
    family: str = "Quillonby"
    number: str = nhs_numbers.invented(70_001)
    born_on: date = date(2026, 2, 27)
    died_on: date = date(2026, 11, 13)
    postcode: str = "ZZ1 9XQ"
    address: str = "7 Wrenmarsh Fold"
    narrative: str = "Zephyrine was found at dawn beside a marmalade lantern."

    def secrets(self) -> tuple[str, ...]:
        """Return the words that the panel must not see."""
        return (self.given, self.family, self.number, self.postcode, "Wrenmarsh", "marmalade")

    def canary(self) -> Canary:
        """Return what a search looks for."""
        words = (self.given, self.family, "Wrenmarsh", "marmalade lantern")
        days = (self.born_on, self.died_on)
        return Canary(words, (self.number,), (self.postcode,), days)


def fill_notification(page: Page, child: Told) -> None:
    """Type everything that is known into the notification."""
    page.get_by_label("Given names").fill(child.given)
    page.get_by_label("Family name").fill(child.family)
    page.get_by_label("NHS number", exact=True).fill(child.number)
    day(page, "Date of birth", child.born_on)
    choose(page, "Sex", "Female")
    page.get_by_label("Ethnicity").select_option("A")
    page.get_by_label("Address").fill(child.address)
    page.get_by_label("Postcode").fill(child.postcode)
    page.get_by_label("Local authority area of residence").select_option(label="Herefordshire")
    day(page, "Date of death", child.died_on)
    choose(page, "Was the death expected?", "Unexpected")
    kind = "Kind of place where the child is believed to have died"
    page.get_by_label(kind).select_option("home")
    page.get_by_label("Local authority area of that place").select_option(label="Herefordshire")
    page.get_by_label("Circumstances of the death").fill(child.narrative)
    notifier = page.get_by_role("group", name="Who notifies")
    notifier.get_by_label("Name", exact=True).fill("Dr Invented")
    notifier.get_by_label("Role").fill("Consultant")
    notifier.get_by_label("Agency").select_option(index=1)


def when_the_coordinator_notifies_with_mistakes(town: Town, child: Told) -> Page:
    """The form comes back with each mistake named, and nothing that was typed is lost."""
    page = town.starts("coordinator")
    heading(page, "Your work")
    assert_accessible(page) if town.script else None
    follow(page, "Notify a death")
    heading(page, "Notify the death of a child")
    fill_notification(page, child)
    page.get_by_label("NHS number", exact=True).fill("999 123 4567")
    day(page, "Date of death", date(2026, 1, 2))
    notifier = page.get_by_role("group", name="Who notifies").get_by_label("Name", exact=True)
    notifier.fill("")
    with page.expect_response(_answers_the_form) as answered:
        press(page, "Notify")
    assert answered.value.status == 422
    summary = problems(page)
    for sentence in ("not a valid NHS number", "before the date of birth", "who notified"):
        expect(summary).to_contain_text(sentence)
    if town.script:
        expect(summary).to_be_focused()
        assert_accessible(page)
    expect(page.get_by_label("Given names")).to_have_value(child.given)
    expect(page.get_by_label("Circumstances of the death")).to_have_value(child.narrative)
    expect(page.get_by_role("group", name="Sex").get_by_label("Female")).to_be_checked()
    return page


def _answers_the_form(answer: Response) -> bool:
    """Tell the answer to the form from that to the search for likely duplicates beside it."""
    return answer.request.method == "POST" and answer.url.endswith("/deaths/notify")


def when_the_mistakes_are_corrected(page: Page, child: Told) -> str:
    """The case is kept under a reference, which is returned."""
    notifier = page.get_by_role("group", name="Who notifies").get_by_label("Name", exact=True)
    notifier.fill("Dr Invented")
    page.get_by_label("NHS number", exact=True).fill(child.number)
    day(page, "Date of death", child.died_on)
    press(page, "Notify")
    heading(page, "CD-2026-")
    expect(page.get_by_text("Notification received")).to_be_visible()
    found = page.get_by_role("heading", level=1).inner_text()
    return next(word for word in found.split() if word.startswith("CD-2026-"))


def then_the_case_shows_its_due_dates_with_standing_and_source(page: Page) -> None:
    """Each due date says how binding it is, and by what source."""
    due = page.get_by_role("table", name="Due dates of this case")
    expect(due.get_by_text("Expected", exact=True).first).to_be_visible()
    expect(due).to_contain_text("City and Hackney child death review arrangements")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.get_by_role("heading", name="Outstanding")).to_be_visible()


def when_somebody_else_notifies_the_same_child(town: Town, child: Told) -> None:
    """A notifier gets a receipt and learns nothing of a case."""
    page = town.starts("notifier")
    follow(page, "Notify a death")
    fill_notification(page, child)
    spaced = f"{child.number[:3]} {child.number[3:6]} {child.number[6:]}"
    page.get_by_label("NHS number", exact=True).fill(spaced)
    press(page, "Notify")
    heading(page, "Notification received")
    expect(page.locator("main")).not_to_contain_text("CD-2026")
    if town.script:
        assert_accessible(page)


def then_both_notifications_stand_behind_one_case(town: Town, reference: str) -> Page:
    """The coordinator finds one case, with two notifications to read."""
    page = town["coordinator"]
    follow(page, "Cases")
    expect(page.get_by_role("link", name=reference)).to_have_count(1)
    if town.script:
        assert_accessible(page)
    follow(page, reference)
    follow(page, "Read the notifications (2)")
    expect(page.get_by_text("marmalade lantern")).to_have_count(2)
    if town.script:
        assert_accessible(page)
    page.go_back()
    return page


def when_the_coordinator_writes_the_summary(page: Page, child: Told, script: bool) -> None:
    """A summary that names the child is refused; one that does not is kept."""
    follow(page, "Write the anonymised summary")
    page.get_by_label("Summary for the panel").fill(f"{child.given} was found unresponsive.")
    press(page, "Keep the summary")
    problems(page)
    if script:
        assert_accessible(page)
    page.get_by_label("Summary for the panel").fill(SUMMARY)
    press(page, "Keep the summary")
    expect(page.get_by_text(SUMMARY)).to_be_visible()
