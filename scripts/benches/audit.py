"""What sealing the audit log costs: saves a second with it, over the same saves with plain rows.

A save writes the summary of a case: it opens what it must, seals, and leaves three audit lines or
more. On the one side lines have codes, wait for their seal and are sealed meanwhile, as when a
register is served; what still waits at the end is sealed before the clock stops. On the other they
are rows of a table with the same columns and indexes, and nothing else, written as the register
writes its other rows. With --at-once they too are written past the entities, in one statement: that
is what codes and seals alone cost.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

from auditing.plain import PlainEntry, write, write_at_once
from sqlmodel import col, select

from cdop import registers
from cdop.config import Settings
from cdop.deaths.models import Death
from cdop.deaths.service import notify, write_summary
from cdop.security import audit
from cdop.security.actor import Actor
from cdop.security.audit import sealer
from cdop.security.audit.keeping import kept_sealed
from cdop.security.work import Register
from tests import postgres
from tests.factories import child, herefordshire, told

CLIENTS = {1: 0.95, 8: 0.9, 32: 0.9}
TEXT = "An invented account of what the panel needs to know, long enough to be one. " * 5


class Side:
    """A register in which a panel's cases are saved, each client its own."""

    def __init__(self, register: Register, writes: Callable[..., None]) -> None:
        self.register, self.writes = register, writes
        self.sealed = writes is audit.lines.write
        county = herefordshire(register)
        self.actor: Actor = county.actors["coordinator"]
        for seed in range(max(CLIENTS)):
            of = child(seed + 1, given=f"Example{seed}", family=f"Testchild{seed}")
            register.do(self.actor, notify, told(county["herefordshire-cdop"], of))
        sealer.seal(register)
        with register.reading(self.actor) as work:
            self.cases = list(work.session.exec(select(Death.id).order_by(col(Death.id))))
        PlainEntry.metadata.create_all(
            register.engine.execution_options(writes=True),
            [PlainEntry.__table__],  # type: ignore[attr-defined]
        )

    def rate(self, clients: int, seconds: float) -> tuple[float, float]:
        """Return saves a second by some clients at once, all of them sealed in that time.

        And saves for a second of this program's processor time: other load hardly changes that.
        """
        beside: AbstractContextManager[None] = nullcontext()
        if self.sealed:
            beside = kept_sealed(self.register)
        began, used = time.perf_counter(), time.process_time()
        with _writing(self.writes), beside:
            counts = _at_once(clients, lambda case: self._save_until(case, began + seconds), self)
        if self.sealed:
            _check_sealed(self.register, self.actor)
        saves, passed = sum(counts), time.perf_counter() - began
        return saves / passed, saves / (time.process_time() - used)

    def _save_until(self, case: UUID, end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            self.register.do(self.actor, write_summary, case, f"{TEXT}{count}")
            count += 1
        return count


def main() -> None:
    """Print the ratios on both databases."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each round of a side")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--at-once", action="store_true", help="plain rows in one statement")
    asked = arguments.parse_args()
    plain = write_at_once if asked.at_once else write
    for name, opened in (("sqlite", _on_sqlite), ("postgresql", _on_postgresql)):
        with opened() as (first, second):
            sides = Side(first, audit.lines.write), Side(second, plain)
            for clients, goal in CLIENTS.items():
                _compare(name, sides, clients, goal, asked.seconds, asked.rounds)


def _compare(
    name: str, sides: tuple[Side, Side], clients: int, goal: float, seconds: float, rounds: int
) -> None:
    """Let the sides take turns, each first as often; the round before they count warms them."""
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for number in range(rounds + 1):
        for side in sides if number % 2 else sides[::-1]:
            measured = side.rate(clients, seconds if number else 0.5)
            if number:
                found[side.sealed].append(measured)
    pairs = zip(found[True], found[False], strict=True)
    say(
        f"audit-{name}-{clients}",
        _mean(found[True], 0) / _mean(found[False], 0),
        "ratio",
        f">= {goal}",
        by_processor_time=round(_mean(found[True], 1) / _mean(found[False], 1), 3),
        sealed_per_second=round(_mean(found[True], 0), 1),
        plain_per_second=round(_mean(found[False], 0), 1),
        rounds=[round(sealed[0] / plain[0], 3) for sealed, plain in pairs],
    )


def _mean(found: list[tuple[float, float]], which: int) -> float:
    return statistics.fmean(each[which] for each in found)


@contextmanager
def _writing(by: Callable[..., None]) -> Iterator[None]:
    kept, audit.write = audit.write, by
    yield
    audit.write = kept


def _at_once(clients: int, save: Callable[[UUID], int], side: Side) -> list[int]:
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda case=case: counts.append(save(case)))
        for case in side.cases[:clients]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != clients:
        raise RuntimeError("a client failed")
    return counts


def _check_sealed(register: Register, actor: Actor) -> None:
    with register.reading(actor) as work:
        if sealer.waiting(work).lines:
            raise RuntimeError("lines were left unsealed")


@contextmanager
def _on_sqlite() -> Iterator[tuple[Register, Register]]:
    with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
        made = [
            registers.create(
                Settings(path, f"sqlite:///{path / 'register.db'}", path / "keys.json")
            )
            for path in (Path(folder) / "sealed", Path(folder) / "plain")
        ]
        yield made[0], made[1]
        for register in made:
            register.engine.dispose()


@contextmanager
def _on_postgresql() -> Iterator[tuple[Register, Register]]:
    """Start a server that makes every commit durable, as a register's must."""
    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    cluster = postgres.start(None, **durable)
    try:
        with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
            made = []
            for name in ("sealed", "plain"):
                postgres.create_database(cluster, name)
                keys = Path(folder) / f"{name}.json"
                settings = Settings(Path(folder), cluster.owner_url(name), keys)
                made.append(registers.create(settings))
            yield made[0], made[1]
            for register in made:
                register.engine.dispose()
    finally:
        postgres.stop(cluster)


def say(name: str, value: float, unit: str, goal: str, **detail: Any) -> None:
    """Print one result."""
    result = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "detail": detail}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
