"""Kills the commands that rotate keys, again and again, while another process reads and seals.

Each round begins a command (add, promote, rewrap, retire, reseal or reindex), and kills it with
SIGKILL after a random time; on PostgreSQL every few rounds the whole server instead. Afterwards
everything that was ever sealed must open, as it was, with the key file as it is on the disk, and
every case be found by its number. No read, write or look-up of the other process may have failed,
but those that a killed server cut off; of these nothing that was acknowledged may be lost.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from killing.serving import finds, serve

from cdop import registers
from cdop.config import Settings
from cdop.deaths.documents import EVENT_REMARK
from cdop.deaths.service.reindexing import make_tokens
from cdop.errors import Refused
from cdop.security import custody, index_rotation, resealing, rollback, rotation
from cdop.security.rotation import KEYS
from cdop.security.work import Register
from tests import postgres
from tests.factories import herefordshire
from tests.integration.security.rotating import Values, another_server, notified, values
from tests.postgres import Cluster

RESULTS = Path(__file__).parent / "results"
CASES, BATCH = 60, 4
LONGEST = 0.15  # seconds that a command works at most
SERVER_EVERY = 8  # rounds from one kill of the whole server to the next
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAULTS = ("lost", "failed", "missed", "unlike_its_last_line", "not_found")


def main() -> int:
    """Run the proof; print and, with --keep, write down what happened. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", action="store_true", help="write the results with the commit")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cdop-proof-") as folder,
        _database(asked.database, Path(folder) / "register") as (settings, server),
    ):
        found = prove(settings, server, asked.kills, asked.seed)
    print(json.dumps(found, indent=1))
    if asked.keep:
        command = ["git", "rev-parse", "HEAD"]
        commit = subprocess.check_output(command, text=True).strip()
        about = {"commit": commit, "database": asked.database, "seed": asked.seed}
        name = "rotation" if asked.database == "sqlite" else "rotation-postgresql"
        (RESULTS / f"{name}.json").write_text(json.dumps(about | found, indent=1) + "\n")
    return 0 if not any(found[fault] for fault in FAULTS) else 1


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[Settings, "Server | None"]]:
    """Make an empty register; on PostgreSQL on a server of its own that writes durably."""
    folder.mkdir(mode=0o700)
    if kind == "sqlite":
        settings = Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
        registers.create(settings).engine.dispose()
        yield settings, None
        return
    server = Server(postgres.start(None, **DURABLE))
    try:
        postgres.create_database(server.cluster, "register")
        keys = folder / "keys.json"
        owner = Settings(folder, server.cluster.owner_url("register"), keys)
        registers.create(owner).engine.dispose()
        yield Settings(folder, server.cluster.app_url("register"), keys), server
    finally:
        postgres.stop(server.cluster)


@dataclass
class Server:
    """The PostgreSQL server, which is killed as a whole and started again."""

    cluster: Cluster
    kills: int = 0

    def kill(self) -> None:
        """Kill it."""
        postgres.kill(self.cluster)
        self.kills += 1

    def restart(self) -> None:
        """Start it again, and wait until it has recovered."""
        self.cluster = postgres.restart(self.cluster, **DURABLE)


def prove(settings: Settings, server: Server | None, kills: int, seed: int) -> dict[str, Any]:
    """Kill `kills` commands; finish the rotation; compare everything. Returns the counts."""
    register = registers.open_register(settings)
    ids = notified(herefordshire(register), *range(1, CASES + 1))
    before = _lasting(values(register))
    register.engine.dispose()
    counts: Any
    ready, done, counts = (
        multiprocessing.Event(),
        multiprocessing.Event(),
        multiprocessing.Queue(),
    )
    other = multiprocessing.Process(target=serve, args=(settings, ids, ready, done, counts))
    other.start()
    ready.wait()
    outcomes = _kill(settings, server, kills, random.Random(seed))  # noqa: S311 - when to kill
    done.set()
    served = counts.get()
    other.join()
    register = registers.open_register(settings)
    _finish(register)
    fresh = another_server(register)
    after = values(fresh)
    with register.reading(KEYS) as work:
        unlike = len(list(rollback.find(work.session, work.vault.ring)))
    versions = rotation.status(register)
    return {
        "kills": kills,
        "server_kills": server.kills if server else 0,
        "commands": outcomes,
        "values": len(before),
        "lost": sum(after.get(place) != text for place, text in before.items()),
        "not_found": sum(not finds(fresh, number, id) for number, id in enumerate(ids, 1)),
        "unlike_its_last_line": unlike,
        **served,
        "keys_made": len(versions),
        "keys_left": sum(each.state != "retired" for each in versions),
        "index_roots_made": max(register.vault.ring.index),
        "index_roots_left": len(custody.load(settings).index),
    }


def _lasting(found: Values) -> Values:
    """Leave out the remarks that the other process seals anew all the time."""
    return {place: text for place, text in found.items() if place[2] != EVENT_REMARK.column}


def _kill(
    settings: Settings, server: Server | None, kills: int, chance: random.Random
) -> dict[str, Any]:
    """Begin and kill commands. Returns for each how often it was killed, or done before."""
    commands: dict[str, Callable[[Register], object]] = {
        "add": rotation.add,
        "promote": _promote_newest,
        "rewrap": lambda register: rotation.rewrap(register, batch=BATCH),
        "retire": _retire_oldest,
        "reseal": resealing.reseal,
        "reindex": lambda register: index_rotation.reindex(register, make_tokens, batch=BATCH),
    }
    outcomes: Counter[str] = Counter()
    names = list(commands)
    for number in range(kills):
        name = names[number % len(names)] if chance.random() < 0.5 else chance.choice(names[2:])
        child = _begin(settings, commands[name])
        time.sleep(chance.uniform(0, LONGEST))
        if server and number % SERVER_EVERY == SERVER_EVERY - 1:
            server.kill()
            os.waitpid(child, 0)
            server.restart()
            outcomes[f"{name}: server killed"] += 1
            continue
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            outcomes[f"{name}: killed"] += 1
        else:
            outcomes[f"{name}: {'done before' if os.WEXITSTATUS(status) == 0 else 'failed'}"] += 1
    return dict(sorted(outcomes.items()))


def _begin(settings: Settings, command: Callable[[Register], object]) -> int:
    """Start the process of a command, and wait until it is at work. Returns its id."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run(settings, command, writing)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return child


def _run(settings: Settings, command: Callable[[Register], object], begun: int) -> None:
    """Be the process of one command; never returns."""
    code = 1
    try:
        register = registers.open_register(settings)
        os.write(begun, b".")
        command(register)
        code = 0
    except Refused:
        code = 0
    except BaseException as error:  # noqa: BLE001 - the parent counts it
        print(type(error).__name__, error, file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _promote_newest(register: Register) -> None:
    rotation.promote(register, max(custody.load(register.settings).sealing))


def _retire_oldest(register: Register) -> None:
    for version in sorted(custody.load(register.settings).sealing):
        rotation.retire(register, version)


def _finish(register: Register) -> None:
    """Give the commands once more, to their end."""
    _promote_newest(register)
    rotation.rewrap(register)
    resealing.reseal(register)
    index_rotation.reindex(register, make_tokens)
    for version in sorted(custody.load(register.settings).sealing)[:-1]:
        rotation.retire(register, version)


if __name__ == "__main__":
    sys.exit(main())
