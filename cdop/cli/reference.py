"""`cdop reference …`: the dated figures that rates and deprivation need."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import Session

from cdop.cli import running
from cdop.deaths.service.rederiving import derive_again
from cdop.errors import Invalid
from cdop.reference_files import reading, service

app = typer.Typer(help="Populations, live births and deprivation look-ups.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `reference` a group of commands, however many it holds."""


@app.command("load", help=f"Load a file of figures: CSV, checked row by row.\n\n{reading.__doc__}")
def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    as_user: running.AsUser = None,
) -> None:
    """Load a file of figures."""
    try:
        content = file.read_bytes()
    except OSError:
        raise Invalid({"file": f"{file} cannot be read"}) from None
    register = running.opened(context)
    loaded = register.do(running.acting(register, as_user), service.load, content)
    typer.echo(f"{loaded.kind}, {loaded.edition}: {loaded.row_count:,} rows.")
    if loaded.kind == reading.DEPRIVATION:
        typer.echo("Cases from before keep the look-up that they had. Next: cdop reference derive")


@app.command("derive")
def derive(
    context: typer.Context,
    reviewed: Annotated[
        bool,
        typer.Option("--reviewed", help="Reviewed cases too: exact tables of their years change."),
    ] = False,
) -> None:
    """Give older cases the deprivation of the look-up that was loaded since.

    While the register serves; broken off, it goes on where it stopped. Releases do not change.
    """
    changed = derive_again(running.opened(context), reviewed=reviewed)
    typer.echo(f"{changed:,} cases have another look-up now.")


@app.command("list")
def show(context: typer.Context, as_json: running.AsJson = False) -> None:
    """List the loaded files: what, which edition, whose, for which days."""
    with Session(running.opened(context).engine) as session:
        rows = [
            {
                "kind": each.kind,
                "edition": each.edition,
                "title": each.title,
                "source": each.source,
                "published": each.published_on.isoformat(),
                "from": each.valid_from.isoformat(),
                "to": each.valid_to.isoformat() if each.valid_to else "",
                "rows": str(each.row_count),
            }
            for each in service.listing(session)
        ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table(*(rows[0] if rows else ["No file has been loaded."]))
    for row in rows:
        table.add_row(*row.values())
    Console().print(table)
