"""The table builder: a question asked of exact figures, answered on the page and nowhere else."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from cdop.errors import Invalid
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import counting, questions
from cdop.statistics.counting import INTERNAL
from cdop.statistics.definitions import MOST_POOLED, YearTables, table_sets
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.forms import Bound, Form, PostedForm, ask, bind, blank
from cdop.web.statistics.figures import Bars, Grid, bars, grid
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
class BuilderPage:
    """The question's form; with an answer its title, and a chart or a grid."""

    warning: str
    form: Bound[Question]
    panels: list[tuple[str, str]]
    populations: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    title: str = ""
    chart: Bars | None = None
    grid: Grid | None = None


@router.get(HERE, dependencies=[requires(counting.READ)])
def question(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """Show the form."""
    with register.reading(actor) as work:
        page = _page(work, blank(Question, {"pooled": 1}))
    return render(request, "statistics/builder.html", page)


@router.post(HERE, dependencies=[requires(counting.READ)])
def answer(
    request: Request, register: CurrentRegister, actor: CurrentActor, posted: PostedForm
) -> Response:
    """Answer a question; audited with what was asked."""
    bound, found = bind(Question, posted), None
    if bound.model:
        q = bound.model
        by = [name for name in (q.by, q.across) if name]
        try:
            found = register.do(
                actor, questions.ask_table, q.cdop, q.year, q.pooled, q.population, by
            )
        except Invalid as invalid:
            bound = bound.refused(invalid)
    with register.reading(actor) as work:
        page = _page(work, bound, found)
    return render(request, "statistics/builder.html", page, status=200 if found else 422)


def _page(work: Work, form: Bound[Question], found: questions.Answer | None = None) -> BuilderPage:
    panels = counting.cdops(work)
    names = organisations.names_on(work.session, [p.id for p in panels], work.today)
    definitions = table_sets()[-1]
    answered = _answered(found) if found else ("", None, None)
    return BuilderPage(
        INTERNAL,
        form,
        [(panel.slug, names[panel.id]) for panel in panels],
        [(p.code, p.title) for p in definitions.populations],
        [(column.name, column.title) for column in definitions.columns],
        *answered,
    )


def _answered(found: questions.Answer) -> tuple[str, Bars | None, Grid | None]:
    tables: YearTables = found.tables
    years = f"{found.pooled} years to the end of {tables.year}" if found.pooled > 1 else tables.year
    title = f"{found.name}, {years}"
    if len(found.table.by) == 1:
        return title, bars(tables, found.table, found.figures), None
    return title, None, grid(tables, found.table, found.figures)
