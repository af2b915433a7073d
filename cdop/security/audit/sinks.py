"""Sinks: places out of the register's reach that keep its checkpoints.

Each is named in the environment, and any number of the three may be at once:

    CDOP_AUDIT_FILE     a file elsewhere, to which checkpoints are appended
    CDOP_AUDIT_SYSLOG   unix:/dev/log, udp:HOST:PORT or tcp:HOST:PORT
    CDOP_AUDIT_MAIL     who gets the newest checkpoints, once a day (CDOP_AUDIT_MAIL_HOURS), by
                        the mail server of `cdop.security.mail`

A checkpoint holds ids, a number, a hash and a time: nothing of a person.
"""

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Any, NoReturn

from cdop.config import SINK_SETTINGS
from cdop.errors import Misconfigured
from cdop.security import mail
from cdop.security.audit.checkpoints import one_line

PATIENCE = 10.0  # seconds for a sink to answer
DAILY = 24
_MAIL = (
    "These are the newest checkpoints of the audit log of a register of cdop. Keep this message:\n"
    "with it, and with the public key, it can be proved later that nobody changed the log\n"
    "(cdop audit verify). Nothing needs to be done.\n"
)


@dataclass(frozen=True)
class Sink:
    """A place that takes checkpoints. `send` raises OSError when it does not take them.

    `name` tells it from others; `every` is how long it is left in peace between two deliveries;
    `newest` wants the newest checkpoint of each tree alone.
    """

    name: str
    send: Callable[[Sequence[str]], None]
    every: timedelta = timedelta()
    newest: bool = False


def configured(settings: Mapping[str, str]) -> list[Sink]:
    """Return the sinks that the environment names. Raises Misconfigured for one it cannot be."""
    made = {"FILE": _file, "SYSLOG": _syslog, "MAIL": _mail}
    return [
        make(settings[SINK_SETTINGS + name], settings)
        for name, make in made.items()
        if settings.get(SINK_SETTINGS + name)
    ]


def _file(place: str, _settings: Mapping[str, str]) -> Sink:
    path = Path(place).absolute()

    def send(notes: Sequence[str]) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a") as file:
            file.write("".join(f"{note}\n" for note in notes))
            file.flush()
            os.fsync(file.fileno())

    return Sink(f"file {path}", send)


class _Strict(SysLogHandler):
    """Python's own, which keeps silent about what it could not send."""

    append_nul = False

    def createSocket(self) -> None:  # noqa: N802 - the handler's name for it
        super().createSocket()
        self.socket.settimeout(PATIENCE)  # type: ignore[attr-defined]

    def handleError(self, record: logging.LogRecord) -> NoReturn:  # noqa: N802
        raise


def _syslog(place: str, _settings: Mapping[str, str]) -> Sink:
    kind, _, rest = place.partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in ("unix", "udp", "tcp") or not rest or (kind != "unix" and not port.isdigit()):
        raise Misconfigured("CDOP_AUDIT_SYSLOG is unix:/dev/log, udp:HOST:PORT or tcp:HOST:PORT.")
    address: Any = rest if kind == "unix" else (host, int(port))
    way = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}.get(kind)

    def send(notes: Sequence[str]) -> None:
        handler = _Strict(address, SysLogHandler.LOG_AUTH, way)
        handler.ident = "cdop: "
        end = "\n" if kind == "tcp" else ""
        try:
            for note in notes:
                record = {"msg": one_line(note) + end, "levelname": "INFO", "levelno": logging.INFO}
                handler.emit(logging.makeLogRecord(record))
        finally:
            handler.close()

    return Sink(f"syslog {place}", send)


def _mail(to: str, settings: Mapping[str, str]) -> Sink:
    try:
        server = mail.configured(settings)
    except Misconfigured:
        server = None
    hours = settings.get("CDOP_AUDIT_MAIL_HOURS") or str(DAILY)
    if server is None:
        raise Misconfigured(
            "CDOP_AUDIT_MAIL needs CDOP_SMTP, such as smtp://USER@HOST:587, and CDOP_SMTP_FROM."
        )
    if not hours.isdigit():
        raise Misconfigured("CDOP_AUDIT_MAIL_HOURS is a whole number of hours.")

    def send(notes: Sequence[str]) -> None:
        mail.send(
            server, to, "Checkpoints of the audit log", "\n".join([_MAIL, *map(one_line, notes)])
        )

    return Sink(f"mail {to}", send, timedelta(hours=int(hours)), newest=True)
