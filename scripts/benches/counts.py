"""Exact counts of a million reviews, against the same group-bys in pandas on a ready frame."""

import json
import resource
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import numpy as np
import pandas as pd
from sqlmodel import insert

from cdop import registers
from cdop.config import Settings
from cdop.db import new_id
from cdop.deaths.models import Death
from cdop.organisations.models import Kind
from cdop.organisations.service import found
from cdop.overview.models import Review
from cdop.security.actor import system
from cdop.security.work import Register
from cdop.statistics import counting
from cdop.statistics.records.deaths import OF_REVIEW
from cdop.statistics.year_tables import YearTables, year_tables

REVIEWS, PART = 1_000_000, 20_000
YEAR = "2013-14"
DAY, MOMENT = date(2014, 2, 14), datetime(2014, 2, 14, tzinfo=UTC)
OF_DEATH = ("sex", "expected", "age_band", "ethnic_group", "deprivation", "months_to_review")
ALIKE = {
    "status": "reviewed",
    "notified_on": DAY,
    "reviewed_on": DAY,
    "derived_by": "bench",
    **dict.fromkeys(("died_year", "notified_year", "reviewed_year"), YEAR),
    "ethnicity": "A",
    "place_of_death": "home",
    "sealed_revision": 0,
}
SIGNED = {
    "form_edition": "E2",
    "reviewed_on": DAY,
    "status": "signed-off",
    "version": 1,
    "secondary_categories": "",
    "drafted_by": "bench",
    "signed_off_at": MOMENT,
    "signed_off_by": "bench",
    "sealed_revision": 0,
}
MAKER = system("bench")
T = TypeVar("T")


def main() -> None:
    """Print seconds of each way, their ratios, and the greatest memory used."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            Path(folder), f"sqlite:///{folder}/register.db", Path(folder) / "keys.json"
        )
        register = registers.create(settings)
        panel = _fill(register)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        tables = year_tables(YEAR)
        with register.reading(MAKER) as work:
            reading, records = timed(lambda: counting.counts(work, panel, YEAR))
        ours, figures = timed(lambda: counting.figures(records, tables, tables.every))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        theirs, grouped = timed(lambda: group_bys(records, tables))
        check(figures, grouped)
        ready = frame_of_categories(records, tables)
        best, _ = timed(lambda: group_bys(ready, tables))
        detail = {
            "reviews": REVIEWS,
            "tables": len(tables.every),
            "figures_seconds": round(ours, 2),
            "pandas_seconds": round(theirs, 2),
            "pandas_categories_seconds": round(best, 2),
            "reading_seconds": round(reading, 2),
            "against_categories": round(ours / best, 2),
            "how": "all tables, margins included, from rows in memory; reading them stands apart",
        }
        say(
            "counts",
            ours / theirs,
            "seconds over pandas group-bys on the same frame",
            "<= 2",
            detail,
        )
        say("counts-memory", peak / 1024, "MB at most, rows read and counted", "< 1000",
            {"before": round(before / 1024)})  # fmt: skip


def timed(do: Callable[[], T]) -> tuple[float, T]:
    """Return the processor's seconds that something takes, and what it gives."""
    began = time.process_time()
    done = do()
    return time.process_time() - began, done


def group_bys(records: pd.DataFrame, tables: YearTables) -> dict[str, pd.Series]:
    """Return the same tables as pandas counts them, their margins left out."""
    return {
        table.code: records[records[table.population]].groupby(list(table.by), observed=True).size()
        for table in tables.every
    }


def check(
    figures: Mapping[tuple[str, tuple[str, ...]], int], grouped: Mapping[str, pd.Series]
) -> None:
    """Hold the two ways against each other: every group that pandas finds has the same count."""
    for code, sizes in grouped.items():
        for key, size in sizes.items():
            cell = key if isinstance(key, tuple) else (key,)
            assert figures[code, tuple(map(str, cell))] == size, (code, key)


def frame_of_categories(records: pd.DataFrame, tables: YearTables) -> pd.DataFrame:
    """Return the frame in the form that pandas groups fastest."""
    names = {name for table in tables.every for name in table.by}
    return records.assign(**{name: records[name].astype("category") for name in names})


def _fill(register: Register) -> UUID:
    """Write a million invented deaths, coded columns alone, with their reviews."""
    with register.work(MAKER) as work:
        panel = found(work, "bench-cdop", Kind.CDOP, "Bench CDOP", date(2006, 4, 1))
    random = np.random.default_rng(0)
    tables = year_tables(YEAR)
    for _ in range(REVIEWS // PART):
        _part(register, panel, random, tables)
    return panel


def _part(register: Register, panel: UUID, random: np.random.Generator, tables: YearTables) -> None:
    deaths = _drawn(random, tables, OF_DEATH)
    reviews = _drawn(random, tables, OF_REVIEW)
    for death, review in zip(deaths, reviews, strict=True):
        id = new_id()
        death |= ALIKE | {"id": id, "subject_id": id, "organisation_id": panel}
        death["reference"] = f"B-{id}"
        review |= SIGNED | {"id": new_id(), "subject_id": id, "organisation_id": panel}
        review["death_id"] = id
    with register.work(MAKER) as work:
        work.session.execute(insert(Death), deaths)
        work.session.execute(insert(Review), reviews)


def _drawn(
    random: np.random.Generator, tables: YearTables, names: Sequence[str]
) -> list[dict[str, object]]:
    codes = {n: [c for c in tables.codes(n) if c != "not-recorded"] for n in names}
    drawn = {name: random.choice(of, PART).tolist() for name, of in codes.items()}
    return [dict(zip(drawn, row, strict=True)) for row in zip(*drawn.values(), strict=True)]


def say(name: str, value: float, unit: str, goal: str, detail: dict[str, object]) -> None:
    """Print one result."""
    found = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal}
    print(json.dumps(found | {"detail": detail}), flush=True)


if __name__ == "__main__":
    main()
