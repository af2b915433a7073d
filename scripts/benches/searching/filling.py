"""A register with sealed names, identities and tokens of as many invented children as wanted.

Inserted in bulk, without the services, but sealed by the same keys at the same places: what is
measured opens them as it opens everything else.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import insert

from cdop import registers
from cdop.config import Settings
from cdop.db import new_id
from cdop.deaths.commands import Child
from cdop.deaths.documents import IDENTITY, NAMES, Identity, Names
from cdop.deaths.models import Death
from cdop.deaths.service.finding import low_token, low_values, roots
from cdop.organisations.models import Kind
from cdop.organisations.service import found
from cdop.security import case_keys
from cdop.security.actor import Actor, Grant, system
from cdop.security.models import DataKey, IndexToken
from cdop.security.permissions import Role
from cdop.security.vault import PAD_TO, current_version
from cdop.security.work import Register, Work

BATCH = 5_000
_SYLLABLES = [
    first + second
    for first, second in zip("bcdfghklmnprstvw", "aeiouaioueiaoueI".lower(), strict=True)
]
_FIRST = date(2006, 4, 1)


@dataclass(frozen=True)
class Sample:
    """A register, somebody who may search its panel, and children of it by whom to search."""

    register: Register
    actor: Actor
    panel: UUID
    children: list[Child]


def words(chance: random.Random, how_many: int, syllables: tuple[int, int]) -> list[str]:
    """Return invented names: no person is called so."""
    lengths = [chance.randint(*syllables) for _ in range(how_many)]
    return ["".join(chance.choices(_SYLLABLES, k=length)).title() for length in lengths]


def open_sample(folder: Path, cases: int) -> Sample:
    """Make a register with so many cases at one panel."""
    settings = Settings(folder, f"sqlite:///{folder / 'register.db'}", folder / "keys.json")
    register = registers.create(settings)
    chance = random.Random(cases)  # noqa: S311 - invented people, no secret
    given, family = words(chance, 1_500, (2, 3)), words(chance, 6_000, (2, 4))
    children: list[Child] = []
    with register.work(system("bench")) as work:
        panel = _panel(work)
        for start in range(0, cases, BATCH):
            size = min(BATCH, cases - start)
            some = [_child(chance, given, family) for _ in range(size)]
            children += some[:: BATCH // 20]
            for table, rows in _rows(work, panel, some, start):
                work.session.execute(insert(table), rows)
    actor = Actor("bench", "Bench", grants=(Grant(Role.COORDINATOR, frozenset({panel})),))
    return Sample(register, actor, panel, children)


def _panel(work: Work) -> UUID:
    area = found(work, "benchshire-area", Kind.AREA, "Benchshire", _FIRST)
    return found(work, "benchshire-cdop", Kind.CDOP, "Benchshire CDOP", _FIRST, serves=[area])


def _child(chance: random.Random, given: list[str], family: list[str]) -> Child:
    died = _FIRST + timedelta(days=chance.randrange(7_500))
    return Child(
        names=Names(given=chance.choice(given), family=chance.choice(family)),
        identity=Identity(
            nhs_number_answer="not-known",
            born_on=died - timedelta(days=chance.randrange(4_000)),
            died_on=died,
            postcode=f"ZZ{chance.randrange(1, 20)} {chance.randrange(1, 9)}"
            f"{chr(65 + chance.randrange(26))}{chr(65 + chance.randrange(26))}",
        ),
        sex=chance.choice(["female", "male"]),
        ethnicity="A",
        expected="unexpected",
        place_of_death="home",
    )


def _rows(work: Work, panel: UUID, some: list[Child], start: int) -> Iterator[tuple[Any, Any]]:
    root = roots(work).looked_up
    token = cache(lambda kind, value: low_token(work, root, kind, value, panel))
    version = current_version(work.session)
    deaths, keys, tokens = [], [], []
    for number, child in enumerate(some, start):
        id = new_id()
        key, wrapped = work.vault.wrapping.new(version, id, 1)
        bound = case_keys.row(id, id, 1, key.head)
        sealed = {
            section.column: key.seal(
                _padded(document), case_keys.column(section.table, section.column) + bound
            )
            for section, document in ((NAMES, child.names), (IDENTITY, child.identity))
        }
        deaths.append(_death(id, panel, child, number) | sealed)
        keys.append(
            {
                "subject_id": id,
                "generation": 1,
                "kek_version": version,
                "made_under": version,
                "wrapped": wrapped,
            }
        )
        tokens += [
            {
                "id": new_id(),
                "kind": kind,
                "version": root,
                "token": token(kind, value),
                "organisation_id": panel,
                "subject_id": id,
            }
            for kind, value in low_values(child.identity)
        ]
    yield Death, deaths
    yield DataKey, keys
    yield IndexToken, tokens


def _padded(document: BaseModel) -> bytes:
    text = document.model_dump_json(exclude_defaults=True).encode()
    return text + b" " * (-len(text) % PAD_TO)


def _death(id: UUID, panel: UUID, child: Child, number: int) -> dict[str, Any]:
    return {
        "id": id,
        "subject_id": id,
        "organisation_id": panel,
        "sealed_revision": 1,
        "reference": f"CD-2026-{number:06d}",
        "status": "open",
        "notified_on": date(2026, 11, 20),
        "sex": child.sex,
        "ethnicity": "A",
        "expected": "unexpected",
        "place_of_death": "home",
        "derived_by": "bench",
        "died_year": "2026-27",
        "notified_year": "2026-27",
        "age_band": "1-4-years",
        "ethnic_group": "white",
        "deprivation": "3",
    }
