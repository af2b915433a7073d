"""Filling in the register's forms as people do: by the words beside each field."""

from datetime import date

from playwright.sync_api import Locator, Page, expect


def day(page: Page | Locator, legend: str, on: date) -> None:
    """Type a day into the date of that legend."""
    group = page.get_by_role("group", name=legend, exact=True)
    for label, number in (("Day", on.day), ("Month", on.month), ("Year", on.year)):
        group.get_by_label(label).fill(str(number))


def choose(page: Page | Locator, legend: str, answer: str) -> None:
    """Choose one answer of the question of that legend."""
    page.get_by_role("group", name=legend, exact=True).get_by_label(answer, exact=True).check()


def press(page: Page, name: str) -> None:
    """Press a button."""
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    """Follow the first link of that name."""
    page.get_by_role("link", name=name, exact=True).first.click()


def heading(page: Page, text: str) -> None:
    """Wait for a page by its heading."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def problems(page: Page) -> Locator:
    """Return the summary of what is wrong with a form."""
    summary = page.locator(".nhsuk-error-summary")
    expect(summary).to_be_visible()
    return summary
