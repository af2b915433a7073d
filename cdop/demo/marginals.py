"""Drawing invented deaths with shares like the published national ones (`marginals.toml`)."""

import random
import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cdop.demo.cases import Case
from cdop.reference.derive import birthday

# First and last completed day of life, or first and last year, that a band holds.
_DAYS = {"0-27-days": (0, 27), "28-364-days": (28, 364)}
_YEARS = {
    "1-4-years": (1, 4),
    "5-9-years": (5, 9),
    "10-14-years": (10, 14),
    "15-17-years": (15, 17),
}
_PLACES = {
    "0-27-days": ("hospital-neonatal", "hospital-labour-ward", "hospital-neonatal"),
    "28-364-days": ("hospital-neonatal", "hospital-intensive-care", "home", "hospital-emergency"),
}
_LATER = ("hospital-intensive-care", "hospital-emergency", "home", "hospice", "public-place")
_SUDDEN = {"1", "2", "3", "10"}


@cache
def shares() -> dict[str, Any]:
    """Return the tables of `marginals.toml`."""
    return tomllib.loads(Path(__file__).with_name("marginals.toml").read_text())


def draw(rng: random.Random, panel: str, seed: int, died_on: date, notified_on: date) -> Case:
    """Draw an invented death of a day; the same state of `rng` gives the same one."""
    band = _pick(rng, "age")
    category = _pick(rng, "category", band)
    return Case(
        panel=panel,
        seed=seed,
        sex=_pick(rng, "sex"),
        born_on=_born(rng, band, died_on),
        died_on=died_on,
        notified_on=notified_on,
        category=category,
        modifiable=_modifiable(rng, category),
        ethnicity=_pick(rng, "ethnicity"),
        quintile=_pick(rng, "deprivation"),
        place=rng.choice(_PLACES.get(band, _LATER)),
        expected="unexpected" if category in _SUDDEN else rng.choice(("expected", "unexpected")),
        names=(_word(rng, 3), f"{_word(rng, 3)}-Testchild"),
    )


def _modifiable(rng: random.Random, category: str) -> str:
    if rng.random() * 100 < shares()["inadequate"]["share"]:
        return "inadequate"
    return "yes" if rng.random() * 100 < shares()["modifiable"][category] else "no"


@cache
def _weights(*path: str) -> tuple[list[str], list[float]]:
    table = shares()
    for step in path:
        table = table[step]
    weighed = {code: share for code, share in table.items() if isinstance(share, float)}
    return list(weighed), list(weighed.values())


def _pick(rng: random.Random, *path: str) -> str:
    codes, weights = _weights(*path)
    return rng.choices(codes, weights)[0]


def _born(rng: random.Random, band: str, died_on: date) -> date:
    """Return a birthday that puts a death in a band; the first days of life weigh the most."""
    if band in _DAYS:
        first, last = _DAYS[band]
        days = first + int((last - first + 1) * rng.random() ** 2)
        return died_on - timedelta(days=days)
    first, last = _YEARS[band]
    latest = birthday(died_on, -first)
    earliest = birthday(died_on, -last - 1) + timedelta(days=1)
    return earliest + timedelta(days=rng.randrange((latest - earliest).days + 1))


def _word(rng: random.Random, syllables: int) -> str:
    """Return an invented word: names that look alike would be offered as duplicates."""
    parts = (rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(syllables))
    return "".join(parts).capitalize()
