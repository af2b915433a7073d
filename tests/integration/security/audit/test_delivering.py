"""Checkpoints reach every sink; one that fails is shown, tried again, and loses nothing."""

import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, select

from cdop.clock import FixedClock
from cdop.db import new_id
from cdop.security.actor import system
from cdop.security.audit import delivering, exporting, proving, sealer, sinks
from cdop.security.audit.checkpoints import notes_in, one_line
from cdop.security.audit.models import NO_ORGANISATION, Delivery, SinkState
from cdop.security.audit.verifying import verify
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from tests.mailbox import SENDER, mailbox, sending

SYSTEM = system("tests")


def grow(register: Register, times: int = 1) -> None:
    """Add a checkpoint, or several."""
    for _ in range(times):
        with register.work(SYSTEM) as work:
            work.audit("tests:thing:done")
        sealer.seal(register)


def standing(register: Register) -> list[delivering.Standing]:
    with register.reading(SYSTEM) as work:
        return delivering.standings(work, register.settings)


def newest(register: Register) -> list[str]:
    with register.reading(SYSTEM) as work:
        return [each.note for each in proving.newest(work)]


def holds(register: Register, text: str) -> bool:
    """Say whether an export holds up to what a sink has kept."""
    with register.reading(SYSTEM) as work:
        verifier = exporting.signer(work).verifier
    report = verify(exporting.export(register, SYSTEM), verifier, notes_in(text))
    return report.is_intact and report.newer == 1


