"""`cdop user …`: the people who sign in."""

import json
import sys
from typing import Annotated
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import Invalid
from cdop.organisations import people
from cdop.reference import codelist
from cdop.security import passwords
from cdop.security.permissions import ANYWHERE, LABELS, Role
from cdop.security.work import Work

app = typer.Typer(help="The people who sign in.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `user` a group of commands, however many it holds."""


@app.command("add")
def add(
    context: typer.Context,
    username: Annotated[str, typer.Argument(help="The name to sign in with.", metavar="USERNAME")],
    role: Annotated[Role, typer.Option(help="What this person does.")],
    name: Annotated[str, typer.Option(help="The person's name as colleagues see it.")] = "",
    at: Annotated[
        str | None,
        typer.Option(metavar="SLUG", help="The organisation at which the role is held."),
    ] = None,
    office: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="A decision maker's office, such as children-chair."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Add an account and give it a role.

    The password is made now and printed once, unless it is given on standard input.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    password = given or passwords.generate()
    register.do(actor, _add, username, name, password, role, at, office)
    if as_json:
        shown = {"username": username, "role": role.value, "password": None if given else password}
        typer.echo(json.dumps(shown))
        return
    where = f" at {at}" if at else ""
    typer.echo(f"Added {username}: {LABELS[role]}{where}.")
    if given is None:
        typer.echo(f"Password, shown this once: {password}")


def _add(
    work: Work,
    username: str,
    name: str,
    password: str,
    role: Role,
    at: str | None,
    office: str | None,
) -> None:
    """Add an account with one role, both or neither."""
    if at is None and role not in ANYWHERE:
        raise Invalid({"at": f"{LABELS[role]}: name the organisation by --at"})
    if office and office not in codelist("offices", work.today):
        known = ", ".join(codelist("offices", work.today).codes())
        raise Invalid({"office": f"There is no such office. Offices are: {known}"})
    where: UUID | None = running.organisation(work.session, at).id if at else None
    account = people.add_account(work, username, name, password)
    people.add_membership(work, account, role, where, office=office)
