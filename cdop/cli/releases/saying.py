"""How releases are named and printed on the command line, and written to a file."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from cdop.cli import running
from cdop.errors import Invalid, Misconfigured, Refused
from cdop.security.work import Register
from cdop.statistics import releasing
from cdop.statistics.models import Release

Id = Annotated[str, typer.Argument(metavar="ID", help="The release, as list shows it.")]
To = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write it. Otherwise here, under its own name."),
]


def release_id(text: str) -> UUID:
    """Return the id that was typed. Raises Invalid."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid({"release": "That is no release's ID; see cdop release list"}) from None


def told(release: Release) -> dict[str, Any]:
    """Return what is printed of a release for scripts."""
    return {
        "id": str(release.id),
        "state": str(release.state),
        "year": release.year,
        "years": release.years,
        "profile": release.profile,
        "tables": [f"{each['population']}:{','.join(each['by'])}" for each in release.asked or ()],
        "recipients": [each["name"] for each in release.recipients],
        "sha256": release.digest,
        "replaces": str(release.replaces_id) if release.replaces_id else None,
    }


def say(release: Release, as_json: bool) -> None:
    """Print where a release stands."""
    typer.echo(json.dumps(told(release)) if as_json else f"{release.id}  {release.state}")


def write_package(
    register: Register, as_user: str | None, id: UUID, to: Path | None, as_json: bool
) -> None:
    """Download a release that is out, as an account, to a file."""
    actor = running.acting(register, as_user)
    name, content = register.do(actor, releasing.package_bytes, id)
    file = to or Path(name)
    _write(file, content)
    with register.reading(actor) as work:
        release = releasing.get_release(work, id)
    if as_json:
        facts = {"file": str(file), "sha256": release.digest, "profile": release.profile}
        typer.echo(json.dumps({**facts, "id": str(release.id)}))
        return
    typer.echo(f"Wrote {file} ({len(content):,} bytes), SHA-256 {release.digest}")


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
