"""Statistics in the browser: the years, and one exact year. Releases: `desk_routes`."""

from fastapi import APIRouter, Request, Response

from cdop.statistics import counting
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.statistics.pages import exact_page, index_page
from cdop.web.templating import render

router = APIRouter()


@router.get("/statistics", dependencies=[requires(counting.READ)])
def statistics(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    cdop: str | None = None,
    year: str | None = None,
    tables: str = "",
) -> Response:
    """List the years in scope; or show one, exact, which is audited."""
    if not cdop or not year:
        with register.reading(actor) as work:
            return render(request, "statistics/index.html", index_page(work))
    page = register.do(actor, exact_page, cdop, year, opened=tables == "open")
    return render(request, "statistics/exact.html", page)
