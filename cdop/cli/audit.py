"""`cdop audit …`: sealing the log, taking it away, and proving that nobody changed it."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import Misconfigured, Refused, Unsafe
from cdop.security.audit import exporting, proving, sealer
from cdop.security.audit.checkpoints import Verifier, notes_in
from cdop.security.audit.verifying import Report, verify

SHOWN = 20

app = typer.Typer(
    help="The audit log: seal it, take it away, and prove that nobody changed it.",
    no_args_is_help=True,
)

Key = Annotated[
    str, typer.Option("--key", metavar="KEY", help="What `cdop audit key` prints, or a file of it.")
]


@app.command("key")
def key(context: typer.Context) -> None:
    """Print the public key with which exports and checkpoints are verified. Keep it elsewhere."""
    register = running.opened(context)
    with register.reading(running.COMMAND_LINE) as work:
        typer.echo(exporting.signer(work).verifier.encode())


@app.command("seal")
def seal(context: typer.Context, as_json: running.AsJson = False) -> None:
    """Seal the lines that wait. A serving register does this every second by itself."""
    count = sealer.seal(running.opened(context))
    typer.echo(json.dumps({"sealed": count}) if as_json else f"Sealed: {count:,} lines.")


@app.command("checkpoint")
def checkpoint(context: typer.Context, as_user: running.AsUser = None) -> None:
    """Print the newest checkpoint of each tree. Keep them where no administrator can reach."""
    register = running.opened(context)
    sealer.seal(register)
    with register.reading(running.acting(register, as_user)) as work:
        notes = [each.note for each in proving.newest(work)]
    typer.echo("\n".join(notes), nl=False)


@app.command("export")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    as_user: running.AsUser = None,
) -> None:
    """Write the log to a file that proves itself: `cdop audit verify` needs no register."""
    register = running.opened(context)
    records = exporting.export(register, running.acting(register, as_user))
    count = _write(file, records)
    typer.echo(f"Exported: {count:,} records to {file}.")


@app.command("prove")
def prove(
    context: typer.Context,
    entry: Annotated[UUID | None, typer.Argument(metavar="ENTRY", help="A line's id.")] = None,
    since: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An older checkpoint: prove that the log only grew."),
    ] = None,
    as_user: running.AsUser = None,
) -> None:
    """Print a short proof: that a line is in the log, or that the log only grew since then.

    `cdop audit verify` checks it with the public key alone.
    """
    register = running.opened(context)
    actor = running.acting(register, as_user)
    sealer.seal(register)
    if (entry is None) == (since is None):
        raise typer.BadParameter("Name either a line or --since FILE.")
    if entry:
        proof = register.do(actor, proving.prove_inclusion, entry)
    else:
        assert since
        proof = register.do(actor, proving.prove_growth, _only(notes_in(_text(since))))
    typer.echo(json.dumps(proof, indent=1))


@app.command("verify")
def verify_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export, or a proof.")],
    key: Key,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Checkpoints from where they were sent: a sink's file, or a saved mail. "
            "More than one may be given. An export needs one: else a cut end is not found.",
        ),
    ] = None,
    as_json: running.AsJson = False,
) -> None:
    """Find out whether an export is what the register wrote. Needs no register.

    Exit code 1 when a line was changed, removed, moved, put in or cut from the end.
    """
    verifier = Verifier.parse(_text(Path(key)) if Path(key).exists() else key)
    proof = _proof(file)
    if proof:
        _tell_proof(proof, verifier, as_json)
        return
    if not checkpoint:
        raise typer.BadParameter("An export needs --checkpoint FILE.")
    notes = [note for each in checkpoint for note in notes_in(_text(each))]
    with _opened(file) as lines:
        report = verify(lines, verifier, notes)
    if as_json:
        typer.echo(json.dumps(asdict(report) | {"intact": report.is_intact}))
    else:
        _tell(report)
    if not report.is_intact:
        raise typer.Exit(running.REFUSED)


def _tell(report: Report) -> None:
    for fault in report.faults[:SHOWN]:
        tree = f"{fault.tree}: " if fault.tree else ""
        typer.echo(f"{typer.style('wrong', fg='red')}   {fault.kind}: {tree}{fault.what}")
    if len(report.faults) > SHOWN:
        typer.echo(f"        and {len(report.faults) - SHOWN:,} more")
    typer.echo(
        f"{report.sealed:,} sealed lines in {report.trees:,} trees, held to "
        f"{report.checkpoints:,} checkpoints; {report.newer:,} are newer than those from outside."
    )
    typer.echo(f"{report.unsealed:,} lines are not sealed yet: nothing proves those.")
    if not report.whole:
        typer.echo("This export holds some organisations' lines, not the whole register's.")
    if report.is_intact:
        typer.echo("Nothing was changed, removed, moved, put in or cut from the end.")


def _tell_proof(proof: dict[str, Any], verifier: Verifier, as_json: bool) -> None:
    found = proving.check(proof, verifier)
    if as_json:
        typer.echo(json.dumps({"holds": True, "origin": found.origin, "size": found.size}))
        return
    what = "The line is in the log" if proof["kind"] == "inclusion" else "The log only grew"
    typer.echo(f"{what}: {found.origin}, {found.size:,} lines, {found.at:%Y-%m-%d %H:%M} UTC.")


def _proof(file: Path) -> dict[str, Any] | None:
    """Return the proof in a file, or None when it holds something else."""
    with _opened(file) as lines:
        if next(lines, b"").strip() != b"{":
            return None
    try:
        found: dict[str, Any] = json.loads(_text(file))
    except ValueError:
        raise Unsafe("This file is damaged: it is no JSON.") from None
    return found


def _only(notes: list[str]) -> str:
    if len(notes) > 1:
        raise Refused("There is more than one checkpoint in that file: give one.")
    return notes[0]


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read.") from error


def _opened(file: Path) -> Any:
    try:
        return file.open("rb")
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read.") from error


def _write(file: Path, records: Iterator[bytes]) -> int:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{file} is there already; it is not replaced.") from None
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written.") from error
    with os.fdopen(descriptor, "wb") as out:
        return sum(1 for record in records if out.write(record))
