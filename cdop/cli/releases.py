"""`cdop release`: the release desk for scripts. Each step is what a click does, and is audited."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import TaskID
from sqlmodel import Session

from cdop.cli import running
from cdop.errors import Invalid, Misconfigured, Refused, Unsafe
from cdop.security.work import Register
from cdop.statistics import advising, counting, drafting, proving, releasing, settling
from cdop.statistics.definitions import year_tables
from cdop.statistics.disclosure.asking import OnStep
from cdop.statistics.drafting import Draft, parse_known
from cdop.statistics.models import Release
from cdop.statistics.rules import Recipient, State

releases = typer.Typer(help="Protected statistics that may leave the register.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The release, as list shows it.")]
Board = Annotated[
    str,
    typer.Option(metavar="SLUG", help="The panel, or a board it serves."),
]
Year = Annotated[str, typer.Option(help="The financial year, such as 2013-14; of a pool the last.")]
Years = Annotated[int, typer.Option(help="How many years to pool, up to 5.")]
ProfileId = Annotated[str, typer.Option(metavar="ID", help="What is hidden or rounded, and how.")]
For = Annotated[
    list[str] | None,
    typer.Option(
        "--for", metavar="NAME", help="Whom it is for. NAME@SLUG: knows that organisation's cases."
    ),
]
Public = Annotated[bool, typer.Option("--public", help="It is published, not shared by agreement.")]
Ways = Annotated[
    list[str] | None, typer.Option("--merge", metavar="WAY", help="Coarser answers, as ages-3.")
]
KnownFile = Annotated[
    Path | None,
    typer.Option("--known", metavar="FILE", help="Counts published by others: table,codes,source."),
]
Note = Annotated[str, typer.Option(help="A note for the readers, settled by the approver.")]
Edition = Annotated[
    str | None, typer.Option("--replaces", metavar="ID", help="The release it is a new edition of.")
]
To = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write it. Otherwise here, under its own name."),
]
Reason = Annotated[str, typer.Option(help="Why.")]


@releases.command("draft")
def draft(
    context: typer.Context,
    board: Board,
    year: Year,
    profile: ProfileId = releasing.DEFAULT_PROFILE,
    recipients: For = None,
    years: Years = 1,
    public: Public = False,
    ways: Ways = None,
    known: KnownFile = None,
    note: Note = "",
    replaces: Edition = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Draft a release of a panel's years. Nothing is protected yet."""
    register = running.opened(context)
    wanted = _wanted(year, profile, recipients, years, public, ways, known, note)
    release = _drafted(register, as_user, board, wanted, replaces)
    _say(release, as_json)


@releases.command("preview")
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
    kept = _followed(lambda on_step: how(register, actor, _id(release), on_step))
    if as_json:
        typer.echo(json.dumps(kept))
        return
    for each in kept:
        what = " ".join([each["profile"], f"{each['years']}y", *each["ways"]])
        typer.echo(
            f"{what}: not safe. {each['why']}"
            if each["why"]
            else f"{what}: {each['shown']} of {each['some']} counts shown, {each['value']}% of the"
            f" value, {each['totals']}% of totals, {each['hidden']} hidden, width {each['width']}"
        )


@releases.command("build")
def build(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A draft. Otherwise one is drafted.")
    ] = None,
    board: Annotated[str, typer.Option(metavar="SLUG", help="The panel or board.")] = "",
    year: Annotated[str, typer.Option(help="The financial year, such as 2013-14.")] = "",
    profile: ProfileId = releasing.DEFAULT_PROFILE,
    recipients: For = None,
    years: Years = 1,
    public: Public = False,
    ways: Ways = None,
    known: KnownFile = None,
    note: Note = "",
    replaces: Edition = None,
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
    actor = running.acting(register, as_user)
    if release is None:
        if not board or not year:
            raise Invalid({"release": "Name a draft, or --board and --year"})
        wanted = _wanted(year, profile, recipients, years, public, ways, known, note)
        release = str(_drafted(register, as_user, board, wanted, replaces).id)
    draft_id = _id(release)
    with register.reading(actor) as work:
        done = releasing.find_release(work, draft_id, releasing.BUILD)
    if not done.package:
        done = _followed(lambda on_step: proving.build(register, actor, draft_id, on_step))
    if done.state == State.RELEASED:
        _download(register, as_user, draft_id, to, as_json)
        return
    if approver is None:
        running.note("It waits for a second person: cdop release approve ID --as USERNAME")
        _say(done, as_json)
        return
    second = running.acting(register, approver)
    done = register.do(second, settling.approve, draft_id, settled=not done.note)
    _download(register, as_user, done.id, to, as_json)


@releases.command("approve")
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
    done = register.do(actor, settling.approve, _id(release), settled=settled)
    _say(done, as_json)


@releases.command("decline")
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
    _say(register.do(actor, settling.decline, _id(release), reason), as_json)


