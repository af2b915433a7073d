"""Disclosure control: cells of z3 hidden, against the exact optimum, and seconds by size."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from cdop.statistics.disclosure import (
    Dimension,
    LinearSystem,
    Profile,
    Table,
    build_system,
    check_certificate,
    profile,
)
from cdop.statistics.disclosure.cells import read_cells
from cdop.statistics.disclosure.exact import protect_exactly
from cdop.statistics.disclosure.protect import first_choice, protect
from cdop.statistics.disclosure.spec import read_spec
from cdop.statistics.disclosure.worker import hide_against, round_system

DATA = Path(__file__).parents[2] / "tests" / "unit" / "statistics" / "disclosure" / "data"
VARIANTS = {
    "single-shown": ("single_1200", 0),
    "single-zeros": ("single_1200", 1),
    "linked-shown": ("linked_1350", 0),
    "linked-zeros": ("linked_1350", 1),
}
BOUND_ROUNDS = (30, 20)  # of the exact method on z3: enough for a bound, not for the optimum
PATIENT = 3000.0  # seconds to wait for the solver on a busy machine
CATEGORIES = [2, 3, 6, 9, 8, 12, 25, 28, 3, 4]  # per cent, invented
AGES, BOARDS = [42, 22, 13, 7, 8, 8], [25, 20, 16, 13, 11, 8, 7]


def main() -> None:
    """Print every figure; with names of figures as arguments, those that begin so."""
    for each in (elimination, optima, seconds, widths):
        if not sys.argv[1:] or any(each.__name__.startswith(name) for name in sys.argv[1:]):
            each()


def elimination() -> None:
    """Cells hidden by elimination alone over the published number."""
    published = pd.read_csv(DATA / "z3_published_results.csv")
    for name, (scope, zeros) in VARIANTS.items():
        began = time.perf_counter()
        system, rule = z3(name, 0)
        hidden = int(system.copies[first_choice(system, rule)].sum())
        took = time.perf_counter() - began
        row = published[
            (published.scope == scope)
            & (published.protect_zeros == zeros)
            & (published.method == "Gauss")
            & (published.singleton == "none")
        ]
        theirs = int(row.n_suppressed.iloc[0])
        detail = {"hidden": hidden, "published": theirs, "seconds": round(took, 3)}
        say(f"z3-{name}", hidden / theirs, "cells hidden over published", "<= 1", detail)


def widths() -> None:
    """Cells hidden for an audited width of 3 over the best bound that the exact method gives."""
    for name in VARIANTS:
        system, rule = z3(name, 3)
        even = replace(system, costs=1 + system.values / (1.0 + system.values.sum()))
        began = time.perf_counter()
        found = hide_against(even, rule, seconds=PATIENT)
        took = time.perf_counter() - began
        began = time.perf_counter()
        bound = int(np.floor(bound_of(even, rule) + 1e-6))
        detail = {
            "hidden": int(found.hidden.sum()),
            "bound": bound,
            "smallest_width": found.audits[0].smallest_width,
            "seconds": round(took, 2),
            "bound_seconds": round(time.perf_counter() - began, 2),
            "how": "distinct cells; the bound is of the exact method's cuts after"
            f" {BOUND_ROUNDS} rounds, without the rule on small sums: the optimum may be above it",
        }
        value = found.hidden.sum() / bound
        say(f"width3-{name}", value, "cells hidden over a proved bound", "near 1", detail)


def optima() -> None:
    """Value hidden over the exact optimum, on generated registers."""
    ratios, extra, done = [], [], 0
    for kind, deaths in [(230, 60), (230, 150), (230, 300), (230, 600), (616, 60), (616, 150)]:
        for seed in (1, 2):
            system = register(kind, deaths, seed)
            rule = profile("partner-1to4")
            fast = protect(system, rule)
            best = protect_exactly(system, rule)
            cost = float(system.costs[fast.hidden].sum())
            small = float(system.costs[fast.primary].sum())
            ratios.append(cost / best.bound)
            extra.append((cost - small) / max(best.bound - small, 1e-9))
            done += best.cost <= best.bound + 1e-6
    detail = {
        "ratios": [round(ratio, 4) for ratio in ratios],
        "complements_only": [round(ratio, 4) for ratio in extra],
        "complements_only_median": round(statistics.median(extra), 4),
        "proved_optimal": f"{done} of {len(ratios)}",
        "how": "1 + count of every hidden cell, over the exact method's bound",
    }
    value = statistics.median(ratios)
    say("optimum-median", value, "value hidden over the bound of the optimum", "<= 1.15", detail)


def seconds() -> None:
    """Seconds to protect and prove, the solver's process and its start included."""
    for kind, goal, sizes in (
        (230, 2, (60, 300, 3500)),
        (616, 5, (60, 300, 3500)),
        (920, 60, (180, 900, 3500)),
    ):
        for method in ("hide", "round"):
            took, checking = {}, 0.0
            for deaths in sizes:
                system = register(kind, deaths, 0)
                before = _cpu()
                began = time.perf_counter()
                if method == "hide":
                    rule = profile("partner-1to4")
                    done = hide_against(system, rule, seconds=PATIENT)
                else:
                    round_system(system, profile("rounded-5"), seconds=PATIENT)
                took[deaths] = (_cpu() - before, time.perf_counter() - began)
                if method == "hide":
                    proof, began = done.audits[0].certificate, time.process_time()
                    check_certificate(system, done.hidden, proof, rule)
                    checking = max(checking, time.process_time() - began)
            detail = {
                "cpu_seconds": {deaths: round(cpu, 2) for deaths, (cpu, _) in took.items()},
                "wall_seconds": {deaths: round(wall, 2) for deaths, (_, wall) in took.items()},
                "how": "the largest of three registers, by number of deaths; processor time",
            }
            name = f"seconds-{kind}" + ("-round" if method == "round" else "")
            say(name, max(cpu for cpu, _ in took.values()), "s", f"< {goal}", detail)
            if method == "hide":
                say(f"certificate-{kind}", checking, "s to check the proof", "< 1", {})


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    return sum(each.ru_utime + each.ru_stime for each in used)


