"""A mail server on loopback that knows just enough of SMTP, and keeps what it is sent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import ClassVar

from cdop.config import Settings
from cdop.security.work import Register

SENDER = "register@example.invalid"


class Mailbox(socketserver.StreamRequestHandler):
    """Takes every message, whoever it is for."""

    received: ClassVar[list[Message]] = []

    def handle(self) -> None:
        self.wfile.write(b"220 mailbox\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.received.append(message_from_bytes(b"".join(lines)))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mailbox() -> Iterator[tuple[str, list[Message]]]:
    """Serve a mailbox. Gives its address as a setting names it, and what it receives."""
    Mailbox.received.clear()
    with socketserver.TCPServer(("127.0.0.1", 0), Mailbox) as server:
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", Mailbox.received
        server.shutdown()


def sending(register: Register, **settings: str) -> None:
    """Give a register sinks and a mail server, as the environment would."""
    object.__setattr__(
        register,
        "settings",
        Settings(
            register.settings.data,
            register.settings.database_url,
            register.settings.keys,
            sending={f"CDOP_{name}": value for name, value in settings.items()},
        ),
    )
