"""`cdop retention …`: what is past its period, and erasing it with a second person's approval."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import NotFound
from cdop.reference.retention import record_kind
from cdop.retention import erasing, ledger, listing, old_rows, periods, reapplying, records
from cdop.retention.listing import Preview
from cdop.retention.models import Erasure
from cdop.retention.periods import NewPeriod
from cdop.security.work import Register, Work

app = typer.Typer(help="How long records are kept, and erasing them.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="The record, such as CD-2026-0042.")
]
At = Annotated[str, typer.Option("--at", metavar="SLUG", help="The panel or group it is kept at.")]
LIMITS = (
    "Backups made earlier still hold this record's key. They open with the key file of their time "
    "until they expire, or until that key is retired and its copies are destroyed. After restoring "
    "one: cdop retention reapply LIST"
)


@app.command("preview")
def preview(
    context: typer.Context, as_user: running.AsUser = None, as_json: running.AsJson = False
) -> None:
    """Show what is past its period today. Opens no record."""
    register = running.opened(context)
    found = register.do(running.acting(register, as_user), listing.preview)
    if as_json:
        typer.echo(json.dumps(_as_data(found)))
        return
    for line in found.lines:
        years = line.period.years if line.period else None
        kept = f"{years} years" if years else "kept: no period set"
        typer.echo(f"{line.organisation}: {line.kind.label}: {kept}; {line.past} past it")
    for each in found.records:
        state = each.erasure.state if each.erasure else "; ".join(each.obstacles) or "may be erased"
        typer.echo(f"{each.record.reference}  past since {each.past_on}  {state}")


@app.command("set-period")
def set_period(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as death-case.")],
    source: Annotated[str, typer.Option(help="Who decided, and where it is written.")],
    decided_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="When.")],
    years: Annotated[int | None, typer.Option(help="Whole years; leave out to keep.")] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="SLUG", help="The panel or group; leave out for the register's own."),
    ] = None,
    as_user: running.AsUser = None,
) -> None:
    """Set how long a kind of record is kept, as that organisation has decided."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    with register.reading(actor) as work:
        place = running.organisation(work.session, at).id if at else None
    register.do(actor, periods.set_period, NewPeriod(kind, place, years, decided_on.date(), source))
    typer.echo(f"Set: {kind} is kept {f'{years} years' if years else 'without end'}.")


@app.command("propose")
def propose(
    context: typer.Context, reference: Reference, at: At, as_user: running.AsUser = None
) -> None:
    """Propose a record past its period for erasure. Another person has to approve it."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    with register.reading(actor) as work:
        record = _record(work, reference, at)
    register.do(actor, erasing.propose, record)
    typer.echo(f"Proposed: {reference}. Another person approves it with: cdop retention approve")


@app.command("approve")
def approve(
    context: typer.Context, reference: Reference, at: At, as_user: running.AsUser = None
) -> None:
    """Approve an erasure that somebody else proposed."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, erasing.approve, _live(register, reference, at))
    typer.echo(f"Approved: {reference} may now be erased.")


@app.command("withdraw")
def withdraw(
    context: typer.Context, reference: Reference, at: At, as_user: running.AsUser = None
) -> None:
    """Take a proposal back, or refuse it: the record is kept."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    register.do(actor, erasing.withdraw, _live(register, reference, at))
    typer.echo(f"Withdrawn: {reference} is kept.")


@app.command("erase")
def erase(
    context: typer.Context,
    reference: Reference,
    at: At,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_user: running.AsUser = None,
) -> None:
    """Erase an approved record for good. It cannot be undone."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    erasure = _live(register, reference, at)
    if not yes:
        typer.confirm(f"Erase {reference} for good?", abort=True, err=True)
    erasing.carry_out(register, actor, erasure)
    typer.echo(f"Erased: {reference}. Its coded facts stay for statistics.")
    running.note(LIMITS)


@app.command("list")
def listed(
    context: typer.Context,
    erased: Annotated[bool, typer.Option("--erased", help="Those carried out.")] = False,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List erasures that are under way, or those carried out (for `reapply`, with --json)."""
    register = running.opened(context)
    states = ("erased",) if erased else ("proposed", "approved")
    with register.reading(running.acting(register, as_user)) as work:
        rows = listing.erasures(work, states=states)
    if as_json:
        ring = register.vault.ring
        typer.echo(json.dumps([_line(ledger.entry(ring, r) if erased else r) for r in rows]))
        return
    for row in rows:
        typer.echo(f"{row.reference}  {row.state}  proposed by {row.proposed_by}")


@app.command("remove-old")
def remove_old(context: typer.Context, as_user: running.AsUser = None) -> None:
    """Remove sign-ins, invitations, used codes and words past the register's periods for them."""
    register = running.opened(context)
    removed = register.do(running.acting(register, as_user), old_rows.remove_old)
    for kind, count in removed.items():
        typer.echo(f"{record_kind(kind).label}: {count} removed.")


@app.command("reapply")
def reapply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="LIST", help="The list of erasures.")],
    as_user: running.AsUser = None,
) -> None:
    """Erase in a restored backup what was erased after it was made."""
    register = running.opened(context)
    done, before = reapplying.reapply(register, running.acting(register, as_user), file)
    typer.echo(f"Erased again: {done}; erased already: {before}.")


def _record(work: Work, reference: str, slug: str) -> tuple[str, UUID]:
    place = running.organisation(work.session, slug)
    found = records.named(work.session, place.id, reference)
    if found is None:
        raise NotFound
    return found


def _live(register: Register, reference: str, slug: str) -> UUID:
    """Return the erasure of a record that is under way. The service asks the permission."""
    with register.reading(running.COMMAND_LINE) as work:
        found = erasing.live(work, _record(work, reference, slug)[1])
    if found is None:
        raise running.Missing("No erasure of this record is under way.")
    return found.id


def _as_data(found: Preview) -> dict[str, Any]:
    return {
        "kinds": [
            {
                "organisation": line.organisation,
                "kind": line.kind.code,
                "years": line.period.years if line.period else None,
                "edition": line.period.edition if line.period else None,
                "past": line.past,
            }
            for line in found.lines
        ],
        "records": [
            {
                "reference": each.record.reference,
                "kind": each.record.kind,
                "past_on": each.past_on.isoformat(),
                "obstacles": list(each.obstacles),
                "erasure": each.erasure.state if each.erasure else None,
            }
            for each in found.records
        ],
    }


def _line(row: ledger.Entry | Erasure) -> dict[str, Any]:
    return row.model_dump(mode="json")
