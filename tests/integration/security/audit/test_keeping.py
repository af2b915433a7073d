"""While a register is served its log is sealed and delivered, whatever goes wrong meanwhile."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from cdop.errors import Misconfigured
from cdop.security.actor import system
from cdop.security.audit import delivering, keeping, sealer
from cdop.security.audit.checkpoints import notes_in
from cdop.security.audit.keeping import kept_sealed
from cdop.security.audit.models import SealerLease
from cdop.security.work import Register
from tests.mailbox import sending

SYSTEM = system("tests")


@pytest.fixture
def register(sqlite_register: Register, monkeypatch: pytest.MonkeyPatch) -> Register:
    """A register that has no time to wait."""
    monkeypatch.setattr(keeping, "SECOND", 0.01)
    monkeypatch.setattr(keeping, "DELIVERED_EVERY", 0.01)
    return sqlite_register


def write(register: Register) -> None:
    with register.work(SYSTEM) as work:
        work.audit("tests:thing:done")


def waiting(register: Register) -> int:
    with register.reading(SYSTEM) as work:
        return sealer.waiting(work).lines


def becomes(is_so: Callable[[], bool]) -> bool:
    """Say whether something comes true within ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.01)
    return False


def test_a_line_is_sealed_and_delivered_while_it_serves(register: Register, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    before = threading.active_count()
    with kept_sealed(register):
        write(register)
        assert becomes(lambda: waiting(register) == 0)
        assert becomes(lambda: file.exists() and len(notes_in(file.read_text())) == 1)
        with register.reading(SYSTEM) as work:
            assert work.session.exec(select(SealerLease.holder)).one()
    assert threading.active_count() == before


def test_what_was_written_last_is_sealed_and_delivered_at_the_end(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "SECOND", 60)
    monkeypatch.setattr(keeping, "DELIVERED_EVERY", 60)
    file = tmp_path / "elsewhere.txt"
    sending(register, AUDIT_FILE=str(file))
    begun = time.monotonic()

    def serve() -> None:
        with kept_sealed(register):
            write(register)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve()
    assert time.monotonic() - begun < 30, "it does not wait for its next second"
    assert waiting(register) == 0
    assert len(notes_in(file.read_text())) == 1


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT secret", {}, Exception("gone")), Misconfigured("secret")]
)
@pytest.mark.parametrize("step", [(sealer, "seal"), (delivering, "deliver")])
def test_what_fails_now_is_done_with_the_next_step_and_told_in_the_log(
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    step: tuple[object, str],
) -> None:
    """The log names the kind of error alone: its words might hold what was being written."""
    tries, real = [], getattr(*step)

    def fails_once(*arguments: object) -> object:
        tries.append(arguments)
        if len(tries) == 1:
            raise error
        return real(*arguments)

    monkeypatch.setattr(*step, fails_once)
    with caplog.at_level(logging.WARNING, "cdop"), kept_sealed(register):
        write(register)
        assert becomes(lambda: len(tries) > 1 and waiting(register) == 0)
    kind = type(error).__name__
    assert caplog.messages == [f"the audit log was not sealed or delivered: {kind}"]


def test_two_servers_seal_under_two_names(register: Register) -> None:
    holders = set()
    for _ in range(2):
        with register.work(SYSTEM) as work:
            for row in work.session.exec(select(SealerLease)):
                work.session.delete(row)
        with kept_sealed(register):
            write(register)
            assert becomes(lambda: waiting(register) == 0)
            with register.reading(SYSTEM) as work:
                holders.add(work.session.exec(select(SealerLease.holder)).one())
    assert len(holders) == 2
