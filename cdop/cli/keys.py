"""`cdop keys …`: which keys are in use, and rotating them while the register serves."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cdop.cli import running
from cdop.deaths.service.reindexing import make_tokens
from cdop.errors import NotFound
from cdop.security import index_rotation, resealing, rotation, signing_rotation
from cdop.security.key_versions import Version
from cdop.security.signing import newest

app = typer.Typer(
    help="The keys of the register: add, promote, rewrap, retire; reseal; reindex; sign-anew.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(metavar="VERSION", help="As `cdop keys status` shows.")]
To = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FILE",
        help="Write the changed key file there, to be mounted in place of the one in use.",
    ),
]


@app.command("status")
def status(context: typer.Context, as_json: running.AsJson = False) -> None:
    """Show each key, its state, and how many case keys it wraps."""
    register = running.opened(context)
    found = rotation.status(register)
    if as_json:
        shown = [asdict(each) | {"promoted_at": _moment(each)} for each in found]
        typer.echo(json.dumps(shown, indent=1))
        return
    typer.echo("version  state    since       wraps      made while current")
    for each in found:
        since = _moment(each)[:10]
        typer.echo(
            f"{each.version:7}  {each.state:8} {since:10}  {each.wrapped:9,}  {each.made:9,}"
        )
    roots = index_rotation.status(register)
    typer.echo(f"Index root {roots['current']} finds what is sealed.")
    typer.echo(f"Signing key {newest(register.vault.ring)} signs packages.")
    if len(roots) > 1:
        typer.echo("Index tokens are being made anew. Next: cdop keys reindex")
    typer.echo(_next(found))


@app.command("add")
def add(context: typer.Context, to: To = None, as_json: running.AsJson = False) -> None:
    """Add a new key to the key file. It is not in use before it is promoted."""
    register = running.opened(context)
    version = rotation.add(register, to)
    file = to or register.settings.keys
    if _told(as_json, version=version, file=str(file)):
        return
    typer.echo(f"Added version {version} to {file}. Keep a copy of that file in another place.")
    typer.echo(f"Bring it to every server, then: cdop keys promote {version}")


@app.command("promote")
def promote(context: typer.Context, version: Number, as_json: running.AsJson = False) -> None:
    """Put a key in use: new case keys are wrapped under it from now on."""
    with _known(version):
        rotation.promote(running.opened(context), version)
    if not _told(as_json, version=version):
        typer.echo(f"Version {version} is in use. Next: cdop keys rewrap")


@app.command("rewrap")
def rewrap(context: typer.Context, as_json: running.AsJson = False) -> None:
    """Wrap all case keys under the key in use. Broken off, it goes on where it stopped."""
    with _progress("Rewrapping case keys") as progress:
        cases = rotation.rewrap(running.opened(context), progress)
    if not _told(as_json, cases=cases):
        typer.echo(f"{cases:,} case keys rewrapped. Next: cdop keys retire VERSION")


@app.command("retire")
def retire(
    context: typer.Context, version: Number, to: To = None, as_json: running.AsJson = False
) -> None:
    """Throw away a key that no case key needs. Restart the servers to have them forget it too."""
    register = running.opened(context)
    with _known(version):
        rotation.retire(register, version, to)
    if _told(as_json, version=version, file=str(to or register.settings.keys)):
        return
    typer.echo(f"Version {version} is retired. Restart the servers: they hold it until then.")
    typer.echo("A backup made before needs a key file of its own time: keep that copy with it.")


@app.command("reseal")
def reseal(context: typer.Context, as_json: running.AsJson = False) -> None:
    """Give a new key to each case whose key is older than the key in use, and seal it again.

    For when case keys may have become known with the key that wrapped them. Exit code 1 when a
    case could not be resealed.
    """
    with _progress("Resealing cases") as progress:
        done = resealing.reseal(running.opened(context), progress)
    unread = [str(case) for case in done.unread]
    if not _told(as_json, cases=done.cases, unread=unread):
        typer.echo(f"{done.cases:,} cases resealed.")
        for case in unread:
            typer.echo(f"A sealed row of the case {case} does not open: it is left as it was.")
    if unread:
        raise typer.Exit(running.REFUSED)


@app.command("reindex")
def reindex(
    context: typer.Context,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Only add the new root to the key file: for many servers."),
    ] = False,
    to: To = None,
    as_json: running.AsJson = False,
) -> None:
    """Make what finds a sealed value anew, under a new index root, and throw the old root away.

    While the register serves; broken off, it goes on where it stopped. Servers that do not share
    one key file need the new root first: --prepare, bring the file to each, then give it again.
    """
    register = running.opened(context)
    if prepare:
        version, file = index_rotation.prepare(register, to), str(to or register.settings.keys)
        if not _told(as_json, version=version, file=file):
            typer.echo(f"Added index root {version} to {file}. Keep a copy of it in another place.")
            typer.echo("Bring it to every server, then: cdop keys reindex")
        return
    with _progress("Making index tokens") as progress:
        cases = index_rotation.reindex(register, make_tokens, progress, to=to)
    if not _told(as_json, cases=cases):
        typer.echo(f"The index tokens of {cases:,} cases were made anew; the old root is gone.")


@app.command("sign-anew")
def sign_anew(context: typer.Context, to: To = None, as_json: running.AsJson = False) -> None:
    """Sign packages with a new key from now on, because the one in use may have become known.

    What was signed before is still checked with the older public key.
    """
    register = running.opened(context)
    version, file = signing_rotation.sign_anew(register, to), str(to or register.settings.keys)
    if not _told(as_json, version=version, file=file):
        typer.echo(f"Added signing key {version} to {file}. Keep a copy of it in another place.")
        typer.echo(
            "Bring it to every server and restart them: they sign with the older until then."
        )
        typer.echo("Give readers the new public key of each panel: cdop release key --board SLUG")


def _next(found: list[Version]) -> str:
    """Return the sentence that says what is left to do."""
    current = next(each.version for each in found if each.state == "current")
    for each in found:
        if each.state == "former":
            step = "rewrap" if each.wrapped else f"retire {each.version}"
            return f"Next: cdop keys {step}"
        if each.state == "added" and each.version > current:
            return f"Next, once every server has it: cdop keys promote {each.version}"
    return "Nothing is left to do."


def _moment(version: Version) -> str:
    return version.promoted_at.isoformat() if version.promoted_at else ""


def _told(as_json: bool, **facts: object) -> bool:
    if as_json:
        typer.echo(json.dumps(facts))
    return as_json


@contextmanager
def _known(version: int) -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise running.Missing(f"There is no key of version {version} in the key file.") from None


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    with running.bar() as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
