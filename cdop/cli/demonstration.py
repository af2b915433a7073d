"""`cdop demo`: a register of invented people with the published figures, to look at and to try."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cdop import demo as demonstrations
from cdop import registers
from cdop.cli import running
from cdop.demo import NewAccount, Scaled
from cdop.errors import Refused
from cdop.security.work import Register

_WIDE = 150


def demo(
    context: typer.Context,
    scale: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Add N invented cases in a panel of their own."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same invented cases.")] = 1,
    as_json: running.AsJson = False,
) -> None:
    """Make a demonstration register with invented people, and print its accounts once.

    With --scale it adds cases, to one that is filled already too. It refuses a register for real
    use, and one that holds cases of its own.
    """
    settings = running.settings(context)
    stood = registers.exists(settings)
    register = running.opened(context) if stood else _made(context)
    demonstrations.check_may_fill(register)
    filled = demonstrations.is_filled(register)
    if filled and scale is None:
        raise Refused("This register is filled already. Serve it with: cdop serve")
    with running.bar() as bar:
        made = [] if filled else _build(register, bar)
        scaled = _scale(register, bar, scale, seed) if scale else None
    accounts = [*made, *(scaled.accounts if scaled else ())]
    if as_json:
        typer.echo(json.dumps(_as_json(accounts, scaled)))
        return
    _tell(accounts, scaled)


def _made(context: typer.Context) -> Register:
    settings = running.settings(context)
    return running.sealing(context, registers.create(settings, demonstration=True))


def _build(register: Register, bar: Progress) -> list[NewAccount]:
    task = bar.add_task("Demonstration", total=demonstrations.steps())
    return demonstrations.build(
        register, lambda part: bar.update(task, advance=1, description=part)
    )


def _scale(register: Register, bar: Progress, wanted: int, seed: int) -> Scaled:
    task = bar.add_task("Invented cases", total=wanted)
    return demonstrations.add_scale(
        register, wanted, seed=seed, progress=lambda done: bar.update(task, completed=done)
    )


def _as_json(accounts: Iterable[NewAccount], scaled: Scaled | None) -> dict[str, object]:
    shown: dict[str, object] = {"accounts": [asdict(account) for account in accounts]}
    if scaled:
        shown["scale"] = {
            "cases": scaled.cases,
            "reviewed": scaled.reviewed,
            "seconds": round(scaled.seconds, 3),
            "per_second": round(scaled.per_second, 1),
        }
    return shown


def _tell(accounts: Sequence[NewAccount], scaled: Scaled | None) -> None:
    if scaled:
        typer.echo(
            f"Added {scaled.cases:,} invented cases, {scaled.reviewed:,} of them reviewed, "
            f"in {scaled.seconds:.1f} s: {scaled.per_second:.0f} cases a second."
        )
    if accounts:
        typer.echo("The demonstration is ready. Everyone in it is invented.")
        typer.echo("Its accounts, with secrets made now and shown this once:")
        _show(accounts)
    # No path: scripts/start fills a folder aside and moves it into place.
    typer.echo("Next: serve it (cdop serve, with the same --data) and sign in as one of them.")
    typer.echo(
        "Each also asks for a code: type the key into an authenticator app, "
        "or print a code with: cdop user code USERNAME"
    )


def _show(accounts: Iterable[NewAccount]) -> None:
    """Print a table; on a narrow terminal a list, because a table would cut the secrets short."""
    console = Console()
    width = console.width if console.is_terminal else _WIDE
    if width >= _WIDE:
        Console(width=width).print(_table(accounts))
        return
    for account in accounts:
        typer.echo(f"{account.username} ({account.role}): {account.shows}")
        typer.echo(f"    password {account.password}")
        typer.echo(f"    key of the app {account.secret}")


def _table(accounts: Iterable[NewAccount]) -> Table:
    table = Table("Role", "User name", "Password", "Key of the app", "The start page shows")
    for column in table.columns[:4]:
        column.no_wrap = True
    for account in accounts:
        table.add_row(
            account.role, account.username, account.password, account.secret, account.shows
        )
    return table
