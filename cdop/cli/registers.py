"""`cdop init`, `serve` and `doctor`: a register's own life."""

import json
import os
import socket
from dataclasses import asdict, replace
from typing import Annotated

import typer

from cdop import doctor as doctors
from cdop import registers
from cdop.cli import running
from cdop.errors import Misconfigured
from cdop.security.audit.keeping import kept_sealed
from cdop.sign_in.notices import telling


def init(context: typer.Context) -> None:
    """Make an empty register for real use, or bring one that stands here up to date."""
    settings = running.settings(context)
    stood = registers.exists(settings)
    register = running.sealing(context, registers.create(settings))
    with register.work(running.COMMAND_LINE) as work:
        work.audit("register:register:upgrade" if stood else "register:register:create")
    command = f"cdop --data {settings.data}"
    if stood:
        typer.echo(f"The register in {settings.data} is up to date.")
        return
    typer.echo(f"An empty register stands in {settings.data}.")
    typer.echo(
        f"Its keys are in {settings.keys}. Keep a copy of that file in another place: "
        "without it nothing sealed can be read, and no backup holds it."
    )
    typer.echo("Next, name the organisations and the first administrator:")
    typer.echo(f'  {command} organisation add SLUG --kind area --name "…" --from 2019-09-29')
    typer.echo(f'  {command} user add USERNAME --name "…" --role administrator')
    typer.echo("The second prints an invitation, by which its owner chooses a password.")


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(envvar="PORT", min=1, max=65535, help="The port to listen on.")
    ] = 8000,
) -> None:
    """Serve the register to browsers on this machine (another address: CDOP_HOST)."""
    # Only this command needs the web: the others start faster without it.
    import uvicorn

    from cdop.web.app import create_app

    register = running.opened(context)
    if not os.environ.get("CDOP_ORIGIN"):
        # Passkeys know the register by the address that people type: here the one printed below.
        register.settings = replace(register.settings, origin=f"http://localhost:{port}")
    web = create_app(register, beside=lambda served: kept_sealed(served, telling.deliver))
    host = os.environ.get("CDOP_HOST") or "127.0.0.1"
    listening = _listen(host, port)
    with register.work(running.COMMAND_LINE) as work:
        work.audit("register:server:start", host=host, port=port)
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::1", "::") else host  # noqa: S104
    typer.echo(f"Serving {register.settings.data} at http://{shown}:{port}")
    typer.echo("Next: open that address in a browser and sign in. Stop with Ctrl-C.")
    # What a proxy says of where a request came from is believed of this address only.
    proxy = os.environ.get("CDOP_PROXY")
    # No access log: an address may tell whose record was read, and the audit log says more.
    settings = uvicorn.Config(
        web,
        log_level="warning",
        access_log=False,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy,
        server_header=False,
    )
    uvicorn.Server(settings).run(sockets=[listening])


def doctor(
    context: typer.Context,
    thorough: Annotated[
        bool, typer.Option("--all", help="Open every sealed row, not a sample of the latest.")
    ] = False,
    as_json: running.AsJson = False,
) -> None:
    """Check the register and say what is wrong with it and how to mend it.

    Exit code 1 when something is wrong.
    """
    with running.bar() as bar:
        task = bar.add_task("Opening sealed rows", total=None)
        found = doctors.examine(
            running.settings(context),
            thorough=thorough,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in found], indent=1))
    else:
        for check in found:
            _show(check)
    if any(check.state == doctors.WRONG for check in found):
        raise typer.Exit(running.REFUSED)


def _show(check: doctors.Check) -> None:
    colours = {doctors.OK: "green", doctors.WRONG: "red", doctors.SKIPPED: "yellow"}
    colours[doctors.WEAK] = "magenta"
    mark = typer.style(check.state.ljust(7), fg=colours[check.state])
    typer.echo(f"{mark} {check.name}: {check.found}")
    if check.mend:
        typer.echo(f"        To mend it: {check.mend}")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise Misconfigured(
            f"Port {port} of {host} cannot be listened on ({error.strerror}): something else may "
            "be serving there. Choose another with: cdop serve --port 8001"
        ) from error
    # asyncio sets this only on sockets it made itself; without it each page waits 40 ms for an ACK.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
