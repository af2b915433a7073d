"""`cdop backup …`: making, proving and restoring backups."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cdop import backups
from cdop.backups import Manifest
from cdop.cli import running
from cdop.security import custody

app = typer.Typer(help="Backups of the register, without its keys.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup's file.")]
NO_KEYS = "It holds no keys: keep a copy of the key file in another place."


@app.command("create")
def create(context: typer.Context, file: File, as_json: running.AsJson = False) -> None:
    """Write a backup while the register goes on serving. The key file is never in it."""
    register = running.opened(context)
    with _progress("Backing up") as progress:
        manifest = backups.create(register, running.COMMAND_LINE, file.resolve(), progress=progress)
    _tell(manifest, f"Backed up to {file}", as_json)
    if not as_json:
        typer.echo(f"{NO_KEYS} This register's: {register.settings.keys}")


@app.command("verify")
def verify(
    context: typer.Context,
    file: File,
    key_file: Annotated[
        Path | None,
        typer.Option("--keys", help="With the keys, prove also that all that is sealed opens."),
    ] = None,
    as_json: running.AsJson = False,
) -> None:
    """Prove that a backup is whole, by restoring it into a temporary database."""
    settings = running.settings(context)
    ring = custody.load(replace(settings, keys=key_file)) if key_file else None
    with _progress("Verifying") as progress:
        manifest = backups.verify(file, ring, progress=progress)
    _tell(manifest, f"{file} is whole and can be restored", as_json)
    if ring is None and not as_json:
        typer.echo("With --keys PATH it is proved too that its sealed rows open.")


@app.command("restore")
def restore(
    context: typer.Context,
    file: File,
    key_file: Annotated[
        Path, typer.Option("--keys", metavar="PATH", help="A copy of the register's key file.")
    ],
    as_json: running.AsJson = False,
) -> None:
    """Make a new register from a backup, in the folder named by --data before the command."""
    settings = running.settings(context)
    with _progress("Restoring") as progress:
        manifest = backups.restore(
            settings, running.COMMAND_LINE, file, key_file, progress=progress
        )
    _tell(manifest, f"Restored into {settings.data}", as_json)
    if not as_json:
        typer.echo(f"Next: cdop --data {settings.data} doctor --all")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    with running.bar() as bar:
        task = bar.add_task(what, total=None)

        def begin(table: str) -> None:
            bar.update(task, advance=1, description=f"{what} {table}")

        yield begin


def _tell(manifest: Manifest, sentence: str, as_json: bool) -> None:
    if as_json:
        fields = {"register_id", "revision", "created_at", "program"}
        shown = manifest.model_dump(mode="json", include=fields) | {"rows": manifest.rows}
        typer.echo(json.dumps(shown))
        return
    when = f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"
    typer.echo(f"{sentence}: {manifest.rows:,} rows, as of {when}.")
