"""The table builder: a question answered on the page; from there its table may go to the desk."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import questions, releasing, whose
from cdop.statistics.asked import Asked
from cdop.statistics.counting import INTERNAL
from cdop.statistics.earlier import marks_of
from cdop.statistics.year_tables import MOST_POOLED, table_sets, year_days
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, Form, PostedForm, ask, bind, blank
from cdop.web.statistics.figures import Bars, Grid, Printed, bars, grid, key_to
from cdop.web.statistics.ledger_pages import address
from cdop.web.templating import render

router = APIRouter()
HERE = "/statistics/builder"


class Question(Form):
    """Whom to count, by what, of which years."""

    cdop: str = ask("the panel", missing="Choose a panel")
    year: str = ask("the year", missing="Type a year such as 2013-14", max_length=7)
    pooled: int = ask("how many years", 1, ge=1, le=MOST_POOLED)
    population: str = ask("whom to count", missing="Choose whom to count")
    by: str = ask("the column", missing="Choose a column", max_length=40)
    across: str = ask("the second column", "", max_length=40)


@dataclass(frozen=True)
class AnswerView:
    """An answer: a chart or a grid, exact or `released`; neither where it is not released.

    `release` leads to that release, for whoever may open it.

    `warning` stands over exact counts; `key` has the symbols that stand in it. `draft` is where a
    release of the table is drafted, if it may be; `not_yet` says why that has to wait.
    """

    title: str
    table: str
    warning: str
    released: bool
    release: str
    chart: Bars | None
    grid: Grid | None
    key: list[tuple[str, str]]
    draft: str
    not_yet: bool


@dataclass(frozen=True)
class BuilderPage:
    """The question's form, and what was answered. `above`: the page that it lies under."""

    form: Bound[Question]
    above: tuple[str, str]
    panels: list[tuple[str, str]]
    populations: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    answer: AnswerView | None = None


@router.get(HERE, dependencies=[requires(questions.READ)])
def question(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form."""
    with register.reading(actor) as work:
        page = _page(work, blank(Question, {"pooled": 1}))
    return render(request, "statistics/builder.html", page)


@router.post(HERE, dependencies=[requires(questions.READ)])
def answer(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Answer a question; audited with what was asked."""
    bound, found = bind(Question, posted), None
    if bound.model:
        q = bound.model
        asked = Asked(q.population, tuple(name for name in (q.by, q.across) if name))
        try:
            found = register.do(actor, questions.ask_table, q.cdop, q.year, q.pooled, asked)
        except Invalid as invalid:
            bound = bound.refused(invalid)
    with register.reading(actor) as work:
        page = _page(work, bound, found)
    return render(request, "statistics/builder.html", page, status=200 if found else 422)


def _page(work: Work, form: Bound[Question], found: questions.Answer | None = None) -> BuilderPage:
    panels = whose.reached(work, questions.READ, whose.PANELS)
    names = organisations.names_on(work.session, [p.id for p in panels], work.today)
    definitions = table_sets()[-1]
    exact = work.actor.may(whose.READ)
    return BuilderPage(
        form,
        ("Statistics", "/statistics") if exact else ("Numbers", "/statistics/dashboard"),
        [(panel.slug, names[panel.id]) for panel in panels],
        [(p.code, p.title) for p in definitions.populations],
        [(column.name, column.title) for column in definitions.columns],
        _answered(work, found) if found else None,
    )


def _answered(work: Work, found: questions.Answer) -> AnswerView:
    tables, pooled = found.tables, found.pooled
    years = f"{pooled} years to the end of {tables.year}" if pooled > 1 else tables.year
    marks = marks_of(work, found.release, found.cells) if found.release else {}
    text, crossed = Printed(found.cells, found.zero, marks), len(found.table.by) == 2
    may_build = work.actor.may(releasing.BUILD, found.cdop.id)
    may_read = work.actor.may(releasing.READ, found.cdop.id)
    ended = work.today > year_days(tables.year)[1]
    return AnswerView(
        title=f"{found.name}, {years}",
        table=found.table.title,
        warning=INTERNAL if found.exact else "",
        released=found.release is not None,
        release=address(found.release.id) if found.release and may_read else "",
        chart=None if crossed or not found.cells else bars(tables, found.table, text),
        grid=grid(tables, found.table, text) if crossed and found.cells else None,
        key=key_to(text.of(place) for place in found.cells if place[0] == found.table.code),
        draft=_drafting(found) if may_build and ended else "",
        not_yet=may_build and not ended,
    )


def _drafting(found: questions.Answer) -> str:
    """Return where a release of the table is drafted."""
    by, across = (*found.asked.by, "")[:2]
    wanted = {
        "cdop": found.cdop.slug,
        "year": found.tables.year,
        "years": found.pooled,
        "population": found.asked.population,
        "by": by,
        "across": across,
    }
    return f"/statistics/releases/new?{urlencode(wanted)}"
