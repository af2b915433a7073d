"""What a sink is sent and how: as its owner can read it, and as nobody else can."""

import os
import socket
import ssl
import stat
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cdop.errors import Misconfigured
from cdop.security.audit import sinks
from cdop.security.audit.checkpoints import notes_in

NOTE = "cdop/tests/tree\n1\nroot\ntime now\n\n\N{EM DASH} cdop/tests signature\n"
OTHER = NOTE.replace("\n1\n", "\n2\n")
GUARDIAN = {"AUDIT_MAIL": "guardian@example.invalid", "SMTP_FROM": "register@example.invalid"}


def sink(**settings: str) -> sinks.Sink:
    (found,) = sinks.configured({f"CDOP_{name}": each for name, each in settings.items()})
    return found


def test_only_sinks_that_are_named_are_served_each_under_its_own_name(tmp_path: Path) -> None:
    assert sinks.configured({"CDOP_AUDIT_FILE": "", "CDOP_SMTP": "smtp://h"}) == []
    place = tmp_path / "kept.txt"
    file, syslog, mail = sinks.configured(
        {
            "CDOP_AUDIT_FILE": str(place),
            "CDOP_AUDIT_SYSLOG": "udp:log.example.invalid:514",
            "CDOP_AUDIT_MAIL": "guardian@example.invalid",
            "CDOP_SMTP_FROM": "register@example.invalid",
            "CDOP_SMTP": "smtp://mail.example.invalid",
        }
    )
    assert file.name == f"file {place}"
    assert syslog.name == "syslog udp:log.example.invalid:514"
    assert mail.name == "mail guardian@example.invalid"
    assert (file.newest, file.every) == (syslog.newest, syslog.every) == (False, timedelta())
    assert (mail.newest, mail.every) == (True, timedelta(hours=24))


def test_a_file_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named otherwise it would be another sink as soon as the program starts elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert sink(AUDIT_FILE="kept.txt").name == f"file {tmp_path / 'kept.txt'}"


def test_a_file_is_its_owners_alone_is_added_to_and_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, on_disk, wait = tmp_path / "kept.txt", [], os.fsync

    def noted(descriptor: int) -> None:
        wait(descriptor)
        on_disk.append(place.read_text())

    monkeypatch.setattr(os, "fsync", noted)
    to = sink(AUDIT_FILE=str(place))
    to.send([NOTE])
    to.send([OTHER, NOTE])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert notes_in(place.read_text()) == [NOTE, OTHER, NOTE]
    assert [len(notes_in(text)) for text in on_disk] == [1, 3]


