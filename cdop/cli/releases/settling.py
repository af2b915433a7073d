"""`cdop release approve`, `decline`, `withdraw`, `rebuild`: what is settled once it is proved."""

import json
from typing import Annotated

import typer

from cdop.cli import running
from cdop.cli.releases.saying import Id, release_id, say
from cdop.errors import Unsafe
from cdop.statistics import settling

Reason = Annotated[str, typer.Option(help="Why.")]


def approve(
    context: typer.Context,
    release: Id,
    settled: Annotated[
        bool, typer.Option("--note-settled", help="The note gives no count and no case away.")
    ] = False,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Let a proved release out: somebody who neither drafted nor built it."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    say(register.do(actor, settling.approve, release_id(release), settled=settled), as_json)


def decline(
    context: typer.Context,
    release: Id,
    reason: Reason,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Send a proved release back, with the reason."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    say(register.do(actor, settling.decline, release_id(release), reason), as_json)


def withdraw(
    context: typer.Context,
    release: Id,
    reason: Reason,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Take a release back: nobody downloads it again; says whom to tell."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    done = register.do(actor, settling.withdraw, release_id(release), reason)
    if not as_json:
        names = "; ".join(each["name"] for each in done.recipients)
        running.note(f"Tell those who have it: {names}, and who downloaded it (release downloads).")
    say(done, as_json)


def rebuild(
    context: typer.Context,
    release: Id,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Build a release again from its frozen rows and compare, byte for byte."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    content, same = settling.rebuild(register, actor, release_id(release))
    if as_json:
        typer.echo(json.dumps({"same": same, "bytes": len(content)}))
    elif same:
        typer.echo(f"The same, byte for byte ({len(content):,} bytes).")
    if not same:
        raise Unsafe("Built again, the release is another one: do not rely on it.")
