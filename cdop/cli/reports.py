"""`cdop report` and `cdop release`: exact tables for those who may see them, and protected ones."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from cdop.cli import running
from cdop.errors import Misconfigured, Refused
from cdop.security.work import Work
from cdop.statistics import counting, outcomes, releasing

releases = typer.Typer(help="Protected statistics that may leave the register.")

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


@releases.callback()
def _group() -> None:
    """Keep `release` a group of commands, however many it holds."""


@releases.command("build")
def build(
    context: typer.Context,
    board: Board,
    year: Year,
    profile: Annotated[
        str, typer.Option(metavar="ID", help="What is hidden, and from whom.")
    ] = releasing.DEFAULT_PROFILE,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it. Otherwise here, under its own name."),
    ] = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Build the protected release of a panel's year, once, and write its package to a file.

    Nothing is written unless it is proved that no hidden count can be worked out.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)
    with Session(register.engine) as session:
        panel = counting.resolve_cdop(session, board, year)
    built = releasing.build_release(register, actor, panel, year, profile)
    name, content = register.do(actor, releasing.package_bytes, built.id)
    file = to or Path(name)
    _write(file, content)
    if as_json:
        typer.echo(json.dumps({"file": str(file), "sha256": built.digest, "profile": profile}))
        return
    typer.echo(f"Wrote {file} ({len(content):,} bytes), SHA-256 {built.digest}")


def _write(file: Path, content: bytes) -> None:
    """Write a new file; the same one that stands there already will do."""
    if file.exists():
        if file.read_bytes() != content:
            raise Refused(f"Another file stands at {file}; it is not written over.")
        return
    try:
        with file.open("xb") as out:
            out.write(content)
    except OSError as error:
        raise Misconfigured(f"No file can be written in {file.resolve().parent}.") from error
