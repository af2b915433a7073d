"""A register on disk with as many cases as wanted and a coordinator who is signed in.

Deaths and tasks are inserted in bulk, without the services: 100,000 cases through them would take
longer than the measurement may. Nothing sealed is in them, and the work list opens nothing sealed.
"""

import random
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import SQLModel

from cdop import registers
from cdop.config import Settings
from cdop.db import new_id
from cdop.deaths.models import Death
from cdop.organisations import sessions
from cdop.organisations.models import Account, Kind, Membership, Method
from cdop.organisations.service import found
from cdop.security.actor import system
from cdop.security.permissions import Role
from cdop.security.work import Register, Work
from cdop.tasks.models import Task

_BATCH = 5_000
_PERMISSION = "deaths:case:edit"
_DONE = ("write-summary", "put-on-agenda")
"""Tasks that every case has behind it; one case in twenty has an open one besides."""
_OPEN = "step:panel-review-aim"


def fill(folder: Path, cases: int) -> str:
    """Make a register of `cases` cases at one panel. Returns the token of a coordinator there."""
    settings = Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
    register = registers.create(settings)
    maker = system("bench")
    with register.work(maker) as work:
        panel, token = _panel(work)
        for table, rows in _rows(panel, cases):
            work.session.execute(insert(table), rows)
    with register.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    register.engine.dispose()
    return token


def _panel(work: Work) -> tuple[UUID, str]:
    began = date(2008, 4, 1)
    area = found(work, "benchshire-area", Kind.AREA, "Benchshire", began)
    panel = found(work, "benchshire-cdop", Kind.CDOP, "Benchshire CDOP", began, serves=[area])
    account = Account(
        username="coordinator",
        display_name="Invented Coordinator",
        password_hash="none: this account cannot sign in",  # noqa: S106
        created_at=work.now,
    )
    work.session.add(account)
    work.session.flush()
    work.session.add(
        Membership(
            account_id=account.id, role=Role.COORDINATOR, organisation_id=panel, valid_from=began
        )
    )
    token = secrets.token_urlsafe(32)
    sessions.start(work, account.id, token, method=Method.TOTP)
    return panel, token


def _rows(panel: UUID, cases: int) -> Iterator[tuple[type[SQLModel], list[dict[str, Any]]]]:
    chance = random.Random(cases)  # noqa: S311 - not a secret
    today = datetime.now(UTC)
    for start in range(0, cases, _BATCH):
        deaths: list[dict[str, Any]] = []
        tasks: list[dict[str, Any]] = []
        for number in range(start, min(start + _BATCH, cases)):
            told = (today - timedelta(days=chance.randrange(5_000))).date()
            death = _death(panel, number, told)
            deaths.append(death)
            tasks += [_task(death, kind, told, today) for kind in _DONE]
            if number % 20 == 0:
                tasks.append(_task(death, _OPEN, told, None))
        yield Death, deaths
        yield Task, tasks


def _death(panel: UUID, number: int, told: date) -> dict[str, Any]:
    id = new_id()
    year = told.year if (told.month, told.day) >= (4, 1) else told.year - 1
    text = f"{year}-{(year + 1) % 100:02d}"
    return {
        "id": id,
        "subject_id": id,
        "organisation_id": panel,
        "sealed_revision": 0,
        "reference": f"CD-{told.year}-{number:06d}",
        "status": "open",
        "notified_on": told,
        "sex": "female" if number % 2 else "male",
        "ethnicity": "A",
        "expected": "unexpected",
        "place_of_death": "home",
        "derived_by": "1",
        "died_year": text,
        "notified_year": text,
        "age_band": "1-4",
        "ethnic_group": "white",
        "deprivation": "1",
    }


def _task(death: dict[str, Any], kind: str, told: date, done: datetime | None) -> dict[str, Any]:
    return {
        "id": new_id(),
        "organisation_id": death["organisation_id"],
        "kind": kind,
        "permission": _PERMISSION,
        "subject_kind": "death",
        "subject_id": death["id"],
        "reference": death["reference"],
        "clock": None,
        "standing": "expected",
        "due_on": told + timedelta(days=180),
        "due_precision": "week",
        "opened_at": datetime(told.year, told.month, told.day, tzinfo=UTC),
        "done_at": done,
        "done_by": "coordinator" if done else None,
    }


def open_filled(folder: Path) -> Register:
    """Open a register that `fill` made."""
    settings = Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
    return registers.open_register(settings)
