"""`cdop release approve`, `decline`, `withdraw`, `rebuild`: what is settled once it is proved."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from cdop.cli import running
from cdop.cli.releases.saying import Id, release_id, say
from cdop.errors import Unsafe
from cdop.statistics import settling
from cdop.statistics.models import Release

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
    say(_done(context, as_user, settling.approve, release, settled=settled), as_json)


def decline(
    context: typer.Context,
    release: Id,
    reason: Reason,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Send a proved release back, with the reason."""
    say(_done(context, as_user, settling.decline, release, reason=reason), as_json)


def withdraw(
    context: typer.Context,
    release: Id,
    reason: Reason,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Take a release back: nobody downloads it again; says whom to tell."""
    done = _done(context, as_user, settling.withdraw, release, reason=reason)
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


def _done(
    context: typer.Context,
    as_user: str | None,
    step: Callable[..., Release],
    release: str,
    **given: Any,
) -> Release:
    """Take a step with a release as an account, or as the system."""
    register = running.opened(context)
    return register.do(running.acting(register, as_user), step, release_id(release), **given)
