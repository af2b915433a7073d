"""Whether the time until a receipt tells that the child is known, here or elsewhere.

Notifications of children who are known elsewhere, known here and unknown are sent in turn by
somebody who may not read cases. `value` is how often one who guesses by time alone which of two
answers was about an unknown child is right, as far as it differs from tossing a coin (0.5 at most).
"""

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median

from sealing.measuring import say

from cdop import registers
from cdop.config import Settings
from cdop.deaths.commands import Child
from cdop.deaths.service import notify
from cdop.reference import nhs_numbers
from cdop.web import even
from cdop.web.app import create_app
from tests.client import Client
from tests.factories import Herefordshire, child, herefordshire, told
from tests.integration.security.canaries import INVENTED
from tests.integration.security.test_leaks import typed


def main() -> None:
    """Print the figures: as the work takes, and as the answers leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
        place = Path(folder) / "register"
        settings = Settings(place, f"sqlite:///{place}/register.db", place / "keys.json")
        county = herefordshire(registers.create(settings))
        _measure(county, "receipt-work", 0, range(1, rounds + 1), "no goal: what is hidden")
        later = range(rounds + 1, 2 * rounds + 1)
        _measure(county, "receipt-answer", even.STEP, later, "<= 0.1")


def _measure(county: Herefordshire, name: str, step: float, seeds: range, goal: str) -> None:
    client = Client(create_app(county.register)).act_as(county.register, county.actors["notifier"])
    client.app.state.even_step = step  # type: ignore[attr-defined]
    took: dict[str, list[float]] = defaultdict(list)
    for seed in seeds:
        for number, known in enumerate(("elsewhere", "nowhere", "here")):
            took[known].append(_seconds(county, client, 3 * seed + number, known))
    for known in ("elsewhere", "here"):
        pairs = list(product(took[known], took["nowhere"]))
        longer = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)
        say(
            f"{name}-known-{known}",
            abs(longer - 0.5),
            "how much better than a coin time tells the known from the unknown",
            goal,
            median_known_ms=round(1e3 * median(took[known]), 2),
            median_unknown_ms=round(1e3 * median(took["nowhere"]), 2),
            notifications=len(took[known]),
        )


def _seconds(county: Herefordshire, client: Client, seed: int, known: str) -> float:
    number = nhs_numbers.invented(seed)
    of: Child = child(seed)
    if known != "nowhere":
        who, panel = {
            "here": ("coordinator", "herefordshire-cdop"),
            "elsewhere": ("neighbour", "worcestershire-cdop"),
        }[known]
        county.register.do(county.actors[who], notify, told(county[panel], of))
    fields = typed(county, replace(INVENTED[0], number=number))
    began = time.perf_counter()
    answer = client.submit("/deaths/notify", fields)
    took = time.perf_counter() - began
    assert answer.status_code == 303, answer.text
    return took


if __name__ == "__main__":
    main()
