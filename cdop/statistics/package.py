"""A release as a file: data, workbook, charts and report, the same bytes whenever it is written.

Nothing here sees a hidden count. Rows stand in the order of the code lists, whatever the counts;
times and sizes tell nothing that the tables do not.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from cdop.errors import Misconfigured
from cdop.statistics import archive
from cdop.statistics.contents import Package
from cdop.statistics.describing import describe
from cdop.statistics.drawing import charts, png, svg
from cdop.statistics.explaining import disclosure, readme
from cdop.statistics.report.printing import html, pdf
from cdop.statistics.report.released import released_report
from cdop.statistics.report.values import Report
from cdop.statistics.report.word import docx
from cdop.statistics.tidy import csv_files
from cdop.statistics.workbook import workbook

SIGNS = "statistics:package"

__all__ = ["SIGNS", "Package", "package_name", "write_package"]


def package_name(slug: str, period: str, profile_id: str, asked: Iterable[str] = ()) -> str:
    """Return a package's file name; `asked` are the tables that are not the year's."""
    return "-".join([slug, period, *asked, profile_id]) + ".zip"


def write_package(package: Package, sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """Return the package as a zip file, its manifest signed by `sign`."""
    report = released_report(package)
    drawn = {chart.id: svg(chart) for chart in charts(package)}
    texts = {
        **csv_files(package),
        **{f"charts/{id}.svg": drawing for id, drawing in drawn.items()},
        "datapackage.json": _json(describe(package)),
        "disclosure.json": _json(disclosure(package)),
        "README.txt": readme(package),
        "report.html": html(report),
    }
    files = {name: text.encode() for name, text in texts.items()}
    files |= {f"charts/{id}.png": png(drawing) for id, drawing in drawn.items()}
    files |= {"tables.xlsx": workbook(package), "report.docx": docx(report), **_pdf(report)}
    return archive.pack(files, sign)


def _pdf(report: Report) -> dict[str, bytes]:
    """Return the report as PDF, or in its place a file that says why there is none."""
    try:
        return {"report.pdf": pdf(report)}
    except Misconfigured as reason:
        return {"report-pdf.txt": f"{reason}\n".encode()}


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
