"""`cdop permissions`: who may do what, as the register applies it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cdop.cli.running import AsJson
from cdop.errors import Invalid
from cdop.security import matrix


def permissions(
    as_json: AsJson = False,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the table anew into a document's marked place."),
    ] = None,
) -> None:
    """Print which role holds which permission. Needs no register."""
    if markdown:
        _rewrite(markdown)
    elif as_json:
        typer.echo(json.dumps(matrix.as_rows(), indent=1))
    else:
        typer.echo(matrix.as_grid())


def _rewrite(file: Path) -> None:
    try:
        file.write_text(matrix.in_document(file.read_text("utf-8")), "utf-8")
    except (OSError, ValueError) as error:
        raise Invalid({"markdown": f"{file} cannot be rewritten: {error}"}) from None
