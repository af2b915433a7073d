"""Exact reports in the browser, marked as internal, and their files."""

from fastapi import APIRouter, Request, Response

from cdop.statistics.outcomes import INTERNAL, READ, jcr_outcomes
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.reports.pages import outcomes_page
from cdop.web.templating import render

router = APIRouter()


@router.get("/reports/jcr-outcomes", dependencies=[requires(READ)])
def outcomes(
    request: Request,
    register: CurrentRegister,
    actor: CurrentActor,
    board: str | None = None,
    year: str | None = None,
) -> Response:
    """Show the outcomes of a year's referrals; reading them is audited."""
    with register.work(actor) as work:
        page = outcomes_page(work, board, year)
    return render(request, "reports/jcr_outcomes.html", page)


@router.get(
    "/reports/jcr-outcomes.csv",
    dependencies=[requires(READ, confirmed=True, page="/reports/jcr-outcomes")],
)
def outcomes_file(
    register: CurrentRegister, actor: CurrentActor, board: str, year: str
) -> Response:
    """Send the same table as a file, cell by cell as published; its name and a header say that
    it is internal.
    """
    table = register.do(actor, jcr_outcomes, board, year)
    headers = {
        "Content-Disposition": f'attachment; filename="{table.file_name}"',
        "Cache-Control": "no-store",
        "X-Protective-Marking": INTERNAL,
    }
    return Response(table.to_csv(), media_type="text/csv", headers=headers)
