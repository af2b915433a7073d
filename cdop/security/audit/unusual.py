"""What is unusual in a stretch of the log, by rules that are data (`data/unusual.toml`)."""

import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cdop.clock import LONDON, local_day
from cdop.reference.clocks import is_working_day

_FILE = Path(__file__).parent / "data" / "unusual.toml"


@dataclass(frozen=True)
class Rule:
    """One thing worth a look. Which of the numbers count depends on `kind`: see the file."""

    code: str
    kind: str
    label: str
    why: str
    actions: tuple[str, ...]
    limit: int = 1
    minutes: int = 0
    days: int = 0
    hours: tuple[int, int] = (0, 24)
    of_cases: bool = False
    detail: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Entry:
    """What the rules need of a line."""

    at: datetime
    actor: str
    action: str
    outcome: str
    case_id: UUID | None
    detail: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Finding:
    """Something that a rule points at: who, how often, from when to when."""

    rule: Rule
    actor: str
    count: int
    first: datetime
    last: datetime
    case_id: UUID | None = None


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of the file, in its order."""
    return tuple(_rule(dict(each)) for each in tomllib.loads(_FILE.read_text())["rule"])


def _rule(values: dict[str, Any]) -> Rule:
    hours = (values.pop("from", 0), values.pop("to", 24))
    of_cases = values.pop("of", "lines") == "cases"
    actions = tuple(values.pop("actions"))
    return Rule(**values, actions=actions, hours=hours, of_cases=of_cases)


def find(
    entries: Iterable[Entry],
    wanted: Sequence[Rule],
    worked_on: Collection[UUID] = (),
) -> list[Finding]:
    """Return what is unusual among lines that are in order of time, the newest first.

    `worked_on` are cases on which somebody did more than read within the days of the `idle` rule.
    The system's own lines count where no person can be told: at signing in.
    """
    every = list(entries)
    found = []
    for rule in wanted:
        if rule.kind == "refusals":
            found += _refusals(rule, every)
            continue
        hits = [each for each in every if each.action in rule.actions and _fits(rule, each)]
        found += _KINDS[rule.kind](rule, hits, worked_on)
    return sorted(found, key=lambda each: each.last, reverse=True)


def _fits(rule: Rule, entry: Entry) -> bool:
    return all(entry.detail.get(name) == value for name, value in rule.detail.items())


def _by_actor(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found = defaultdict(list)
    for each in entries:
        found[each.actor].append(each)
    return found


def _finding(rule: Rule, entries: Sequence[Entry], count: int, case: UUID | None = None) -> Finding:
    return Finding(rule, entries[0].actor, count, entries[0].at, entries[-1].at, case)


def _many(rule: Rule, hits: list[Entry], _: Collection[UUID]) -> list[Finding]:
    """Find each person's busiest stretch, where it reaches the limit."""
    found = []
    for theirs in _by_actor(hits).values():
        times = [each.at for each in theirs]
        stretches = (
            theirs[start : bisect_right(times, at + timedelta(minutes=rule.minutes))]
            for start, at in enumerate(times)
        )
        count, busiest = max(((_count(rule, each), each) for each in stretches), key=lambda x: x[0])
        if count >= rule.limit:
            found.append(_finding(rule, busiest, count))
    return found


def _count(rule: Rule, entries: Sequence[Entry]) -> int:
    return len({each.case_id for each in entries}) if rule.of_cases else len(entries)


def _hours(rule: Rule, hits: list[Entry], _: Collection[UUID]) -> list[Finding]:
    """Find each person's lines of a day that are outside the hours."""
    start, end = rule.hours
    by_day: defaultdict[tuple[str, date], list[Entry]] = defaultdict(list)
    for each in hits:
        local = each.at.astimezone(LONDON)
        if not is_working_day(local.date()) or not start <= local.hour < end:
            by_day[each.actor, local_day(each.at)].append(each)
    return [_finding(rule, each, len(each)) for each in by_day.values()]


def _refusals(rule: Rule, every: list[Entry]) -> list[Finding]:
    found = []
    for theirs in _by_actor(every).values():
        run: list[Entry] = []
        for each in [*theirs, None]:
            if each and each.outcome == "denied":
                run.append(each)
                continue
            if len(run) >= rule.limit:
                found.append(_finding(rule, run, len(run)))
            run = []
    return found


def _any(rule: Rule, hits: list[Entry], _: Collection[UUID]) -> list[Finding]:
    return [_finding(rule, [each], 1, each.case_id) for each in hits]


def _idle(rule: Rule, hits: list[Entry], worked_on: Collection[UUID]) -> list[Finding]:
    by_case: defaultdict[tuple[str, UUID], list[Entry]] = defaultdict(list)
    for each in hits:
        if each.case_id and each.case_id not in worked_on:
            by_case[each.actor, each.case_id].append(each)
    return [_finding(rule, each, len(each), case) for (_, case), each in by_case.items()]


_KINDS: dict[str, Callable[[Rule, list[Entry], Collection[UUID]], list[Finding]]] = {
    "many": _many,
    "hours": _hours,
    "any": _any,
    "idle": _idle,
}
