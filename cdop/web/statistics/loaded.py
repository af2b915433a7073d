"""The page of the figures that others publish, by which rates are worked out."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from cdop.reference_files import service
from cdop.reference_files.models import ReferenceFile
from cdop.security.work import Work
from cdop.statistics.counting import READ
from cdop.web.deps import CurrentActor, CurrentRegister, requires
from cdop.web.templating import day, render

router = APIRouter()
_KINDS = {
    "population": "Population under 18",
    "live-births": "Live births",
    "deprivation": "Deprivation of postcode sectors",
}


@dataclass(frozen=True)
class LoadedPage:
    """The loaded files, as rows of a table."""

    rows: list[list[str]]


@router.get("/statistics/denominators", dependencies=[requires(READ)])
def denominators(request: Request, register: CurrentRegister, actor: CurrentActor) -> Response:
    """List the loaded files: what, whose, and of which time."""
    with register.reading(actor) as work:
        page = _page(work)
    return render(request, "statistics/denominators.html", page)


def _page(work: Work) -> LoadedPage:
    return LoadedPage([_row(each) for each in service.listing(work.session)])


def _row(file: ReferenceFile) -> list[str]:
    return [
        f"{_KINDS[file.kind]}: {file.title}",
        file.edition,
        file.source,
        day(file.published_on),
        f"{file.row_count:,}",
    ]
