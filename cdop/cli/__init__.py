"""The command line: a user of the services like any other, audited like a click.

Exit codes: 0 done; 1 refused, or a check found something; 2 wrong usage; 3 a fault of the program.
"""

from pathlib import Path
from typing import Annotated

import typer

from cdop import __version__, config
from cdop.cli import (
    audit,
    backups,
    break_glass,
    demonstration,
    keys,
    organisations,
    permissions,
    protect,
    protect_help,
    reference,
    registers,
    releases,
    reports,
    retention,
    sign_ins,
    users,
)
from cdop.cli.running import Commands

app = typer.Typer(
    name="cdop",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A register of child deaths and joint case reviews.",
    epilog="Exit codes: 0 done; 1 refused, or a check found something; 2 wrong usage; 3 a fault.",
)


@app.callback()
def choose_register(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="The register's folder. Otherwise CDOP_DATA, otherwise ./register-data.",
        ),
    ] = None,
) -> None:
    """Choose the register that the command works on."""
    context.obj = config.load(data)


@app.command("version")
def show_version() -> None:
    """Print the version of this program."""
    typer.echo(__version__)


app.command("init")(registers.init)
app.command("serve")(registers.serve)
app.command("demo")(demonstration.demo)
app.command("doctor")(registers.doctor)
app.command("permissions")(permissions.permissions)
app.command("report")(reports.report)
app.command("protect", help=protect_help.HELP)(protect.protect)
users.app.command("identities")(sign_ins.identities)
users.app.command("unlink")(sign_ins.unlink)
users.app.command("end-deputy")(sign_ins.end_deputy)
app.add_typer(users.app, name="user")
app.add_typer(organisations.app, name="organisation")
app.add_typer(releases.app, name="release")
app.add_typer(reference.app, name="reference")
app.add_typer(backups.app, name="backup")
app.add_typer(keys.app, name="keys")
app.add_typer(break_glass.app, name="break-glass")
app.add_typer(audit.app, name="audit")
app.add_typer(retention.app, name="retention")
