"""Worcestershire 2013-14 and Hampshire 2012-13, as many reviews as published; the rest is invented.

Worcestershire reviewed 38 deaths, 15 of them with modifiable factors [WSCB 2013/14]; Hampshire 61
[Hampshire 2012/13], of which the 13 with modifiable factors are drawn by the national share of
those years (20 to 22 %).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cdop.demo.cases import Case, play
from cdop.demo.marginals import draw
from cdop.demo.stage import Stage


@dataclass(frozen=True)
class Year:
    """A panel's published year: how many were reviewed, how many modifiable, at which meetings."""

    county: str
    reviewed: int
    modifiable: int
    meetings: tuple[str, ...]
    first_seed: int


_WORCESTERSHIRE = (
    "2013-05-15",
    "2013-07-17",
    "2013-09-18",
    "2013-11-13",
    "2014-01-15",
    "2014-03-12",
)
_HAMPSHIRE = (
    *("2012-04-18", "2012-06-20", "2012-07-18", "2012-09-19"),
    *("2012-10-17", "2012-12-12", "2013-02-20", "2013-03-20"),
)
YEARS = (
    Year("worcestershire", 38, 15, _WORCESTERSHIRE, 1000),
    Year("hampshire", 61, 13, _HAMPSHIRE, 2000),
)
SOONEST, LATEST = 90, 330


def play_years(stage: Stage) -> None:
    """Take the deaths of both counties through their panels."""
    for year in YEARS:
        play(stage, _cases(year))


def _cases(year: Year) -> dict[Case, date]:
    """Return the cases of a year with the day each was reviewed."""
    rng = random.Random(year.county)  # noqa: S311 - invented people, not a secret
    days = [date.fromisoformat(day) for day in year.meetings]
    meetings = [days[number % len(days)] for number in range(year.reviewed)]
    drawn = []
    for number, day in enumerate(meetings):
        died_on = day - timedelta(days=rng.randint(SOONEST, LATEST))
        seed = year.first_seed + number
        drawn.append(draw(rng, f"{year.county}-cdop", seed, died_on, died_on + timedelta(days=1)))
    return dict(zip(_with_modifiable(drawn, year.modifiable), meetings, strict=True))


def _with_modifiable(cases: Sequence[Case], wanted: int) -> list[Case]:
    """Return the cases with exactly so many modifiable ones: those drawn so come first."""
    likely = sorted(cases, key=lambda case: (case.modifiable != "yes", case.seed))
    chosen = {case.seed for case in likely[:wanted]}
    return [replace(case, modifiable="yes" if case.seed in chosen else "no") for case in cases]
