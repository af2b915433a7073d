"""`cdop release list`, `downloads`, `download`: the ledger, who took what, and taking it."""

import json

import typer

from cdop.cli import running
from cdop.cli.releases.saying import Id, To, release_id, told, write_package
from cdop.organisations import queries as organisations
from cdop.statistics import releasing


def show(
    context: typer.Context, as_user: running.AsUser = None, as_json: running.AsJson = False
) -> None:
    """List the ledger of releases, the newest first."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        found = [
            {"of": organisations.get(work.session, each.organisation_id).slug, **told(each)}
            for each in releasing.ledger(work)
        ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        own = "  ".join(["", *each["tables"]])
        what = [each[name] for name in ("id", "of", "year", "profile", "state")]
        typer.echo("  ".join(what) + own)


def downloads(
    context: typer.Context,
    release: Id,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List who downloaded a release, and when."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        found = releasing.events(work, releasing.get_release(work, release_id(release)))
        rows = [
            {"at": each.at.isoformat(), "by": each.by} for each in found if each.kind == "download"
        ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['at']}  {row['by']}")


def download(
    context: typer.Context,
    release: Id,
    to: To = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Write the package of a release that is out to a file."""
    write_package(running.opened(context), as_user, release_id(release), to, as_json)
