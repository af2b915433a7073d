"""`cdop user …`: the people who sign in, and what they may do."""

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import Invalid, Refused
from cdop.organisations import people, queries
from cdop.organisations.models import Membership
from cdop.registers import is_demonstration
from cdop.security.actor import Actor
from cdop.security.permissions import ANYWHERE, LABELS, Role
from cdop.security.work import Register, Work
from cdop.sign_in import addresses, administering, authenticators, invitations
from cdop.sign_in.administering import Appointment, Standing
from cdop.sign_in.handing_over import hand_over
from cdop.sign_in.limits import limits

app = typer.Typer(help="The people who sign in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The account's user name.", metavar="USERNAME")]
AtOption = Annotated[
    str | None, typer.Option(metavar="SLUG", help="The organisation at which the role is held.")
]
OfficeOption = Annotated[
    str | None,
    typer.Option(metavar="CODE", help="A decision maker's office, such as children-chair."),
]
FirstOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="First day; otherwise today."),
]
LastOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last day; otherwise open."),
]
EndOption = Annotated[
    datetime | None,
    typer.Option(
        "--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last day; otherwise yesterday."
    ),
]


@app.command("add")
def add(
    context: typer.Context,
    username: Username,
    role: Annotated[Role, typer.Option(help="What this person does.")],
    name: Annotated[str, typer.Option(help="The person's name as colleagues see it.")] = "",
    email: Annotated[
        str, typer.Option(help="Their work address, to which the invitation is mailed.")
    ] = "",
    at: AtOption = None,
    office: OfficeOption = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Add an account, give it a role, and print an invitation for its owner.

    Whoever takes up the invitation chooses the password: nobody else knows it.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)

    def made(work: Work) -> tuple[UUID, str]:
        asked = _appointment(work, role, at, office)
        return administering.add(work, username, name, asked, email)

    account_id, secret = register.do(actor, made)
    if as_json:
        handed = hand_over(register, actor, account_id, secret)
        shown = {"username": username, "role": role.value}
        shown |= {"invitation": secret} if handed.link else {"sent_to": handed.sent_to or ""}
        typer.echo(json.dumps(shown))
        return
    where = f" at {at}" if at else ""
    typer.echo(f"Added {username}: {LABELS[role]}{where}.")
    _tell_invitation(register, actor, username, (account_id, secret))


@app.command("list")
def list_all(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="Parts of the names.")] = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List the accounts: roles today, and what keeps one from signing in."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        rows = [_row(work, each) for each in administering.listed(work, " ".join(words or ()))]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        typer.echo(f"{row['username']}\t{'; '.join(row['roles']) or 'no role'}\t{row['state']}")


@app.command("invite")
def invite(context: typer.Context, username: Username, as_user: running.AsUser = None) -> None:
    """Print a new invitation; an earlier one is worthless from then on."""
    register = running.opened(context)

    def made(work: Work) -> tuple[UUID, str]:
        account_id = _id(work, username)
        return account_id, invitations.invite(work, account_id)

    actor = running.acting(register, as_user)
    _tell_invitation(register, actor, username, register.do(actor, made))


@app.command("reset")
def reset(
    context: typer.Context,
    username: Username,
    factor: Annotated[
        bool, typer.Option("--factor", help="The second factor is lost too: remove it.")
    ] = False,
    as_user: running.AsUser = None,
) -> None:
    """Take a forgotten password away, end all sessions, and print a new invitation."""
    register = running.opened(context)

    def made(work: Work) -> tuple[UUID, str]:
        account_id = _id(work, username)
        return account_id, invitations.reset(work, account_id, with_factors=factor)

    actor = running.acting(register, as_user)
    _tell_invitation(register, actor, username, register.do(actor, made))


