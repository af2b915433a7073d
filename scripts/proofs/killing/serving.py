"""A server that was started before the keys were rotated: it reads, seals and looks up in turn."""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import col, select

from cdop import registers
from cdop.config import Settings
from cdop.deaths.documents import EVENT_REMARK, Remark
from cdop.deaths.models import Death, DeathEvent
from cdop.deaths.service import finding
from cdop.security.rotation import KEYS
from cdop.security.work import Register, Work
from tests.factories import child


@dataclass
class Served:
    """What came of it. `said` are the words that each row may hold: those acknowledged last, and
    those of which nobody knows since the server was killed at that moment.
    """

    counts: Counter[str] = field(default_factory=Counter)
    said: dict[UUID, set[str]] = field(default_factory=dict)


def serve(settings: Settings, cases: list[UUID], ready: Any, done: Any, counts: Any) -> None:
    """Work until told to stop; then say how much was done, cut off, and went wrong."""
    register, served = registers.open_register(settings), Served()
    with register.reading(KEYS) as work:
        events = list(work.session.exec(select(DeathEvent.id).order_by(col(DeathEvent.id))))
    ready.set()
    number = 0
    while not done.is_set():
        _once(register, served, events[number % len(events)], cases, number)
        number += 1
    with registers.open_register(settings).reading(KEYS) as work:
        for row, words in served.said.items():
            event = work.session.get_one(DeathEvent, row)
            served.counts["failed"] += work.open_within(event, EVENT_REMARK).text not in words
    named = ("sealed_meanwhile", "looked_up_meanwhile", "cut_off", "failed", "missed")
    counts.put({name: served.counts[name] for name in named})


def finds(register: Register, seed: int, case: UUID) -> bool:
    """Say whether a case is found by the number of its invented child."""
    with register.reading(KEYS) as work:
        panel = work.session.get_one(Death, case).organisation_id
        version = finding.roots(work).looked_up
        number = child(seed).identity.nhs_number
        token = work.vault.token(version, finding.NHS_NUMBER, number)
        return finding.subjects(work, finding.NHS_NUMBER, token, [panel]) == [case]


def _once(register: Register, served: Served, row: UUID, cases: list[UUID], number: int) -> None:
    words, at = f"Invented remark {number}.", number % len(cases)
    try:
        try:
            register.do(KEYS, _remark, row, words)
        except (OperationalError, InterfaceError):  # committed or not: nobody was told
            served.said.setdefault(row, {""}).add(words)
            raise
        served.said[row] = {words}
        served.counts["sealed_meanwhile"] += 1
        with register.reading(KEYS) as work:
            event = work.session.get_one(DeathEvent, row)
            served.counts["failed"] += work.open_within(event, EVENT_REMARK).text != words
        served.counts["missed"] += not finds(register, at + 1, cases[at])
        served.counts["looked_up_meanwhile"] += 1
    except (OperationalError, InterfaceError) as error:
        cut = not register.settings.is_sqlite
        served.counts["cut_off" if cut else "failed"] += 1
        if not cut:
            print(type(error).__name__, error, file=sys.stderr)
        time.sleep(0.02)
    except Exception as error:  # noqa: BLE001 - any failure counts
        served.counts["failed"] += 1
        print(type(error).__name__, error, file=sys.stderr)


def _remark(work: Work, row: UUID, words: str) -> None:
    work.seal(work.session.get_one(DeathEvent, row), {EVENT_REMARK: Remark(text=words)})
