"""A report as a page of its own, and as PDF/UA made of that page."""

from typing import Any

from markupsafe import Markup

from cdop.config import ROOT
from cdop.errors import Misconfigured
from cdop.statistics.drawing import environment
from cdop.statistics.report.values import Report

STYLE = ROOT / "static" / "css" / "report.css"
NO_PDF = (
    "No PDF can be made here: WeasyPrint needs the library Pango (on Debian: libpango-1.0-0 and "
    "libpangoft2-1.0-0). The report as a page can be printed instead."
)


def html(report: Report, address: str = "") -> str:
    """Return a report as an HTML file that asks for nothing else.

    With `address`, as a page that links its style there: pages of the register hold none.
    """
    style = "" if address else Markup(STYLE.read_text("utf-8"))  # noqa: S704 - our own file
    template = environment().get_template("statistics/package/report.html")
    return template.render(report=report, style=style, address=address)


def pdf(report: Report) -> bytes:
    """Return a report as PDF/UA-1, the same bytes each time.

    Raises Misconfigured, in words, on a machine without Pango.
    """
    try:
        import weasyprint  # type: ignore[import-untyped]  # loads Pango, which not every machine has
        from weasyprint.urls import (  # type: ignore[import-untyped]
            FatalURLFetchingError,
            URLFetcher,
        )
    except (ImportError, OSError):
        raise Misconfigured(NO_PDF) from None

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Fetches nothing, from anywhere."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            raise FatalURLFetchingError(f"a report asks for nothing: {url[:5]}")

    document = weasyprint.HTML(string=html(report), url_fetcher=Nothing())
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
