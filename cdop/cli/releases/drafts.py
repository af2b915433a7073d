"""`cdop release draft`, `preview` and `build`: up to where a second person is asked."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer
from sqlmodel import Session

from cdop.cli import running
from cdop.cli.releases.saying import Id, To, release_id, say, write_package
from cdop.cli.releases.wish import Wish, wishing
from cdop.security.work import Register
from cdop.statistics import advising, drafting, proving, releasing, settling, whose
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.models import Release
from cdop.statistics.rules import State


@wishing
def draft(
    context: typer.Context,
    wish: Wish,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Draft a release of a panel's or group's years. Nothing is protected yet."""
    say(_drafted(running.opened(context), as_user, wish), as_json)


def preview(
    context: typer.Context,
    release: Id,
    advise: Annotated[
        bool, typer.Option("--advise", help="Coarser answers and longer periods instead.")
    ] = False,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Show what each profile would keep of a draft, side by side; nothing is stored."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    how = advising.advise if advise else advising.preview
    kept = _followed(lambda on_step: how(register, actor, release_id(release), on_step))
    if as_json:
        typer.echo(json.dumps(kept))
        return
    for each in kept:
        typer.echo(_what_is_kept(each))


@wishing
def build(
    context: typer.Context,
    wish: Wish,
    release: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A draft. Otherwise one is drafted.")
    ] = None,
    approver: Annotated[
        str | None,
        typer.Option("--approve-as", metavar="USERNAME", help="The second person: all in one."),
    ] = None,
    to: To = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Protect, attack and build a release. It then waits for a second person.

    Without --approve-as no file is written: approve it, then download it.
    """
    register = running.opened(context)
    drafted = release_id(release) if release else _drafted(register, as_user, wish).id
    actor = running.acting(register, as_user)
    with register.reading(actor) as work:
        done = releasing.find_release(work, drafted, releasing.BUILD)
    if not done.digest:
        done = _followed(lambda on_step: proving.build(register, actor, drafted, on_step))
    if done.state != State.RELEASED and approver is None:
        running.note("It waits for a second person: cdop release approve ID --as USERNAME")
        say(done, as_json)
        return
    if done.state != State.RELEASED:
        second = running.acting(register, approver)
        register.do(second, settling.approve, drafted, settled=not done.note)
    write_package(register, as_user, drafted, to, as_json)


def _drafted(register: Register, as_user: str | None, wish: Wish) -> Release:
    """Draft a release, or return the same one that stands proved or out already."""
    actor = running.acting(register, as_user)
    with Session(register.engine) as session:
        place = wish.whose(session)
        wanted = wish.draft(whose.subject_of(session, place))
    earlier = release_id(wish.replaces) if wish.replaces else None
    with register.reading(actor) as work:
        found = None if earlier else proving.built_already(work, place, wanted)
    return found or register.do(actor, drafting.draft, place, wanted, earlier)


def _what_is_kept(way: dict[str, Any]) -> str:
    what = " ".join([way["profile"], f"{way['years']}y", *way["ways"]])
    if way["why"]:
        return f"{what}: not safe. {way['why']}"
    return (
        f"{what}: {way['shown']} of {way['some']} counts shown, {way['value']}% of the"
        f" value, {way['totals']}% of totals, {way['hidden']} hidden, width {way['width']}"
    )


def _followed(work: Callable[[OnStep], Any]) -> Any:
    """Do long work with a progress bar on standard error."""
    with running.bar() as bar:
        task = bar.add_task("")

        def on_step(step: tuple[str, int, int] | None) -> None:
            if step:
                bar.update(task, description=step[0], completed=step[1], total=step[2] or None)

        return work(on_step)
