"""What PostgreSQL's row-level security costs a coordinator: the same work with and without it.

Two copies of one register on one server, the walls taken down in one of them; the same unit of
work (the work list, the latest cases, one case looked up) in each in turn. `value` is the
throughput with the walls over that without.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import UUID

from sealing.measuring import say

from cdop import db, registers
from cdop.config import Settings
from cdop.deaths import queries
from cdop.deaths.service import notify
from cdop.security import walls
from cdop.security.actor import Actor
from cdop.security.work import Register
from cdop.tasks.queries import worklist
from tests import postgres
from tests.factories import MAKER, Herefordshire, child, herefordshire, told

BATCH = 20
WITH, WITHOUT = "with", "without"


def main() -> None:
    """Print the ratio, and what one unit takes in each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=150)
    asked = parser.parse_args()
    cluster = postgres.start()
    try:
        with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
            _measure(cluster, Path(folder), asked.cases, asked.rounds)
    finally:
        postgres.stop(cluster)


def _measure(cluster: postgres.Cluster, folder: Path, cases: int, rounds: int) -> None:
    county, ids = _filled(cluster, folder, cases)
    postgres.create_database(cluster, WITHOUT, template=WITH)
    _take_down(cluster.owner_url(WITHOUT))
    registers_of = {name: _opened(cluster, folder, name) for name in (WITH, WITHOUT)}
    actor, chance = county.actors["coordinator"], random.Random(1)  # noqa: S311 - which case is looked up
    took: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    for _ in range(rounds):
        chosen = [chance.choice(ids) for _ in range(BATCH)]
        for name in chance.sample((WITH, WITHOUT), 2):
            took[name].append(_seconds(registers_of[name], actor, chosen))
    ratio = median(b / a for a, b in zip(took[WITH], took[WITHOUT], strict=True))
    each = {name: f"{median(took[name]) / BATCH * 1000:.2f} ms" for name in took}
    say("row-level-security", ratio, "throughput over that without the walls", ">= 0.9", **each)
    for register in registers_of.values():
        register.engine.dispose()


def _filled(
    cluster: postgres.Cluster, folder: Path, cases: int
) -> tuple[Herefordshire, list[UUID]]:
    """Fill a register with cases of two panels. Returns it and the ids of Herefordshire's."""
    postgres.create_database(cluster, WITH)
    register = registers.create(Settings(folder, cluster.owner_url(WITH), folder / "keys.json"))
    county, ids = herefordshire(register), []
    for seed in range(cases):
        for slug in ("herefordshire-cdop", "worcestershire-cdop"):
            receipt = register.do(MAKER, notify, told(county[slug], child(seed)))
            if slug.startswith("hereford") and receipt.death_id:
                ids.append(receipt.death_id)
    register.engine.dispose()
    return county, ids


def _opened(cluster: postgres.Cluster, folder: Path, name: str) -> Register:
    return registers.open_register(Settings(folder, cluster.app_url(name), folder / "keys.json"))


def _take_down(url: str) -> None:
    engine = db.connect(url)
    with engine.begin() as connection:
        for table in walls.WALLS:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    engine.dispose()


def _seconds(register: Register, actor: Actor, ids: list[UUID]) -> float:
    started = time.perf_counter()
    for id in ids:
        with register.reading(actor) as work:
            worklist(work)
            queries.latest(work)
            queries.get(work, id)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
