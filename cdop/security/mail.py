"""Sending mail: by one server, named in the environment, and only ever encrypted on the way.

    CDOP_SMTP                smtp://USER@HOST:587 (STARTTLS) or smtps://USER@HOST:465
    CDOP_SMTP_PASSWORD_FILE  a file that holds that user's password
    CDOP_SMTP_FROM           from whom

No message names a child: whoever writes one sees to that.
"""

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from cdop.errors import Misconfigured

PATIENCE = 10.0  # seconds for the server to answer
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Server:
    """The mail server, from whom the register writes, and where the user's password lies."""

    where: SplitResult
    sender: str
    password_file: str | None


def configured(settings: Mapping[str, str]) -> Server | None:
    """Return the mail server that the environment names, or None. Raises Misconfigured."""
    address, sender = settings.get("CDOP_SMTP", ""), settings.get("CDOP_SMTP_FROM", "")
    if not address:
        return None
    where = urlsplit(address)
    if where.scheme not in ("smtp", "smtps") or not where.hostname or not sender:
        raise Misconfigured("CDOP_SMTP is such as smtp://USER@HOST:587, and needs CDOP_SMTP_FROM.")
    return Server(where, sender, settings.get("CDOP_SMTP_PASSWORD_FILE"))


def send(server: Server, to: str, subject: str, text: str) -> None:
    """Send a message of ASCII lines below 998 characters. Raises OSError."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, server.sender, to
    # No mail server on the way writes such lines otherwise.
    message.set_content(text, "plain", "us-ascii", "7bit")
    with _connected(server.where) as smtp:
        if server.where.username:
            file = server.password_file
            secret = Path(file).read_text().strip() if file else ""
            smtp.login(unquote(server.where.username), secret)
        smtp.send_message(message)


def _connected(server: SplitResult) -> smtplib.SMTP:
    """Return a connection that nobody listens to; unencrypted only where it stays in the machine.

    Raises OSError.
    """
    host, secure = server.hostname or "", ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=PATIENCE, context=secure)
    smtp = smtplib.SMTP(host, server.port or 587, timeout=PATIENCE)
    if host not in _LOOPBACK:
        smtp.starttls(context=secure)
    return smtp
