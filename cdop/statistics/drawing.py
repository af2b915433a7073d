"""Charts for files: SVG from our own macro, and PNG made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cdop.config import ROOT
from cdop.errors import Misconfigured
from cdop.statistics.contents import Package, said, shown
from cdop.statistics.definitions import TableDefinition

SCALE = 2.0
_DRAWN = "One bar for each row of the table, as long as its count."
_UNDRAWN = f"{_DRAWN} A confidential count is marked [c] and has no bar."
_PROBE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20">'
    '<text x="4" y="15" font-family="Arial, Helvetica, sans-serif">{}</text></svg>'
)


@dataclass(frozen=True)
class Chart:
    """A one-way table to draw. Rows: label, count or None, and what is shown."""

    id: str
    title: str
    description: str
    head: tuple[str, str]
    rows: Sequence[tuple[str, int | None, str]]

    @property
    def table(self) -> list[tuple[str, str]]:
        """Return the rows of the table that stands beside it."""
        return [(label, shown) for label, _, shown in self.rows]


def charts(package: Package) -> list[Chart]:
    """Return the one-way tables of a package, as they are shown."""
    return [_chart(package, t) for t in package.tables.tables if len(t.by) == 1]


def _chart(package: Package, table: TableDefinition) -> Chart:
    (name,) = table.by
    rows = []
    for code, label in package.tables.answers[name]:
        place = (table.code, (code,))
        rows.append((label, shown(package, place)[0], said(package, place)))
    how = _UNDRAWN if any(count is None for _, count, _ in rows) else _DRAWN
    return Chart(
        table.code, table.title, how, (package.tables.title(name), package.tables.unit(table)), rows
    )


def number(count: int | None) -> str:
    """Return a count in digits, nothing for one that is not shown."""
    return "" if count is None else f"{count:,}"


def svg(chart: Chart) -> str:
    """Return a chart as an SVG file."""
    macro = environment().get_template("statistics/package/drawing.svg").module.bars  # type: ignore[attr-defined]
    return f"{macro(chart)}\n"


@lru_cache(maxsize=64)  # the file and the Word document hold the same picture
def png(drawing: str) -> bytes:
    """Return an SVG as PNG. Raises Misconfigured where no font would draw its text."""
    import vl_convert  # takes a tenth of a second, which only files need

    check_fonts()
    return bytes(vl_convert.svg_to_png(drawing, scale=SCALE))


@cache
def check_fonts() -> None:
    """Raise Misconfigured when text vanishes from a PNG, which no error tells of."""
    import vl_convert

    with_text, without = (vl_convert.svg_to_png(_PROBE.format(text)) for text in ("Text", ""))
    if with_text == without:
        raise Misconfigured("No font is installed to write in charts: install fonts-dejavu-core")


@cache
def environment() -> Environment:
    """Return what renders the templates of files."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
