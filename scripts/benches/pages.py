"""The work list: its rate against bare FastAPI and Jinja, and its p95 as the register grows."""

import json
import statistics
import tempfile
import time
from pathlib import Path

from serving.apps import TEMPLATE, Server, bare, ready, real, served
from serving.client import Sample, ask
from serving.filling import fill

from cdop.web.deps import COOKIE
from cdop.web.templating import environment

SMALL, LARGE = 1_000, 100_000
ROUNDS, SECONDS, CONNECTIONS = 20, 0.35, 4


def main() -> None:
    """Print the two figures."""
    with tempfile.TemporaryDirectory(prefix="cdop-bench-") as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        tokens = {small: fill(small, SMALL), large: fill(large, LARGE)}
        throughput(small, tokens[small])
        growth(small, large, tokens)


def throughput(folder: Path, token: str) -> None:
    """Compare the real work list with the same page from a bare app."""
    with served(real, folder, token) as ours, served(bare, folder, token) as theirs:
        rounds = _rounds([(ours, token), (theirs, token)])
    ratios = [mine.rate / other.rate for mine, other in zip(*rounds, strict=True)]
    mine, other = (_whole(samples) for samples in rounds)
    say(
        "throughput",
        statistics.median(ratios),
        "work list requests a second over the bare app's, median of the rounds",
        ">= 0.5",
        work_list_per_second=round(mine.rate, 1),
        bare_per_second=round(other.rate, 1),
        ratios=[round(ratio, 3) for ratio in ratios],
        template_ms=round(template_ms(folder, token), 3),
        work_list_cpu_ms=round(mine.cpu_ms, 2),
        bare_cpu_ms=round(other.cpu_ms, 2),
        cpu_ratio=round(other.cpu_ms / mine.cpu_ms, 3),
        how=f"{ROUNDS} rounds in turn, {CONNECTIONS} connections, 1 worker each, {SMALL} cases",
    )


def growth(small: Path, large: Path, tokens: dict[Path, str]) -> None:
    """Compare the p95 of the work list of a large register with that of a small one."""
    with served(real, small, tokens[small]) as little, served(real, large, tokens[large]) as much:
        rounds = _rounds([(much, tokens[large]), (little, tokens[small])])
    p95 = [_whole(samples).percentile(0.95) for samples in rounds]
    say(
        "p95-growth",
        p95[0] / p95[1],
        f"p95 with {LARGE} cases over p95 with {SMALL}",
        "<= 1.5",
        p95_ms={str(LARGE): round(p95[0], 2), str(SMALL): round(p95[1], 2)},
        median_ms={
            str(LARGE): round(_whole(rounds[0]).percentile(0.5), 2),
            str(SMALL): round(_whole(rounds[1]).percentile(0.5), 2),
        },
        how="deaths and tasks inserted in bulk, all at one panel; rounds in turn",
    )


def template_ms(folder: Path, token: str) -> float:
    """Return the median time of rendering the page alone, in milliseconds."""
    shell, page, _ = ready(folder, token)
    template = environment().get_template(TEMPLATE)
    times = []
    for _ in range(200):
        began = time.perf_counter()
        template.render(page=page, shell=shell, csrf="0" * 64)
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def _rounds(servers: list[tuple[Server, str]]) -> list[list[Sample]]:
    """Ask each server in turn, after a round that does not count."""
    found: list[list[Sample]] = [[] for _ in servers]
    for number in range(ROUNDS + 1):
        for samples, (server, token) in zip(found, servers, strict=True):
            before = server.cpu_seconds()
            sample = ask(server.port, f"{COOKIE}={token}", SECONDS, CONNECTIONS)
            sample.cpu = server.cpu_seconds() - before
            if number:
                samples.append(sample)
    return found


def _whole(samples: list[Sample]) -> Sample:
    whole = Sample()
    for sample in samples:
        whole.add(sample)
    return whole


def say(name: str, value: float, unit: str, goal: str, **detail: object) -> None:
    """Print one result."""
    result = {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "detail": detail}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
