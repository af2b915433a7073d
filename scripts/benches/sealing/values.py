"""One value of 64 bytes, sealed and opened, against OpenSSL's own calls."""

import os
import statistics

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cdop.db import new_id
from cdop.security import case_keys
from cdop.security.case_keys import CaseKey, Wrapping
from cdop.security.held_ring import HeldRing
from cdop.security.keys import new_ring
from sealing.measuring import ROUNDS, VALUE, in_turn, ratio, say

CALLS = 20_000


def values() -> None:
    """Compare one value sealed and opened with OpenSSL's own calls."""
    raw, row_id, case = os.urandom(32), new_id(), new_id()
    cipher, nonce = AESGCM(raw), os.urandom(12)
    key = CaseKey(raw, 1)
    shared = case_keys.row(row_id, case, 7, key.head)
    prefix = case_keys.column("deaths", "identity")
    bound = prefix + shared
    bare, sealed = cipher.encrypt(nonce, VALUE, bound), key.seal(VALUE, bound)
    wrapping = Wrapping(HeldRing(new_ring()))
    wrapped = wrapping.wrap(1, case, 1, raw)

    def opened_cold() -> bytes:
        cold = CaseKey(wrapping.unwrap(1, case, 1, wrapped), 1)
        place = case_keys.column("deaths", "identity") + case_keys.row(row_id, case, 7, cold.head)
        return cold.open(sealed, place)

    def sealed_cold() -> bytes:
        cold = CaseKey(wrapping.unwrap(1, case, 1, wrapped), 1)
        place = case_keys.column("deaths", "identity") + case_keys.row(row_id, case, 7, cold.head)
        return cold.seal(VALUE, place)

    encrypt, decrypt = cipher.encrypt, cipher.decrypt
    seal = in_turn(
        {
            "openssl": lambda: encrypt(nonce, VALUE, bound),
            "ours": lambda: key.seal(VALUE, prefix + shared),
            "nonce alone": lambda: os.urandom(12),
            "cold": sealed_cold,
        },
        CALLS,
    )
    open_ = in_turn(
        {
            "openssl": lambda: decrypt(nonce, bare, bound),
            "ours": lambda: key.open(sealed, prefix + shared),
            "cold": opened_cold,
        },
        CALLS,
    )
    for name, took, goal in (("seal", seal, 0.25), ("open", open_, 0.60)):
        say(
            f"{name}-64-bytes",
            ratio(took["openssl"], took["ours"]),
            "of OpenSSL's own speed, the case key open and the prefixes of column and row cached",
            f">= {goal}",
            microseconds={what: round(statistics.median(each), 3) for what, each in took.items()},
            cold=round(ratio(took["openssl"], took["cold"]), 3),
            how=f"median of {ROUNDS} rounds of {CALLS} calls, in turn, by AESGCM of cryptography",
        )
