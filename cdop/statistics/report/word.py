"""A report as a Word document: headings, tables and charts that people may go on editing."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

from docx import Document
from docx.document import Document as Made
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table

from cdop.statistics.drawing import Chart, png, svg
from cdop.statistics.report.values import Part, Report

_NEVER = datetime(1980, 1, 1)  # noqa: DTZ001 - Word keeps times without a zone
_WIDTH = Cm(16)


def docx(report: Report) -> bytes:
    """Return a report as .docx, the same bytes each time."""
    made = Document()
    made.styles["Normal"].font.name = "Arial"
    made.styles["Normal"].font.size = Pt(11)
    facts = made.core_properties
    facts.title, facts.author, facts.comments = f"{report.title}: {report.subtitle}", "", ""
    facts.language = "en-GB"
    facts.created = facts.modified = _NEVER
    made.add_heading(report.title, level=0)
    made.add_paragraph(report.subtitle)
    if report.marking:
        made.sections[0].header.paragraphs[0].text = report.marking
        made.add_paragraph().add_run(report.marking).bold = True
    for part in report.parts:
        _add(made, part)
    out = io.BytesIO()
    made.save(out)
    return _without_times(out.getvalue())


def _add(made: Made, part: Part) -> None:
    made.add_heading(part.title, level=1)
    for sentence in part.sentences:
        made.add_paragraph(sentence)
    for chart in part.charts:
        made.add_heading(chart.title, level=2)
        _draw(made, chart)
        _table(made, chart.head, chart.table)
    for grid in part.grids:
        made.add_heading(grid.title, level=2)
        _table(made, grid.head, grid.rows)


def _draw(made: Made, chart: Chart) -> None:
    picture = made.add_picture(io.BytesIO(png(svg(chart))), width=_WIDTH)
    # What a screen reader says of a picture.
    picture._inline.docPr.set("descr", f"{chart.title}. {chart.description}")


def _table(made: Made, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = made.add_table(rows=1, cols=len(head), style="Light Grid Accent 1")
    for cell, words in zip(table.rows[0].cells, head, strict=True):
        cell.text = words
    for row in rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    _repeat_head(table)
    made.add_paragraph()


def _repeat_head(table: Table) -> None:
    """Mark the first row as the head, which is repeated on each page and read out for each cell."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)


def _without_times(content: bytes) -> bytes:
    """Write the file's zip again without the times at which its parts were made."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as made,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept,
    ):
        for name in made.namelist():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(entry, made.read(name))
    return out.getvalue()
