"""What the search page shows."""

from dataclasses import dataclass

from cdop.deaths.search import Answer, Found
from cdop.web.deaths.pages import STATUS
from cdop.web.forms import Bound
from cdop.web.search.forms import SearchForm
from cdop.web.templating import day


@dataclass(frozen=True)
class Row:
    """A case that answers the search."""

    href: str
    reference: str
    status: tuple[str, str]
    name: str
    born: str
    died: str
    why: str


@dataclass(frozen=True)
class SearchPage:
    """The box; `rows` is None until something was searched for. `said` is how it went."""

    form: Bound[SearchForm]
    rows: list[Row] | None = None
    said: str = ""


def answered(form: Bound[SearchForm], answer: Answer) -> SearchPage:
    """Return the page with what was found."""
    rows = [_row(each) for each in answer.found]
    return SearchPage(form, rows, " ".join(each for each in (answer.fault, _said(answer)) if each))


def _said(answer: Answer) -> str:
    shown = len(answer.found)
    if answer.total > shown:
        return (
            f"{answer.total} cases answer. The {shown} likeliest are shown: add a date or a name."
        )
    if not shown:
        return "No case that you may see answers this."
    return "1 case answers." if shown == 1 else f"{shown} cases answer, the likeliest first."


def _row(found: Found) -> Row:
    return Row(
        href=f"/deaths/{found.id}",
        reference=found.reference,
        status=STATUS[found.status],
        name=found.name or "Not named",
        born=day(found.born_on) if found.born_on else "",
        died=day(found.died_on) if found.died_on else "",
        why=", ".join(found.reasons),
    )
