"""Keeping the log sealed while a register is served: two threads beside the pages.

One seals every second, the other brings checkpoints to the sinks, which may be slow.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from cdop.errors import CdopError
from cdop.security.audit import delivering, sealer
from cdop.security.work import Register

SECOND = 1.0
DELIVERED_EVERY = 5.0

log = logging.getLogger("cdop")


@contextmanager
def kept_sealed(register: Register, *besides: Callable[[Register], object]) -> Iterator[None]:
    """Seal and deliver until the end, and once more then; and do what else is told beside it."""
    stop = threading.Event()
    holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    steps = (
        (SECOND, lambda: sealer.seal(register, holder)),
        (DELIVERED_EVERY, lambda: delivering.deliver(register)),
        *((DELIVERED_EVERY, partial(each, register)) for each in besides),
    )
    threads = [threading.Thread(target=_repeat, args=(stop, *each)) for each in steps]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        _try(lambda: sealer.seal(register))
        _try(lambda: delivering.deliver(register))


def _repeat(stop: threading.Event, seconds: float, step: Callable[[], object]) -> None:
    while not stop.wait(seconds):
        _try(step)


def _try(step: Callable[[], object]) -> None:
    """Take a step; what fails now is done with the next one, and shown meanwhile."""
    try:
        step()
    except (SQLAlchemyError, CdopError) as error:
        log.warning("the audit log was not sealed or delivered: %s", type(error).__name__)
