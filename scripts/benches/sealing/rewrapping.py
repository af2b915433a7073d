"""Rewrapping case keys into the durable database, against a bare loop, while another reads."""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]

from cdop import registers
from cdop.config import Settings
from cdop.db import new_id
from cdop.security import custody, rotation
from cdop.security.case_keys import wrapped_at
from cdop.security.models import DataKey
from cdop.security.rotation import KEYS
from cdop.security.vault import Vault
from cdop.security.work import Register
from sealing.measuring import ratio, say

REWRAPPED, ROUNDS = 20_000, 11


def rewrapping(folder: Path) -> None:
    """Compare rewrapping with a bare loop over the same table, and read all the while."""
    register = registers.create(_settings(folder / "register"))
    cases = _make_keys(register, REWRAPPED)
    bare: list[float] = []
    ours: list[float] = []
    read: list[tuple[int, int]] = []
    for _ in range(ROUNDS):
        with _reader(register, cases, []):
            bare.append(_bare_round(register))
        with _reader(register, cases, read):
            ours.append(_our_round(register))
    failed = sum(each[1] for each in read)
    say(
        "rewrap",
        min(bare) / min(ours),
        "of the rate of a bare unwrap-wrap-update loop, saved durably; the fastest round of each",
        ">= 0.7",
        keys_a_second=round(REWRAPPED / min(ours)),
        bare_keys_a_second=round(REWRAPPED / min(bare)),
        median=round(ratio(bare, ours), 3),
        ratios=[round(b / a, 3) for a, b in zip(ours, bare, strict=True)],
        reads_meanwhile=sum(each[0] for each in read),
        failed_reads=failed,
        how=f"{REWRAPPED} keys, batches of {rotation.BATCH}, SQLite with full synchronisation; "
        "meanwhile another process opens one case key after another",
    )


def _make_keys(register: Register, count: int) -> list[UUID]:
    cases = [new_id() for _ in range(count)]
    version = rotation.status(register)[-1].version
    with register.work(KEYS) as work:
        rows = [
            {
                "subject_id": case,
                "generation": 1,
                "kek_version": version,
                "made_under": version,
                "wrapped": work.vault.wrapping.new(version, case, 1)[1],
            }
            for case in cases
        ]
        work.session.execute(sa.insert(DataKey), rows)
    return cases


def _next_version(register: Register) -> int:
    version = rotation.add(register)
    rotation.promote(register, version)
    return version


def _bare_round(register: Register) -> float:
    """Rewrap by the shortest loop there is, in the same batches. Returns seconds."""
    version = _next_version(register)
    ring = registers.open_register(register.settings).vault.ring
    ciphers = {number: AESGCM(key) for number, key in ring.sealing.items()}
    connection = sqlite3.connect(register.settings.database_file, isolation_level=None)
    for setting in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")  # as the register's own connections have them
    began, last = time.perf_counter(), ""
    while True:
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute(
            "SELECT subject_id, generation, kek_version, wrapped FROM data_keys "
            "WHERE subject_id > ? ORDER BY subject_id LIMIT ?",
            (last, rotation.BATCH),
        ).fetchall()
        changes = []
        for subject, generation, before, wrapped in found:
            case = UUID(subject).bytes
            at = wrapped_at(case, generation, before)
            key = ciphers[before].decrypt(wrapped[:12], wrapped[12:], at)
            nonce = os.urandom(12)
            again = ciphers[version].encrypt(nonce, key, wrapped_at(case, generation, version))
            changes.append((version, nonce + again, subject))
        connection.executemany(
            "UPDATE data_keys SET kek_version = ?, wrapped = ? WHERE subject_id = ?", changes
        )
        connection.execute("COMMIT")
        if len(found) < rotation.BATCH:
            break
        last = found[-1][0]
    took = time.perf_counter() - began
    connection.close()
    return took


def _our_round(register: Register) -> float:
    """Rewrap by the command. Returns seconds."""
    _next_version(register)
    began = time.perf_counter()
    count = rotation.rewrap(register)
    took = time.perf_counter() - began
    assert count == REWRAPPED
    return took


@contextmanager
def _reader(register: Register, cases: list[UUID], counts: list[tuple[int, int]]) -> Iterator[None]:
    """Let another process read meanwhile; add how many reads there were, and how many failed."""
    spawn = multiprocessing.get_context("spawn")
    ready, done, found = spawn.Event(), spawn.Event(), spawn.Queue()
    arguments = (str(register.settings.data), cases, ready, done, found)
    reader = spawn.Process(target=_read, args=arguments)
    reader.start()
    ready.wait()
    try:
        yield
    finally:
        done.set()
        counts.append(found.get())
        reader.join()


def _read(folder: str, cases: list[UUID], ready: Any, done: Any, found: Any) -> None:
    """Be another server, which opens one case's key after another from the database.

    It rests between its reads: what is measured is the rewrapping, not the two cores.
    """
    register, reads, failed = registers.open_register(_settings(Path(folder))), 0, 0
    ready.set()
    while not done.is_set():
        vault = Vault(register.vault.ring, partial(custody.load, register.settings))
        try:
            with register.reading(KEYS) as work:
                vault.key(work.session, cases[reads % len(cases)])
        except Exception as error:  # noqa: BLE001 - any failure counts
            failed += 1
            print(type(error).__name__, error, file=sys.stderr)
        reads += 1
        time.sleep(0.01)
    found.put((reads, failed))


def _settings(folder: Path) -> Settings:
    return Settings(folder, f"sqlite:///{folder}/register.db", folder / "keys.json")
