"""Numbers over the years as pictures, each with its table: exact, or as they were released."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from cdop.errors import NotFound
from cdop.organisations import queries as organisations
from cdop.security.work import Work
from cdop.statistics import counting, over_years, whose
from cdop.statistics.counting import INTERNAL
from cdop.statistics.over_years import Series
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.statistics.figures import Bars, key_to
from cdop.web.templating import render

router = APIRouter()
_DRAWN = "One bar for each year, as long as its number. A year without a number has no bar."


@dataclass(frozen=True)
class DashboardPage:
    """A panel's numbers. `warning` stands over exact ones; `panels` are those to choose from.

    `key` has the symbols that stand in them, with their meaning.
    """

    name: str
    slug: str
    warning: str
    panels: list[tuple[str, str]]
    charts: list[Bars]
    key: list[tuple[str, str]]


@router.get("/statistics/dashboard", dependencies=[requires(over_years.READ)])
def dashboard(
    request: Request, register: CurrentRegister, actor: CurrentActor, cdop: str | None = None
) -> Response:
    """Show the numbers of a panel over the years; reading them is audited."""
    page = register.do(actor, _page, cdop)
    return render(request, "statistics/dashboard.html", page)


def _page(work: Work, slug: str | None) -> DashboardPage:
    panels = whose.reached(work, over_years.READ, whose.PANELS)
    names = organisations.names_on(work.session, [p.id for p in panels], work.today)
    chosen = next((p for p in panels if slug in (None, p.slug)), None)
    if chosen is None:
        raise NotFound
    exact = work.actor.may(counting.READ, chosen.id)
    found = (over_years.exact_years if exact else over_years.released_years)(work, chosen.slug)
    return DashboardPage(
        name=names[chosen.id],
        slug=chosen.slug,
        warning=INTERNAL if exact else "",
        panels=[(panel.slug, names[panel.id]) for panel in panels],
        charts=[_bars(each) for each in found],
        key=key_to(point.shown for each in found for point in each.points),
    )


def _bars(series: Series) -> Bars:
    rows = [(point.year, point.value, point.shown) for point in series.points]
    return Bars(series.code, series.title, _DRAWN, ("Year", series.unit), rows)