@releases.command("withdraw")
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
    done = register.do(actor, settling.withdraw, _id(release), reason)
    if not as_json:
        names = "; ".join(each["name"] for each in done.recipients)
        running.note(f"Tell those who have it: {names}, and who downloaded it (release downloads).")
    _say(done, as_json)


@releases.command("list")
def show(
    context: typer.Context,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List the ledger of releases, the newest first."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        found = [_told(each) for each in releasing.ledger(work)]
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        typer.echo(f"{each['id']}  {each['year']}  {each['profile']}  {each['state']}")


@releases.command("downloads")
def downloads(
    context: typer.Context,
    release: Id,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """List who downloaded a release, and when."""
    register = running.opened(context)
    with register.reading(running.acting(register, as_user)) as work:
        found = releasing.events(work, releasing.get_release(work, _id(release)))
        rows = [
            {"at": each.at.isoformat(), "by": each.by} for each in found if each.kind == "download"
        ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['at']}  {row['by']}")


@releases.command("download")
def download(
    context: typer.Context,
    release: Id,
    to: To = None,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Write the package of a release that is out to a file."""
    _download(running.opened(context), as_user, _id(release), to, as_json)


@releases.command("rebuild")
def rebuild(
    context: typer.Context,
    release: Id,
    as_user: running.AsUser = None,
    as_json: running.AsJson = False,
) -> None:
    """Build a release again from its frozen rows and compare, byte for byte."""
    register = running.opened(context)
    actor = running.acting(register, as_user)
    content, same = settling.rebuild(register, actor, _id(release))
    if as_json:
        typer.echo(json.dumps({"same": same, "bytes": len(content)}))
    elif same:
        typer.echo(f"The same, byte for byte ({len(content):,} bytes).")
    if not same:
        raise Unsafe("Built again, the release is another one: do not rely on it.")


def _wanted(
    year: str,
    profile: str,
    recipients: list[str] | None,
    years: int,
    public: bool,
    ways: list[str] | None,
    known: Path | None,
    note: str,
) -> Draft:
    audience = "public" if public else "partner"
    named = [name.partition("@") for name in recipients or ["Public health"]]
    for_whom = tuple(Recipient(name, audience, board) for name, _, board in named)
    margins = parse_known(_text(known), year_tables(year)) if known else ()
    return Draft(year, profile, for_whom, years, tuple(ways or ()), margins, note)


def _drafted(
    register: Register, as_user: str | None, board: str, wanted: Draft, replaces: str | None
) -> Release:
    """Draft a release, or return the same one that stands proved or out already."""
    actor = running.acting(register, as_user)
    with Session(register.engine) as session:
        panel = counting.resolve_cdop(session, board, wanted.year)
    earlier = _id(replaces) if replaces else None
    with register.reading(actor) as work:
        found = None if earlier else proving.built_already(work, panel, wanted)
    if found:
        return found
    return register.do(actor, drafting.draft, panel, wanted, earlier)


def _download(
    register: Register, as_user: str | None, release_id: UUID, to: Path | None, as_json: bool
) -> None:
    actor = running.acting(register, as_user)
    name, content = register.do(actor, releasing.package_bytes, release_id)
    file = to or Path(name)
    _write(file, content)
    with register.reading(actor) as work:
        release = releasing.get_release(work, release_id)
    if as_json:
        told = {"file": str(file), "sha256": release.digest, "profile": release.profile}
        typer.echo(json.dumps({**told, "id": str(release.id)}))
        return
    typer.echo(f"Wrote {file} ({len(content):,} bytes), SHA-256 {release.digest}")


def _followed(work: Callable[[OnStep], Any]) -> Any:
    """Do long work with a progress bar on standard error."""
    with running.bar() as bar:
        shown: dict[str, TaskID] = {}

        def on_step(step: tuple[str, int, int] | None) -> None:
            if step:
                task = shown.setdefault(step[0], bar.add_task(step[0]))
                bar.update(task, completed=step[1], total=step[2])

        return work(on_step)


def _say(release: Release, as_json: bool) -> None:
    told = _told(release)
    typer.echo(json.dumps(told) if as_json else f"{told['id']}  {told['state']}")


def _told(release: Release) -> dict[str, Any]:
    return {
        "id": str(release.id),
        "state": str(release.state),
        "year": release.year,
        "years": release.years,
        "profile": release.profile,
        "recipients": [each["name"] for each in release.recipients],
        "sha256": release.digest,
        "replaces": str(release.replaces_id) if release.replaces_id else None,
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid({"release": "That is no release's ID; see cdop release list"}) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Invalid({"known": f"{path} cannot be read"}) from None


def _write(file: Path, content: bytes) -> None:
    """Write a new file; the same one that stands there already will do."""
    if file.exists():
        if file.read_bytes() != content:
            raise Refused(f"Another file stands at {file}; it is not written over.")
        return
    try:
        with file.open("xb") as out:
            out.write(content)
    except OSError as error:
        raise Misconfigured(f"No file can be written in {file.resolve().parent}.") from error