@contextmanager
def listening(kind: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A syslog server. Gives its address as the setting names it, and what it received."""
    received: list[str] = []

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            received.extend(line.decode() for line in self.rfile)

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            received.append(self.request[0].decode())

    server: socketserver.BaseServer
    if kind == "tcp":
        server = socketserver.TCPServer(("127.0.0.1", 0), Stream)
    elif kind == "udp":
        server = socketserver.UDPServer(("127.0.0.1", 0), Datagram)
    else:
        server = socketserver.UnixDatagramServer(str(folder / "log"), Datagram)
    where = folder / "log" if kind == "unix" else "{}:{}".format(*server.server_address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"{kind}:{where}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_elsewhere_gets_every_checkpoint_once(register: Register, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    grow(register, 3)
    delivering.deliver(register)
    delivering.deliver(register)
    assert len(notes_in(file.read_text())) == 3
    grow(register)
    delivering.deliver(register)
    assert notes_in(file.read_text())[-1:] == newest(register)
    assert [each.behind for each in standing(register)] == [0]
    assert holds(register, file.read_text())


@pytest.mark.parametrize("kind", ["tcp", "udp", "unix"])
def test_syslog_gets_each_as_one_line_that_verifies(
    sqlite_register: Register, tmp_path: Path, kind: str
) -> None:
    with listening(kind, tmp_path) as (place, received):
        sending(sqlite_register, AUDIT_SYSLOG=place)
        grow(sqlite_register, 2)
        delivering.deliver(sqlite_register)
        for _ in range(200):
            if len(received) == 2:
                break
            threading.Event().wait(0.01)
    assert len(received) == 2
    assert all(line.isascii() and line.count("\n") <= 1 for line in received)
    assert notes_in("\n".join(received))[-1:] == newest(sqlite_register)
    assert holds(sqlite_register, "\n".join(received))


def test_two_sinks_and_one_of_them_fails(
    register: Register, clock: FixedClock, tmp_path: Path
) -> None:
    """The other is served meanwhile; this one gets all it missed once it answers."""
    good, bad = tmp_path / "good.txt", tmp_path / "missing" / "bad.txt"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    sending(register, AUDIT_FILE=str(good), AUDIT_SYSLOG=f"tcp:127.0.0.1:{port}")
    grow(register)
    delivering.deliver(register)
    file, syslog = standing(register)
    assert (file.behind, file.is_failing) == (0, False)
    assert (syslog.behind, syslog.is_failing) == (1, True)
    assert syslog.state.error == "ConnectionRefusedError"

    sending(register, AUDIT_FILE=str(bad))
    delivering.deliver(register)
    grow(register)
    assert standing(register)[0].is_failing
    bad.parent.mkdir()
    delivering.deliver(register)
    assert not bad.exists(), "it is left alone for a minute"
    clock.at += delivering.RETRY
    delivering.deliver(register)
    assert notes_in(bad.read_text())[-1:] == newest(register)
    assert not standing(register)[0].is_failing
    with register.reading(SYSTEM) as work:
        actions = work.session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all()
    assert actions.count(delivering.FAIL) == 2
    assert actions.count(delivering.RECOVER) == 1


def test_mail_takes_the_newest_once_a_day(sqlite_register: Register, clock: FixedClock) -> None:
    with mailbox() as (address, received):
        sending(
            sqlite_register, AUDIT_MAIL="guardian@example.invalid", SMTP_FROM=SENDER, SMTP=address
        )
        grow(sqlite_register, 3)
        delivering.deliver(sqlite_register)
        grow(sqlite_register)
        delivering.deliver(sqlite_register)
        (message,) = received
        assert message["To"] == "guardian@example.invalid"
        assert message["From"] == SENDER
        assert len(notes_in(message.as_string())) == 1
        clock.at += timedelta(hours=24)
        delivering.deliver(sqlite_register)
    text = received[1].as_string()
    assert notes_in(text) == newest(sqlite_register)
    assert holds(sqlite_register, text)
    assert not standing(sqlite_register)[0].is_failing


def test_a_note_comes_back_from_one_line_of_syslog(sqlite_register: Register) -> None:
    grow(sqlite_register)
    (note,) = newest(sqlite_register)
    line = f"Nov 20 09:00:00 host cdop: {one_line(note)}\n"
    assert notes_in(f"another line\n{line}") == [note]


def test_each_tree_s_checkpoints_are_brought_in_order_and_in_parts(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than goes at once is brought at once all the same; nothing twice, nothing left out."""
    monkeypatch.setattr(delivering, "_AT_ONCE", 2)
    sent: list[list[str]] = []
    file = tmp_path / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    at = new_id()
    for place in (at, None, at, None, at):
        with register.work(SYSTEM) as work:
            work.audit("tests:thing:done", None, place)
        sealer.seal(register)
    with register.reading(SYSTEM) as work:
        assert sorted(delivering.trees(work)) == sorted({NO_ORGANISATION, at})
    (before,) = standing(register)
    assert (before.name, before.behind, before.state) == (f"file {file}", 2, None)
    assert not before.is_failing
    real = sinks.configured

    def noting(settings: Mapping[str, str]) -> list[sinks.Sink]:
        (sink,) = real(settings)

        def send(notes: Sequence[str]) -> None:
            sent.append(list(notes))
            sink.send(notes)

        return [replace(sink, send=send)]

    monkeypatch.setattr(sinks, "configured", noting)
    delivering.deliver(register)
    assert [len(each) for each in sent] == [2, 2, 1]
    with register.reading(SYSTEM) as work:
        key = exporting.signer(work).verifier
        taken = {row.tree: row.size for row in work.session.exec(select(Delivery))}
    found = [key.open(note) for note in notes_in(file.read_text())]
    sizes = [(each.origin.rpartition("/")[2], each.size) for each in found]
    assert sorted(sizes) == sorted(set(sizes))
    trees = [UUID(tree) for tree, _ in sizes]
    assert trees == sorted(trees)
    assert [size for tree, size in sizes if tree == str(at)] == [1, 2, 3]
    assert taken == {at: 3, NO_ORGANISATION: 2}


def test_how_a_sink_fails_is_kept_and_told_once_in_the_log(
    register: Register, clock: FixedClock, tmp_path: Path
) -> None:
    file = tmp_path / "a missing folder" / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    grow(register)
    began = clock.at
    for _ in range(3):
        delivering.deliver(register)
        clock.at += delivering.RETRY
    (failing,) = standing(register)
    assert failing.state
    assert failing.is_failing
    assert (failing.state.failing_since, failing.state.error) == (began, "FileNotFoundError")
    assert failing.state.tried_at == clock.at - delivering.RETRY
    file.parent.mkdir()
    clock.at -= timedelta(seconds=1)
    delivering.deliver(register)
    assert not file.exists()
    clock.at += timedelta(seconds=1)
    delivering.deliver(register)
    (well,) = standing(register)
    assert well.state
    assert (well.state.failing_since, well.state.error, well.behind) == (None, "", 0)
    with register.reading(SYSTEM) as work:
        told = select(AuditEntry).where(col(AuditEntry.action).like("audit:sink:%"))
        lines = work.session.exec(told.order_by(col(AuditEntry.id))).all()
    assert [(each.action, each.detail) for each in lines] == [
        ("audit:sink:fail", {"sink": "file", "error": "FileNotFoundError"}),
        ("audit:sink:recover", {"sink": "file"}),
    ]


def test_what_another_server_has_just_tried_is_not_tried_again(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks, another takes it up, and it finds so when it writes down its own attempt."""
    file = tmp_path / "missing" / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    grow(register)
    real = delivering._is_due
    looked: list[bool] = []

    def meanwhile(state: SinkState | None, sink: sinks.Sink, work: Work) -> bool:
        if not looked:
            looked.append(True)
            return True
        return real(state, sink, work)

    delivering.deliver(register)  # the other's attempt, which failed
    file.parent.mkdir()
    monkeypatch.setattr(delivering, "_is_due", meanwhile)
    delivering.deliver(register)
    assert not file.exists()
