"""`cdop release verify` and `key`: whether a package is as its board signed it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cdop.cli import running
from cdop.errors import Invalid, NotFound, Refused
from cdop.security.signing import signer
from cdop.statistics import whose
from cdop.statistics.archive import check_package
from cdop.statistics.package import SIGNS


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The package.")],
    key: Annotated[
        Path,
        typer.Option(metavar="KEY", help="The board's public key, had from elsewhere (PEM)."),
    ],
    digest: Annotated[
        str, typer.Option(metavar="SHA256", help="What the release page says of the file.")
    ] = "",
    as_json: running.AsJson = False,
) -> None:
    """Check signature, manifest and every byte of a package, offline."""
    found = check_package(_read(file), _read(key).decode("utf-8", "replace"))
    if digest and digest.lower() != found.digest:
        raise Refused(
            f"The package is whole and signed, but another one: its SHA-256 is {found.digest}"
        )
    told = json.loads(found.files["disclosure.json"])
    if as_json:
        typer.echo(json.dumps({"sha256": found.digest, "files": len(found.files), **told}))
        return
    typer.echo(f"{file}: signed and unchanged, {len(found.files)} files, SHA-256 {found.digest}")
    typer.echo(f"Digest of the proof: {told['certificate_digest']}")


def show_key(
    context: typer.Context,
    board: Annotated[
        str, typer.Option(metavar="SLUG", help="The panel or group, such as herefordshire-cdop.")
    ],
    version: Annotated[
        int | None,
        typer.Option(metavar="N", help="An older key. Otherwise the one that signs now."),
    ] = None,
) -> None:
    """Print the public key with which a panel's or group's packages are checked.

    Each package is checked with the key it was signed with: its release's page names the version.
    """
    register = running.opened(context)
    with register.reading(running.COMMAND_LINE) as work:
        of = running.organisation(work.session, board)
        if of.kind not in whose.SUBJECTS:
            raise running.Missing(f"{board} is neither a panel nor a joint case review group.")
        try:
            found = signer(work.vault.ring, SIGNS, of.id, version)
        except NotFound:
            raise running.Missing(f"There is no signing key of version {version}.") from None
        typer.echo(found.public_key, nl=False)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Invalid({"file": f"{path} cannot be read"}) from None
