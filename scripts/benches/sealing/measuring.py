"""Timing things in turn, so that what they are compared with met the same machine."""

import json
import statistics
import time
from collections.abc import Callable

# 64 bytes
VALUE = b"An invented value, to be sealed and opened, of sixty-four bytes."
ROUNDS = 15


def in_turn(calls: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Return microseconds a call of each in rounds taken in turn."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter()
            for _ in range(count):
                call()
            took[name].append(1e6 * (time.perf_counter() - began) / count)
    return took


def ratio(one: list[float], other: list[float]) -> float:
    """Return the median of what each round gives: both sides of a round met the same machine."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def say(name: str, value: float, unit: str, goal: str, **detail: object) -> None:
    """Print one result."""
    result = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "detail": detail}
    print(json.dumps(result), flush=True)
