"""How the codes of case review read on its pages."""

from collections.abc import Sequence
from datetime import date

from cdop.organisations.models import BoardKind
from cdop.reference import NotInForce, Unknown, codelist

STATUS = {
    "received": ("Received", "blue"),
    "recommended": ("Recommended", "yellow"),
    "decided": ("Decided", "green"),
    "under-review": ("Under review", "orange"),
    "completed": ("Completed", "green"),
}
BOARDS = {
    BoardKind.CHILDREN: "Children",
    BoardKind.ADULTS: "Adults",
    BoardKind.COMMUNITY_SAFETY: "Community safety",
}

Choices = tuple[tuple[str, str], ...]


def label(list_id: str, code: str | None, day: date) -> str:
    """Return an answer in the words of its day; the bare code where a list never had it."""
    if not code:
        return ""
    try:
        return codelist(list_id, day).label(code)
    except (Unknown, NotInForce):
        return code


def review(kind: str, methodology: str | None, day: date) -> str:
    """Return a kind of review with its method in brackets."""
    words = label("review-kinds", kind, day)
    if not methodology:
        return words
    item = codelist("methodologies", day).item(methodology)
    return f"{words} ({item.short or item.label})"


def kinds(board_kind: str, days: Sequence[date]) -> Choices:
    """Return the kinds of review that a board could hold on any of these days."""
    found: dict[str, str] = {}
    for day in days:
        found |= dict(codelist("review-kinds", day).choices(board_kind))
    return tuple(found.items())


def methods(day: date) -> Choices:
    """Return the methods to choose from."""
    return codelist("methodologies", day).choices()
