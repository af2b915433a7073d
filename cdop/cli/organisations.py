"""`cdop organisation …`: the areas, panels, boards and groups of a register for real use."""

from datetime import date, datetime
from typing import Annotated

import typer
from sqlmodel import select

from cdop.cli import running
from cdop.errors import Invalid
from cdop.organisations import service
from cdop.organisations.models import BoardKind, Kind, Organisation
from cdop.security.work import Work

app = typer.Typer(help="Areas, panels, boards, groups and agencies.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `organisation` a group of commands, however many it holds."""


@app.command("add")
def add(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="Its lasting short name, such as herefordshire.")],
    kind: Annotated[Kind, typer.Option(help="What it is.")],
    name: Annotated[str, typer.Option(help="What it is called.")],
    since: Annotated[
        datetime,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The day from which it exists."),
    ],
    board_kind: Annotated[
        BoardKind | None, typer.Option(help="For a board: whom it answers for.")
    ] = None,
    serves: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="An area or board that it serves; may be repeated."),
    ] = None,
    as_user: running.AsUser = None,
) -> None:
    """Found an organisation: areas first, then the panel, boards and group that serve them."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, _found, slug, kind, name, since.date(), board_kind, serves or [])
    typer.echo(f"Added {slug}.")


def _found(
    work: Work,
    slug: str,
    kind: Kind,
    name: str,
    since: date,
    board_kind: BoardKind | None,
    serves: list[str],
) -> None:
    if work.session.exec(select(Organisation).where(Organisation.slug == slug)).first():
        raise Invalid({"slug": "There is an organisation of that name already"})
    others = [running.organisation(work.session, other).id for other in serves]
    service.found(work, slug, kind, name, since, board_kind=board_kind, serves=others)
