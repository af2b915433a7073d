"""`cdop user …`, continued: linked identities, and colleagues who stand in."""

import json
from typing import Annotated

import typer
from sqlmodel import col, select

from cdop.cli import running
from cdop.cli.users import Username
from cdop.organisations import people
from cdop.organisations.models import Account
from cdop.organisations.people import MANAGE
from cdop.security.work import Work
from cdop.sign_in import deputies
from cdop.sign_in.identities import keeping
from cdop.sign_in.identities.models import ExternalIdentity

Issuer = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Of one provider only, by its issuer.")
]


def identities(
    context: typer.Context,
    issuer: Issuer = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List the accounts that can be signed in to by an identity provider."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        rows = [
            {
                "username": username,
                "issuer": row.issuer,
                "linked": row.linked_at.isoformat(timespec="minutes"),
                "used": row.used_at.isoformat(timespec="minutes") if row.used_at else None,
            }
            for row, username in _held(work, issuer)
        ]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for each in rows:
        typer.echo(f"{each['username']}\t{each['issuer']}\tlinked {each['linked']}")


def unlink(
    context: typer.Context,
    username: Username,
    issuer: Issuer = None,
    as_user: running.AsUser = None,
) -> None:
    """Unlink an account from identity providers; the sessions that began by them end."""
    register = running.opened(context)

    def unlinked(work: Work) -> int:
        account_id = people.by_username(work.session, username).id
        rows = [row for row, _ in _held(work, issuer) if row.account_id == account_id]
        for row in rows:
            keeping.unlink(work, row.id)
        return len(rows)

    count = register.do(running.acting(register, as_user), unlinked)
    if not count:
        raise running.Missing(f"{username} is not linked there.")
    typer.echo(f"{username}: {count} unlinked.")


def end_deputy(
    context: typer.Context,
    username: Username,
    holder: Annotated[str, typer.Argument(help="For whom they stand in.", metavar="HOLDER")],
    as_user: running.AsUser = None,
) -> None:
    """Let somebody stand in for a colleague no longer, from their next request on."""
    register = running.opened(context)

    def ended(work: Work) -> int:
        account_id = people.by_username(work.session, username).id
        other = people.by_username(work.session, holder).id
        rows = [
            each
            for each in deputies.of(work, account_id)
            if each.membership.account_id == other and each.valid_to >= work.today
        ]
        for each in rows:
            deputies.end(work, account_id, each.id)
        return len(rows)

    if not register.do(running.acting(register, as_user), ended):
        raise running.Missing(f"{username} does not stand in for {holder}.")
    typer.echo(f"{username} stands in for {holder} no longer.")


def _held(work: Work, issuer: str | None) -> list[tuple[ExternalIdentity, str]]:
    """Return the linked identities with whose they are. What they are called there is not shown."""
    work.check(MANAGE)
    query = (
        select(ExternalIdentity, Account.username)
        .join(Account, col(Account.id) == ExternalIdentity.account_id)
        .order_by(Account.username, col(ExternalIdentity.issuer))
    )
    if issuer:
        query = query.where(ExternalIdentity.issuer == issuer)
    return list(work.session.exec(query).all())
