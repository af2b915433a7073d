"""Kills the commands that rotate keys, again and again, while another process reads and seals.

Each round begins a command (add, promote, rewrap, retire or reseal), and kills it with SIGKILL
after a random time. Afterwards everything that was ever sealed must open, as it was, with the key
file as it is on the disk; no read and no write of the other process may have failed.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from cdop import registers
from cdop.config import Settings
from cdop.deaths.documents import EVENT_REMARK, Remark
from cdop.deaths.models import DeathEvent
from cdop.errors import Refused
from cdop.security import custody, resealing, rollback, rotation
from cdop.security.rotation import KEYS
from cdop.security.work import Register, Work
from tests.factories import herefordshire
from tests.integration.security.rotating import Values, another_server, notified, values

RESULTS = Path(__file__).parent / "results" / "rotation.json"
CASES, BATCH = 60, 4
LONGEST = 0.15  # seconds that a command works at most


def main() -> int:
    """Run the proof; print and, with --keep, write down what happened. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="write the results with the commit")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cdop-proof-") as folder:
        found = prove(Path(folder) / "register", asked.kills, asked.seed)
    print(json.dumps(found, indent=1))
    if asked.keep:
        command = ["git", "rev-parse", "HEAD"]
        commit = subprocess.check_output(command, text=True).strip()
        RESULTS.write_text(json.dumps({"commit": commit, "seed": asked.seed} | found, indent=1))
    return 0 if found["lost"] == found["failed"] == found["unlike_its_last_line"] == 0 else 1


def prove(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill `kills` commands; finish the rotation; compare everything. Returns the counts."""
    settings = Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
    register = registers.create(settings)
    notified(herefordshire(register), *range(1, CASES + 1))
    before = _lasting(values(register))
    register.engine.dispose()
    counts: Any
    ready, done, counts = (
        multiprocessing.Event(),
        multiprocessing.Event(),
        multiprocessing.Queue(),
    )
    other = multiprocessing.Process(target=_serve, args=(settings, ready, done, counts))
    other.start()
    ready.wait()
    outcomes = _kill(settings, kills, random.Random(seed))  # noqa: S311 - chooses when to kill
    done.set()
    served = counts.get()
    other.join()
    register = registers.open_register(settings)
    _finish(register)
    after = values(another_server(register))
    with register.reading(KEYS) as work:
        unlike = len(list(rollback.find(work.session, work.vault.ring)))
    versions = rotation.status(register)
    return {
        "kills": kills,
        "commands": outcomes,
        "values": len(before),
        "lost": sum(after.get(place) != text for place, text in before.items()),
        "unlike_its_last_line": unlike,
        **served,
        "keys_made": len(versions),
        "keys_left": sum(each.state != "retired" for each in versions),
    }


def _lasting(found: Values) -> Values:
    """Leave out the remarks that the other process seals anew all the time."""
    return {place: text for place, text in found.items() if place[2] != EVENT_REMARK.column}


def _kill(settings: Settings, kills: int, chance: random.Random) -> dict[str, Any]:
    """Begin and kill commands. Returns for each how often it was killed, or done before."""
    commands: dict[str, Callable[[Register], object]] = {
        "add": rotation.add,
        "promote": _promote_newest,
        "rewrap": lambda register: rotation.rewrap(register, batch=BATCH),
        "retire": _retire_oldest,
        "reseal": resealing.reseal,
    }
    outcomes: Counter[str] = Counter()
    names = list(commands)
    for number in range(kills):
        name = names[number % len(names)] if chance.random() < 0.5 else chance.choice(names[2:])
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _run(settings, commands[name], writing)
        os.close(writing)
        os.read(reading, 1)  # it is at work
        os.close(reading)
        time.sleep(chance.uniform(0, LONGEST))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            outcomes[f"{name}: killed"] += 1
        else:
            outcomes[f"{name}: {'done before' if os.WEXITSTATUS(status) == 0 else 'failed'}"] += 1
    return dict(sorted(outcomes.items()))


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
    for version in sorted(custody.load(register.settings).sealing)[:-1]:
        rotation.retire(register, version)


def _serve(settings: Settings, ready: Any, done: Any, counts: Any) -> None:
    """Read and seal in turn, as a server that was started before, until told to stop."""
    register = registers.open_register(settings)
    with register.reading(KEYS) as work:
        events = list(work.session.exec(select(DeathEvent.id).order_by(col(DeathEvent.id))))
    read = sealed = failed = 0
    last: dict[UUID, str] = {}
    ready.set()
    while not done.is_set():
        row = events[read % len(events)]
        words = f"Invented remark {read}."
        try:
            register.do(KEYS, _remark, row, words)
            last[row] = words
            sealed += 1
            with register.reading(KEYS) as work:
                event = work.session.get_one(DeathEvent, row)
                failed += work.open_within(event, EVENT_REMARK).text != words
        except Exception as error:  # noqa: BLE001 - any failure counts
            failed += 1
            print(type(error).__name__, error, file=sys.stderr)
        read += 1
    with registers.open_register(settings).reading(KEYS) as work:
        for row, words in last.items():
            event = work.session.get_one(DeathEvent, row)
            failed += work.open_within(event, EVENT_REMARK).text != words
    counts.put({"read_meanwhile": read, "sealed_meanwhile": sealed, "failed": failed})


def _remark(work: Work, row: UUID, words: str) -> None:
    work.seal(work.session.get_one(DeathEvent, row), {EVENT_REMARK: Remark(text=words)})


if __name__ == "__main__":
    sys.exit(main())
