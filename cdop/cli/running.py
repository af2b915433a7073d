"""What every command shares: opening the register, who acts, and how a refusal is printed."""

import sys
import traceback
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from typer.core import TyperGroup

from cdop.config import ROOT, Settings
from cdop.errors import CdopError, Denied, NotFound
from cdop.organisations import queries as organisations
from cdop.organisations.models import Kind, Organisation
from cdop.organisations.people import actor_by_username
from cdop.registers import open_register
from cdop.security.actor import Actor, system
from cdop.security.audit import delivering, sealer
from cdop.security.work import Register
from cdop.sign_in.notices import telling

COMMAND_LINE = system("cli")
REFUSED, FAULT = 1, 3

AsUser = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="USERNAME",
        help="Act as this account, with its rights. Otherwise as the system (system:cli).",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class Commands(TyperGroup):
    """Prints a refusal as one sentence, and never a traceback: its values may be a child's."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command and turn its errors into sentences and exit codes."""
        try:
            return super().invoke(ctx)
        except Denied as denied:
            _say(f"This account may not do that: it lacks the permission {denied.permission}.")
            raise typer.Exit(REFUSED) from None
        except NotFound:
            _say("What was named is not in this register, or not within this account's reach.")
            raise typer.Exit(REFUSED) from None
        except CdopError as error:
            _say(str(error))
            raise typer.Exit(REFUSED) from None
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:  # noqa: BLE001 - an error's text may hold what was typed
            _say(f"A fault of the program: {type(error).__name__}, at {_place(error)}.")
            raise typer.Exit(FAULT) from None


def opened(context: typer.Context) -> Register:
    """Open the register that the command line names. Raises Misconfigured.

    What the command adds to the audit log is sealed when it ends, however it ends.
    """
    return sealing(context, open_register(settings(context)))


def sealing(context: typer.Context, register: Register) -> Register:
    """Seal what is added to a register's audit log when the command ends."""
    context.find_root().call_on_close(partial(_seal, register))
    return register


def _seal(register: Register) -> None:
    try:
        sealer.seal(register)
        delivering.deliver(register)
        telling.deliver(register)
    except (DBAPIError, CdopError):
        note("What this command added to the audit log waits to be sealed: cdop audit seal")


def settings(context: typer.Context) -> Settings:
    """Return the settings of the register that the command line names."""
    found = context.find_object(Settings)
    assert found is not None
    return found


def acting(register: Register, username: str | None) -> Actor:
    """Return the account of that user name as it stands today, or the command line itself.

    Raises NotFound, in words, when there is no such account.
    """
    if username is None:
        return COMMAND_LINE
    with Session(register.engine) as session:
        try:
            return actor_by_username(session, username, register.clock.now())
        except NotFound:
            raise Missing("There is no account in use with that user name.") from None


def organisation(session: Session, slug: str, kind: Kind | None = None) -> Organisation:
    """Return an organisation by slug. Raises NotFound, in words."""
    try:
        return organisations.by_slug(session, slug, kind)
    except NotFound:
        what = kind.value if kind else "organisation"
        raise Missing(f"There is no {what} {slug!r} in this register.") from None


class Missing(CdopError):
    """Something named on the command line is not there; whoever runs it may know that."""


def bar() -> Progress:
    """Return a progress bar on standard error; it shows nothing when that is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    )


def note(text: str) -> None:
    """Print a line for the person at the terminal, apart from the command's output."""
    typer.echo(text, err=True)


def _say(sentence: str) -> None:
    typer.echo(f"cdop: {sentence}", err=True)


def _place(error: Exception) -> str:
    """Return file and line where an error arose, within this program where possible."""
    frames = traceback.extract_tb(sys.exc_info()[2] or error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(ROOT / "cdop")] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "an unknown place"