def bound_of(system: LinearSystem, rule: Profile) -> float:
    """Return what any hiding costs at least, from a limited number of rounds."""
    return protect_exactly(system, rule, rounds=BOUND_ROUNDS).bound


def z3(name: str, width: int) -> tuple[LinearSystem, Profile]:
    """Return a variant of z3 with its rule, the width changed."""
    spec = read_spec(DATA / f"z3-{name}.toml")
    system = read_cells(DATA / "z3.csv", spec).system
    return system, replace(spec.rule.as_profile(), width=width)


def register(cells: int, deaths: int, seed: int) -> LinearSystem:
    """Return invented deaths as tables of 230 cells (linked), 616 (one cube) or 920 (3 years)."""
    random = np.random.default_rng(seed)
    boards = [f"b{i}" for i in range(len(BOARDS))]
    shares = {
        "category": ([f"c{i}" for i in range(len(CATEGORIES))], CATEGORIES),
        "age": ([f"a{i}" for i in range(len(AGES))], AGES),
        "board": (boards, BOARDS),
        "year": (["y0", "y1", "y2"], [34, 33, 33]),
    }
    records = pd.DataFrame(
        {
            name: random.choice(codes, deaths, p=np.array(share) / sum(share))
            for name, (codes, share) in shares.items()
        }
    )
    regions = {"region": {b: "north" if b < "b3" else "south" for b in boards}}
    dimensions = [
        Dimension(name, tuple(codes), regions if name == "board" and cells != 616 else {})
        for name, (codes, _) in shares.items()
    ]
    if cells == 616:
        tables = [Table("all", ("category", "age", "board"))]
    else:
        pairs = [("category", "age"), ("category", "board"), ("age", "board")]
        years = ("year",) if cells == 920 else ()
        tables = [Table("-".join(pair), (*pair, *years)) for pair in pairs]
    return build_system(records, dimensions, tables)


def say(name: str, value: float, unit: str, goal: str, detail: Mapping[str, object]) -> None:
    """Print one result."""
    found = {"name": name, "value": round(float(value), 4), "unit": unit, "goal": goal}
    print(json.dumps(found | {"detail": dict(detail)}), flush=True)


if __name__ == "__main__":
    main()
