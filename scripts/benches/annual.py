"""The whole annual set of a county, a region and England over ten years, protected and proved."""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cdop.reference import codelist
from cdop.statistics.disclosure import profile
from cdop.statistics.kinds import Counted
from cdop.statistics.protecting import Wish, protect_release
from cdop.statistics.records.deaths import described
from cdop.statistics.year_tables import year_tables

YEAR, BEFORE, AFTER = "2013-14", "2012-13", "2014-15"
DAY = date(2014, 3, 31)
SIZES = {"county": (11, 5), "region": (90, 60), "england": (4100, 3500)}  # died, reviewed
PROFILES = ("partner-1to4", "rounded-5")
YEARS = {"county": 1, "region": 1, "england": 10}
GOAL = 60  # seconds, for 3,500 reviews a year over ten years
YOUNG = ("0-27-days", "28-364-days", "1-4-years")
CATEGORIES = ("8", "7", "10", "4", "6", "5", "3", "9", "1", "2")
# Places in a code list by how often their answer is given, of none in particular: invented.
COMMON = {"event": 1.0, "social_care": 1.5, "statutory_order": 2.5, "ethnic_group": 1.6}
EVEN = {"deprivation": 0.5, "months_to_review": 0.5, "expected": 1.0, "place_of_death": 1.0}
RARE = {"asylum_seeker": 3.0, "case_review": 3.0, "agency_response": 1.0}
LISTS = {
    "event": "event-kinds",
    "social_care": "social-care-status",
    "statutory_order": "order-status",
    "ethnic_group": "ethnic-groups",
    "months_to_review": "review-durations",
    "place_of_death": "place-of-death",
    "asylum_seeker": "asylum-seeker",
    "case_review": "case-review-held",
    "agency_response": "jar-held",
}
FACTORS = ("", "child", "family", "child family", "service", "child family parenting service")
Answers = npt.NDArray[Any]


def main() -> None:
    """Print seconds of processor time for each size and profile; with a size, for that alone."""
    for size, (died, reviewed) in SIZES.items():
        if sys.argv[1:] and size not in sys.argv[1:]:
            continue
        for chosen in PROFILES:
            years = [_protected(died, reviewed, chosen, seed) for seed in range(YEARS[size])]
            _say(size, chosen, years)


def _protected(died: int, reviewed: int, chosen: str, seed: int) -> dict[str, float]:
    """Protect a year as the register does, against every attacker; return what it took."""
    tables = year_tables(YEAR)
    counted = Counted(invented(died, reviewed, seed), tables, (YEAR,))
    before, began = _cpu(), time.perf_counter()
    done = protect_release(counted, profile(chosen), Wish(seconds=1800))
    return {
        "seconds": round(_cpu() - before, 2),
        "wall": round(time.perf_counter() - began, 2),
        "counts": len(done.cells),
        "hidden": sum(number is None for number in done.cells.values()),
    }


def _say(size: str, chosen: str, years: Sequence[Mapping[str, float]]) -> None:
    detail = {
        "years": len(years),
        "reviews_a_year": SIZES[size][1],
        "tables": len(year_tables(YEAR).tables),
        "counts": years[0]["counts"],
        "hidden": [year["hidden"] for year in years],
        "seconds_a_year": [year["seconds"] for year in years],
        "wall_seconds": round(sum(year["wall"] for year in years), 2),
        "how": "each year a release, against families too; solver's process and start included",
    }
    line = {
        "name": f"annual-{size}-{chosen}",
        "value": round(sum(year["seconds"] for year in years), 2),
        "unit": "s of processor time",
        "goal": f"< {GOAL}" if size == "england" else "none",
        "detail": detail,
    }
    print(json.dumps(line), flush=True)


def invented(died: int, reviewed: int, seed: int = 0) -> pd.DataFrame:
    """Return an invented year; most of its reviews are of deaths of the year before."""
    random = np.random.default_rng(seed)
    number = died + 2 * reviewed // 3
    row = np.arange(number)
    earlier = row >= died
    done = earlier | (row < reviewed - 2 * reviewed // 3)
    told = np.where(earlier & (row % 7 > 0), BEFORE, YEAR).astype(object)
    told[~earlier & ~done & (row % 20 == 0)] = AFTER
    columns: dict[str, Answers] = {
        "died_year": np.where(earlier, BEFORE, YEAR),
        "notified_year": told,
        "reviewed_year": np.array([YEAR if each else None for each in done], dtype=object),
        "age_band": _chosen(random, (*YOUNG[:2], "15-17-years", YOUNG[2], "10-14-years"), number),
        "sex": random.choice(["male", "female"], number, p=[0.55, 0.45]),
        "category": _chosen(random, CATEGORIES, number),
        "modifiable": random.choice(["yes", "no", "inadequate"], number, p=[0.3, 0.68, 0.02]),
        "factors": _chosen(random, FACTORS, number, 0.6),
    }
    for name, steepness in {**COMMON, **EVEN, **RARE}.items():
        codes = codelist(LISTS.get(name, name), DAY).codes()
        columns[name] = _chosen(random, codes, number, steepness)
    _made_possible(columns, earlier)
    return described(pd.DataFrame(columns, dtype=object), YEAR)


def _chosen(
    random: np.random.Generator, codes: Sequence[str], number: int, steepness: float = 1.0
) -> Answers:
    """Draw answers, each less often than the one before it."""
    weights = 1 / np.arange(1, len(codes) + 1) ** steepness
    return random.choice(np.array(codes, dtype=object), number, p=weights / weights.sum())


def _made_possible(of: Mapping[str, Answers], earlier: Answers) -> None:
    """Change what any reader rules out."""
    age, category, event = of["age_band"], of["category"], of["event"]
    young = np.isin(age, YOUNG)
    category[young & (category == "2")] = "8"
    accidents = ("road-traffic", "drowning", "fire-burns")
    event[np.isin(event, accidents) & ~np.isin(category, ["1", "2", "3"])] = "none"
    event[(event == "apparent-homicide") & ~np.isin(category, ["1", "3"])] = "none"
    event[np.isin(event, ["apparent-suicide", "substance-misuse"]) & young] = "none"
    event[(event == "apparent-suicide") & ~np.isin(category, ["2", "3"])] = "none"
    event[(event == "neonatal") & (age != "0-27-days")] = "life-limiting"
    event[(event == "sudi") & ~young] = "none"
    of["expected"][np.isin(category, ["1", "2", "10"])] = "unexpected"
    of["social_care"][(of["social_care"] == "care-leaver") & (age != "15-17-years")] = "not-known"
    of["statutory_order"][of["social_care"] == "looked-after-s31"] = "current"
    late = np.isin(of["months_to_review"], ["12", "over-12"])
    of["months_to_review"][~earlier & late] = "6-7"
    of["factors"][(of["modifiable"] == "yes") & (of["factors"] == "")] = "family"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
