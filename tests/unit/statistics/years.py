"""Invented years of a panel as statistics count them, without a register behind them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cdop.statistics.records.deaths import described
from cdop.statistics.year_tables import YearTables

YEAR, BEFORE, AFTER = "2013-14", "2012-13", "2014-15"
AGES = ("0-27-days", "28-364-days", "1-4-years", "5-9-years", "10-14-years", "15-17-years")
COLUMNS = [
    "died_year",
    "notified_year",
    "reviewed_year",
    "age_band",
    "sex",
    "ethnic_group",
    "category",
    "modifiable",
]


# What the other columns hold by turns, where a test says nothing of them.
OTHERS = {
    "deprivation": ("1", "1", "2", "3", "1", "4", "5"),
    "expected": ("unexpected", "unexpected", "not-known"),
    "place_of_death": ("hospital-ward", "home", "hospital-emergency", "home", "hospice"),
    "months_to_review": ("under-6", "6-7", "8-9", "under-6"),
    "event": ("none", "life-limiting", None, "none"),
    "social_care": ("not-known-to-care", "not-known-to-care", "child-in-need"),
    "statutory_order": ("never", "never", "never", "not-known"),
    "asylum_seeker": ("no",),
    "case_review": ("no", "no", "yes"),
    "agency_response": ("yes", "not-required"),
    "factors": ("", "child", "child service", "", "family", "child family"),
}


def records(rows: Sequence[Sequence[str | None]]) -> pd.DataFrame:
    """Return rows of `COLUMNS` as the register would count them in `YEAR`."""
    found = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    for name, turns in OTHERS.items():
        answers = [turns[number % len(turns)] for number in range(len(found))]
        found[name] = pd.Series(answers, dtype=object)
    return described(found, YEAR)


def cut_by(tables: YearTables, names: Collection[str]) -> YearTables:
    """Return the tables that are cut by no other columns than these."""
    kept = [t for t in tables.definitions.every if set(t.by) <= set(names)]
    measures = [m for m in tables.definitions.measures if m.table in {t.code for t in kept}]
    update = {"every": tuple(kept), "measures": tuple(measures)}
    return replace(tables, definitions=tables.definitions.model_copy(update=update))


def herefordshire() -> pd.DataFrame:
    """Return the published year: 11 died, 5 reviewed (3 male, 2 female; 1 modifiable)."""
    reviewed = [
        ("male", "8", "no"),
        ("male", "7", "no"),
        ("male", "10", "yes"),
        ("female", "8", "no"),
        ("female", "4", "no"),
    ]
    rows: list[Sequence[str | None]] = [
        (YEAR, YEAR, YEAR, AGES[number // 2], sex, "white", category, modifiable)
        for number, (sex, category, modifiable) in enumerate(reviewed)
    ]
    for number in range(6):
        told = AFTER if number == 5 else YEAR
        sex = "female" if number % 2 else "male"
        rows.append((YEAR, told, None, AGES[number], sex, "white", None, None))
    return records(rows)


def larger(tables: YearTables, died: int, reviewed: int, seed: int = 0) -> pd.DataFrame:
    """Return an invented year of a larger panel; most of its reviews are of earlier deaths."""
    random = np.random.default_rng(seed)
    rows: list[Sequence[str | None]] = []
    for number in range(died + 2 * reviewed // 3):
        earlier = number >= died
        told = BEFORE if earlier and number % 7 else YEAR
        done = earlier or number < reviewed - 2 * reviewed // 3
        if not earlier and not done and number % 20 == 0:
            told = AFTER
        rows.append(
            (
                BEFORE if earlier else YEAR,
                told,
                YEAR if done else None,
                str(random.choice(AGES, p=[0.45, 0.18, 0.12, 0.07, 0.08, 0.1])),
                str(random.choice(["male", "female"], p=[0.55, 0.45])),
                str(
                    random.choice(
                        tables.codes("ethnic_group"), p=[0.7, 0.05, 0.12, 0.05, 0.03, 0.05]
                    )
                ),
                str(
                    random.choice(
                        ["3", "4", "6", "7", "8", "10"], p=[0.1, 0.1, 0.1, 0.25, 0.35, 0.1]
                    )
                ),
                str(random.choice(["yes", "no", "inadequate"], p=[0.4, 0.57, 0.03])),
            )
        )
    return records(rows)
