"""`cdop report` and `cdop release`: exact tables for those who may see them, and protected ones."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

from cdop.cli import running
from cdop.security.work import Work
from cdop.statistics import outcomes

Board = Annotated[str, typer.Option(metavar="SLUG", help="The board, such as herefordshire.")]
Year = Annotated[str, typer.Option(help="The financial year, such as 2013-14.")]


class Report(StrEnum):
    """The reports there are."""

    JCR_OUTCOMES = "jcr-outcomes"


class Format(StrEnum):
    """How a report is written."""

    CSV = "csv"


def _jcr_outcomes(work: Work, board: str, year: str) -> str:
    return outcomes.jcr_outcomes(work, board, year).to_csv()


WRITERS: dict[tuple[Report, Format], Callable[[Work, str, str], str]] = {
    (Report.JCR_OUTCOMES, Format.CSV): _jcr_outcomes,
}


def report(
    context: typer.Context,
    name: Annotated[Report, typer.Argument(metavar="NAME", help="The report: jcr-outcomes.")],
    board: Board,
    year: Year,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    as_user: running.AsUser = None,
) -> None:
    """Print an exact report. It is internal: what may leave the register goes through a release.

    Standard output carries the CSV and nothing else.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)
    text = register.do(actor, WRITERS[name, form], board, year)
    running.note(outcomes.INTERNAL)
    typer.echo(text, nl=False)