def test_syslog_knows_it_as_a_matter_of_security() -> None:
    """Facility 4 (security) and severity 6 (informational) of RFC 5424: 4 times 8 and 6."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        sink(AUDIT_SYSLOG=f"udp:127.0.0.1:{server.getsockname()[1]}").send([NOTE])
        received = server.recv(4096)
    assert received.startswith(b"<38>cdop: cdop-checkpoint cdop/tests/tree|1|")
    assert received.endswith(b"signature"), "no NUL, which some servers keep"


def test_a_syslog_that_does_not_take_it_is_an_error_and_not_silence(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        sink(AUDIT_SYSLOG=f"unix:{tmp_path / 'nobody'}").send([NOTE])


@pytest.mark.parametrize("place", ["nowhere", "unix:", "udp:host", "tcp:host:port", "http:host:80"])
def test_where_syslog_cannot_be_is_refused_with_the_form_it_wants(place: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        sink(AUDIT_SYSLOG=place)
    assert str(refused.value) == (
        "CDOP_AUDIT_SYSLOG is unix:/dev/log, udp:HOST:PORT or tcp:HOST:PORT."
    )


class Server:
    """Stands for a mail server, and keeps how it was spoken to."""

    said: ClassVar[list[tuple[Any, ...]]] = []

    def __init__(self, host: str, port: int, timeout: float, **options: Any) -> None:
        self.said.append(("connect", host, port, timeout, options))

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.said.append(("quit",))

    def starttls(self, context: ssl.SSLContext) -> None:
        self.said.append(("starttls", context))

    def login(self, user: str, secret: str) -> None:
        self.said.append(("login", user, secret))

    def send_message(self, message: EmailMessage) -> None:
        self.said.append(("message", message))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    monkeypatch.setattr(Server, "said", [])
    monkeypatch.setattr("smtplib.SMTP", Server)
    monkeypatch.setattr("smtplib.SMTP_SSL", Server)
    return Server.said


def is_sure(context: object) -> bool:
    """Say whether a connection with this context is to whom it should be, and nobody listens."""
    return isinstance(context, ssl.SSLContext) and context.verify_mode == ssl.CERT_REQUIRED


def test_mail_goes_encrypted_and_signed_in(said: list[tuple[Any, ...]], tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("invented password\n")
    server = "smtp://register%40nhs:@mail.example.invalid"
    sink(**GUARDIAN, SMTP=server, SMTP_PASSWORD_FILE=str(secret)).send([NOTE, OTHER])
    (_, *connected, _), (_, context), login, (_, message), end = said
    assert connected == ["mail.example.invalid", 587, sinks.PATIENCE]
    assert is_sure(context)
    assert login == ("login", "register@nhs", "invented password")
    assert end == ("quit",)
    assert (message["To"], message["From"]) == (GUARDIAN["AUDIT_MAIL"], GUARDIAN["SMTP_FROM"])
    assert message["Subject"] == "Checkpoints of the audit log"
    text = message.as_string()
    assert text.isascii()
    assert notes_in(text) == [NOTE, OTHER]
    assert "Keep this message" in text


def test_mail_over_tls_from_the_start_and_to_another_port(said: list[tuple[Any, ...]]) -> None:
    sink(**GUARDIAN, SMTP="smtps://mail.example.invalid").send([NOTE])
    sink(**GUARDIAN, SMTP="smtps://mail.example.invalid:4650").send([NOTE])
    sink(**GUARDIAN, SMTP="smtp://mail.example.invalid:2525").send([NOTE])
    ports = [each[2] for each in said if each[0] == "connect"]
    assert ports == [465, 4650, 2525]
    assert is_sure(said[0][4]["context"])
    assert [each[0] for each in said].count("starttls") == 1
    assert [each[0] for each in said].count("login") == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_mail_that_stays_in_the_machine_needs_no_tls(
    said: list[tuple[Any, ...]], host: str
) -> None:
    sink(**GUARDIAN, SMTP=f"smtp://user@{host}:25").send([NOTE])
    assert [each[0] for each in said[:2]] == ["connect", "login"]
    assert said[1] == ("login", "user", "")


@pytest.mark.parametrize("server", ["", "mail.example.invalid", "smtp://", "http://host"])
def test_a_mail_server_that_cannot_be_is_refused_with_the_form_it_wants(server: str) -> None:
    wanted = "CDOP_AUDIT_MAIL needs CDOP_SMTP, such as smtp://USER@HOST:587, and CDOP_SMTP_FROM."
    for settings in (
        {**GUARDIAN, "SMTP": server},
        {"AUDIT_MAIL": "g@e.invalid", "SMTP": "smtp://h"},
    ):
        with pytest.raises(Misconfigured) as refused:
            sink(**settings)
        assert str(refused.value) == wanted


def test_how_often_a_mail_comes_is_a_number_of_hours() -> None:
    server = {**GUARDIAN, "SMTP": "smtp://h"}
    assert sink(**server, AUDIT_MAIL_HOURS="6").every == timedelta(hours=6)
    assert sink(**server, AUDIT_MAIL_HOURS="").every == timedelta(hours=24)
    with pytest.raises(Misconfigured) as refused:
        sink(**server, AUDIT_MAIL_HOURS="daily")
    assert str(refused.value) == "CDOP_AUDIT_MAIL_HOURS is a whole number of hours."
