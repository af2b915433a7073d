"""Asking a child process: progress as it works, a time limit, and a way to end it."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO
from zipfile import BadZipFile

from cdop.errors import Unsafe
from cdop.statistics.disclosure import progress, wire

OnStep = Callable[[tuple[str, int, int] | None], None]
AGAIN = " Build it again; if that ends so too, tell whoever runs the register."
FAILED = f"The disclosure check failed, so there is no release.{AGAIN}"
SILENT = f"The disclosure check gave no answer, so there is no release.{AGAIN}"
LATE = (
    "The disclosure check did not finish in the {seconds:,.0f} seconds that it may take, so there"
    " is no release. The cheapest mend is to build it again when the server is less busy, or to"
    " have it allowed longer (CDOP_PROOF_SECONDS, or --seconds of cdop protect); otherwise release"
    " fewer tables, coarser answers or rounded numbers."
)
PULSE = 0.5  # seconds between two looks at whether the work is still wanted


def ask(
    question: bytes, command: tuple[str, ...], seconds: float, on_step: OnStep | None = None
) -> wire.Arrays:
    """Send the question to a child process. Raises `Unsafe` for its reason or its silence.

    `on_step` is told of each step, and twice a second of none: what it raises ends the child.
    """
    try:
        output, code = _run(question, command, seconds, on_step or (lambda _: None))
    except (OSError, TimeoutError, subprocess.TimeoutExpired):
        raise Unsafe(LATE.format(seconds=seconds)) from None
    if code != 0:
        raise Unsafe(FAILED)
    try:
        found = wire.unpack_bytes(output)
        reason = found["unsafe"].tobytes().decode()
    except (*wire.BROKEN, BadZipFile):
        raise Unsafe(SILENT) from None
    if reason:
        raise Unsafe(reason)
    return found


def _run(
    question: bytes, command: tuple[str, ...], seconds: float, on_step: OnStep
) -> tuple[bytes, int]:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen(  # noqa: S603 - this interpreter, this module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    output: list[bytes] = []
    steps: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threads = [
        threading.Thread(target=_send, args=(child.stdin, question), daemon=True),
        threading.Thread(target=_drain, args=(child.stdout, output), daemon=True),
        threading.Thread(target=_follow, args=(child.stderr, steps), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        _wait(child, steps, time.monotonic() + seconds, on_step)
    finally:
        child.kill()
        child.wait()
        for thread in threads:
            thread.join()
    return b"".join(output), child.returncode


def _wait(
    child: subprocess.Popen[bytes],
    steps: "queue.SimpleQueue[bytes]",
    until: float,
    on_step: OnStep,
) -> None:
    """Pass on what the child tells until it has ended; raises TimeoutError when it is too late."""
    while True:
        try:
            line = steps.get(timeout=PULSE)
        except queue.Empty:
            line = None
        if line == b"":
            child.wait(max(until - time.monotonic(), 0.1))
            return
        if time.monotonic() > until:
            raise TimeoutError
        on_step(None if line is None else progress.read(line))


def _send(pipe: IO[bytes], question: bytes) -> None:
    try:
        with pipe:
            pipe.write(question)
    except OSError:
        pass  # it ended before it had read everything: its exit says why


def _drain(pipe: IO[bytes], output: list[bytes]) -> None:
    with pipe:
        output.append(pipe.read())


def _follow(pipe: IO[bytes], steps: "queue.SimpleQueue[bytes]") -> None:
    """Pass each line on, and an empty one at the end."""
    with pipe:
        for line in pipe:
            steps.put(line)
    steps.put(b"")
