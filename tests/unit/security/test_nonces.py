"""No nonce is used twice under one key: not by two processes, not after a restore.

A nonce is 96 random bits of the kernel for each value; nothing that a fork, a restored backup or a
copied machine repeats goes into it. Of 2**32 values under one key two would share one with a
probability of 2**-33; a case has some dozens, and a key-encryption key wraps each case once.
"""

import os
from collections import Counter
from uuid import UUID

from cdop.security.case_keys import NONCE_BYTES, CaseKey, Wrapping
from cdop.security.held_ring import HeldRing
from cdop.security.keys import new_ring

PROCESSES, EACH = 4, 400
RING = new_ring().added()
KEY = CaseKey(bytes(range(32)), 1)
WRAPPING = Wrapping(HeldRing(RING))
CASE = UUID(int=1)
WRAPPED = WRAPPING.wrap(1, CASE, 1, bytes(range(32)))


def nonces() -> list[bytes]:
    """Seal, wrap and wrap anew; return the nonces that were used."""
    found = [KEY.seal(b"words", b"place")[3 : 3 + NONCE_BYTES] for _ in range(EACH)]
    found += [WRAPPING.wrap(1, CASE, 1, bytes(32))[:NONCE_BYTES] for _ in range(EACH)]
    again = WRAPPING.wrap_anew(2, [(CASE, 1, 1, WRAPPED)] * EACH)
    return found + [each[:NONCE_BYTES] for each in again]


def in_a_child() -> bytes:
    """Do so in a process that begins as a copy of this one: as a restored machine would."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "wb") as out:
            out.write(b"".join(nonces()))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        found = told.read()
    os.waitpid(child, 0)
    return found


def test_processes_that_begin_alike_use_no_nonce_twice() -> None:
    told = b"".join(in_a_child() for _ in range(PROCESSES)) + b"".join(nonces())
    used = [told[at : at + NONCE_BYTES] for at in range(0, len(told), NONCE_BYTES)]
    assert len(used) == (PROCESSES + 1) * 3 * EACH
    assert Counter(used).most_common(1)[0][1] == 1
