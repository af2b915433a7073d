"""`cdop break-glass …`: who opened cases outside their reach."""

import json
from typing import Any

import typer

from cdop.break_glass import queries
from cdop.cli import running
from cdop.organisations.queries import name_on
from cdop.organisations.reach_models import BreakGlass
from cdop.security.work import Work

app = typer.Typer(help="Who opened cases outside their reach.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `break-glass` a group of commands, however many it holds."""


@app.command("list")
def listed(
    context: typer.Context, as_user: running.AsUser = None, as_json: running.AsJson = False
) -> None:
    """List the accesses by break-glass, the latest first."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        rows = [_line(work, row) for row in queries.listed(work)]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo("  ".join(str(row[name]) for name in row))


def _line(work: Work, row: BreakGlass) -> dict[str, Any]:
    over = row.ended_at or row.ends_at
    return {
        "reference": queries.reference_of(row),
        "who": row.opened_by,
        "whose_cases": name_on(work.session, row.organisation_id, work.today),
        "reason": row.reason,
        "from": row.opened_at.isoformat(timespec="minutes"),
        "until": over.isoformat(timespec="minutes"),
        "state": row.verdict or ("open" if queries.state_of(row).lasts(work.now) else "unreviewed"),
    }