@app.command("address")
def address(
    context: typer.Context,
    username: Username,
    email: Annotated[str, typer.Argument(help="The work address; none removes it.")] = "",
    as_user: running.AsUser = None,
) -> None:
    """Set the address to which invitations and word of changed ways to sign in go."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, lambda work: addresses.set_address(work, _id(work, username), email))
    typer.echo(f"{username}: {email or 'no address'}.")


@app.command("grant")
def grant(
    context: typer.Context,
    username: Username,
    role: Annotated[Role, typer.Option(help="What this person does.")],
    at: AtOption = None,
    office: OfficeOption = None,
    first: FirstOption = None,
    last: LastOption = None,
    as_user: running.AsUser = None,
) -> None:
    """Give an account a further role."""
    register = running.opened(context)

    def made(work: Work) -> None:
        asked = _appointment(work, role, at, office, _day(first), _day(last))
        administering.appoint(work, _id(work, username), asked)

    register.do(running.acting(register, as_user), made)
    typer.echo(f"{username}: {LABELS[role]}{f' at {at}' if at else ''}.")


@app.command("end-role")
def end_role(
    context: typer.Context,
    username: Username,
    role: Annotated[Role, typer.Option(help="The role that ends.")],
    at: AtOption = None,
    last: EndOption = None,
    as_user: running.AsUser = None,
) -> None:
    """End a role, at once or with a day. It bites on the account's next request."""
    register = running.opened(context)

    def ended(work: Work) -> int:
        rows = _held(work, username, role, at)
        for row in rows:
            administering.end_role(work, row.id, _day(last) or administering.yesterday(work))
        return len(rows)

    if not register.do(running.acting(register, as_user), ended):
        raise running.Missing(f"{username} does not hold that role there.")
    typer.echo(f"{username}: {LABELS[role]} ends.")


@app.command("disable")
def disable(context: typer.Context, username: Username, as_user: running.AsUser = None) -> None:
    """Shut an account: its sessions end now, and nobody signs in to it."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, lambda work: administering.disable(work, _id(work, username)))
    typer.echo(f"{username} is disabled.")


@app.command("enable")
def enable(context: typer.Context, username: Username, as_user: running.AsUser = None) -> None:
    """Open an account again that was disabled."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, lambda work: administering.enable(work, _id(work, username)))
    typer.echo(f"{username} is enabled.")


@app.command("code")
def code(context: typer.Context, username: Username) -> None:
    """Print a code of the second factor, in a demonstration register only.

    It is the one that the account's authenticator app shows, and is used up by signing in.
    """
    register = running.opened(context)
    if not is_demonstration(register):
        raise Refused("Only a demonstration tells its codes: every person there is invented.")
    found = register.do(running.COMMAND_LINE, _code, username)
    if found is None:
        raise Refused("The codes of this minute are used up, or there is no app. Wait a minute.")
    typer.echo(found)


def _code(work: Work, username: str) -> str | None:
    account_id = _id(work, username)
    work.audit("accounts:factor:tell", ("accounts", account_id))
    return authenticators.next_code(work, account_id)


def _appointment(
    work: Work,
    role: Role,
    at: str | None,
    office: str | None,
    first: date | None = None,
    last: date | None = None,
) -> Appointment:
    if at is None and role not in ANYWHERE:
        raise Invalid({"at": f"{LABELS[role]}: name the organisation by --at"})
    where = running.organisation(work.session, at).id if at else None
    return Appointment(role, where, office, first, last)


def _held(work: Work, username: str, role: Role, at: str | None) -> list[Membership]:
    where = running.organisation(work.session, at).id if at else None
    found = administering.standing(work, _id(work, username)).roles
    return [
        row
        for row in found
        if row.role == role
        and row.organisation_id == where
        and (row.valid_to is None or row.valid_to >= work.today)
    ]


def _id(work: Work, username: str) -> UUID:
    return people.by_username(work.session, username).id


def _day(given: datetime | None) -> date | None:
    return given.replace(tzinfo=UTC).date() if given else None


def _row(work: Work, each: Standing) -> dict[str, Any]:
    ids = {row.organisation_id for row in each.roles if row.organisation_id}
    names = queries.names_on(work.session, ids, work.today)
    return {
        "username": each.account.username,
        "name": each.account.display_name,
        "roles": [
            LABELS[Role(row.role)]
            + (f" at {names[row.organisation_id]}" if row.organisation_id else "")
            for row in each.roles
        ],
        "state": administering.state_of(each),
    }


def _tell_invitation(
    register: Register, actor: Actor, username: str, made: tuple[UUID, str]
) -> None:
    """Say to whom an invitation was mailed, or show it to be passed on. Raises Refused."""
    handed = hand_over(register, actor, *made)
    if handed.sent_to:
        typer.echo(f"The invitation was sent to {handed.sent_to}.")
        return
    if handed.link is None:
        raise Refused("The mail server did not take the invitation. Make another: cdop user invite")
    typer.echo(f"Pass this link on to {username} and to nobody else:")
    typer.echo(f"  {handed.link}")
    typer.echo(f"It is good for one time, within {limits().invitation_hours} hours.")
