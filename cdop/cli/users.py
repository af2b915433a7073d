"""`cdop user …`: the people who sign in."""

import json
from typing import Annotated
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import Invalid, Refused
from cdop.organisations import people
from cdop.reference import codelist
from cdop.registers import is_demonstration
from cdop.security.permissions import ANYWHERE, LABELS, Role
from cdop.security.work import Work
from cdop.sign_in import authenticators, invitations
from cdop.sign_in.limits import limits

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
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Add an account, give it a role, and print an invitation for its owner.

    Whoever takes up the invitation chooses the password: nobody else knows it.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)
    secret = register.do(actor, _add, username, name, role, at, office)
    if as_json:
        shown = {"username": username, "role": role.value, "invitation": secret}
        typer.echo(json.dumps(shown))
        return
    where = f" at {at}" if at else ""
    typer.echo(f"Added {username}: {LABELS[role]}{where}.")
    _tell_invitation(username, secret)


@app.command("code")
def code(
    context: typer.Context,
    username: Annotated[str, typer.Argument(help="Whose code.", metavar="USERNAME")],
) -> None:
    """Print a code of the second factor, in a demonstration register only.

    It is the one that the account's authenticator app shows, and is used up by signing in.
    """
    register = running.opened(context)
    if not is_demonstration(register):
        raise Refused(
            "Only a demonstration register tells its codes: every person there is invented."
        )
    found = register.do(running.COMMAND_LINE, _code, username)
    if found is None:
        raise Refused(
            "The codes of this minute are used up, or there is no app. Wait half a minute."
        )
    typer.echo(found)


def _code(work: Work, username: str) -> str | None:
    account = people.by_username(work.session, username)
    work.audit("accounts:factor:tell", ("accounts", account.id))
    return authenticators.next_code(work, account.id)


def _tell_invitation(username: str, secret: str) -> None:
    typer.echo(f"Pass this link on to {username} and to nobody else. Put your address before it:")
    typer.echo(f"  /join#{secret}")
    typer.echo(f"It is good for one time, within {limits().invitation_hours} hours.")


def _add(
    work: Work,
    username: str,
    name: str,
    role: Role,
    at: str | None,
    office: str | None,
) -> str:
    """Add an account with one role, both or neither. Returns an invitation's secret."""
    if at is None and role not in ANYWHERE:
        raise Invalid({"at": f"{LABELS[role]}: name the organisation by --at"})
    if office and office not in codelist("offices", work.today):
        known = ", ".join(codelist("offices", work.today).codes())
        raise Invalid({"office": f"There is no such office. Offices are: {known}"})
    where: UUID | None = running.organisation(work.session, at).id if at else None
    account = people.add_account(work, username, name)
    people.add_membership(work, account, role, where, office=office)
    return invitations.invite(work, account)
