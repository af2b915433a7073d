"""The internal annual report: as a page to print, as PDF, as a Word document."""

from fastapi import APIRouter, Response

from cdop.statistics.counting import INTERNAL, READ
from cdop.statistics.report.internal import internal_report
from cdop.statistics.report.printing import html, pdf
from cdop.statistics.report.word import docx
from cdop.web.assets import own_assets
from cdop.web.deps import CurrentActor, CurrentRegister, requires

router = APIRouter()
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@router.get("/statistics/report", dependencies=[requires(READ)])
def page(register: CurrentRegister, actor: CurrentActor, cdop: str, year: str) -> Response:
    """Show the report as a page to print; making it is audited."""
    report = register.do(actor, internal_report, cdop, year)
    content = html(report, own_assets().url("css/report.css"))
    return Response(content, media_type="text/html", headers={"X-Protective-Marking": INTERNAL})


@router.get(
    "/statistics/report.pdf", dependencies=[requires(READ, confirmed=True, page="/statistics")]
)
def printed(register: CurrentRegister, actor: CurrentActor, cdop: str, year: str) -> Response:
    """Send the report as PDF; where none can be made, say why and what can be printed."""
    report = register.do(actor, internal_report, cdop, year)
    return _file(pdf(report), "application/pdf", f"INTERNAL-{cdop}-{year}.pdf")


@router.get(
    "/statistics/report.docx", dependencies=[requires(READ, confirmed=True, page="/statistics")]
)
def written(register: CurrentRegister, actor: CurrentActor, cdop: str, year: str) -> Response:
    """Send the report as a Word document."""
    report = register.do(actor, internal_report, cdop, year)
    return _file(docx(report), _WORD, f"INTERNAL-{cdop}-{year}.docx")


def _file(content: bytes, media: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Protective-Marking": INTERNAL,
    }
    return Response(content, media_type=media, headers=headers)
