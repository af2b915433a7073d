"""What the auditor sees: lines in plain words, what is unusual, and whether the log is sealed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from cdop.errors import Misconfigured
from cdop.organisations import queries as organisations
from cdop.security.audit import delivering, proving, sealer
from cdop.security.audit.queries import Unusual
from cdop.security.audit.scope import reach
from cdop.security.audit.unusual import Finding
from cdop.security.audit.words import OUTCOMES, actions, words_of
from cdop.security.models import AuditEntry
from cdop.security.work import Register, Work
from cdop.web.audit.forms import StretchForm
from cdop.web.forms import Bound
from cdop.web.templating import day, moment

WEEK = timedelta(days=6)
_COLOURS = {"denied": "orange", "failed": "red"}
_TOLD = ("why", "section", "fields", "found", "role", "office", "about", "wrong", "lines")
Cell = str | dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A line, ready to show. `case` is a reference with its address, or empty."""

    at: str
    who: Cell
    what: str
    more: str
    outcome: tuple[str, str] | None
    case: Cell


@dataclass(frozen=True)
class LogPage:
    """The log. `said` is what the form's answers came to; `next` leads to older lines."""

    form: Bound[Any]
    lines: list[Line]
    actions: list[tuple[str, str]]
    organisations: list[tuple[str, str]]
    outcomes: list[tuple[str, str]]
    state: list[tuple[str, str]]
    is_alarming: bool
    asked: list[tuple[str, str]]
    next: str | None
    first: str | None


@dataclass(frozen=True)
class UnusualPage:
    """What is unusual in a stretch of days."""

    form: Bound[StretchForm]
    stretch: str
    rows: list[tuple[str, str, Cell, str, str]]
    is_cut: bool


def log_page(
    work: Work,
    register: Register,
    form: Bound[Any],
    found: Iterable[AuditEntry],
    names: Mapping[UUID, str],
    older: UUID | None,
    is_later: bool,
) -> LogPage:
    """Return the page of some lines. `older` is the last of them where there are more."""
    asked = [(name, value) for name, values in form.values.items() for value in values if value]
    shown, is_alarming = state(work, register)
    next = f"/audit?{urlencode([*asked, ('before', str(older))])}" if older else None
    return LogPage(
        form=form,
        lines=[_line(each, names) for each in found],
        actions=sorted(actions().items(), key=lambda pair: pair[1]),
        organisations=_organisations(work),
        outcomes=list(OUTCOMES.items()),
        state=shown,
        is_alarming=is_alarming,
        asked=asked,
        next=next,
        first=f"/audit?{urlencode(asked)}" if is_later else None,
    )


def state(work: Work, register: Register) -> tuple[list[tuple[str, str]], bool]:
    """Return whether the log is sealed and its checkpoints leave the machine, in pairs to read.

    And whether that needs somebody: lines wait for long, or a sink fails.
    """
    waits, newest = sealer.waiting(work), proving.newest(work)
    late = waits.is_late(datetime.now(UTC))
    sealed = sum(each.size for each in newest)
    last = max((each.at for each in newest), default=None)
    rows = [("Sealed", f"{sealed:,} lines, last on {moment(last)}" if last else "Nothing yet")]
    since = f", the oldest since {moment(waits.since)}" if waits.since else ""
    rows.append(("Not sealed yet", f"{waits.lines:,} lines{since}" if waits.lines else "None"))
    try:
        standings = delivering.standings(work, register.settings)
    except Misconfigured as error:
        return [*rows, ("Checkpoints", str(error))], True
    if not standings:
        return [*rows, ("Checkpoints", "They do not leave this machine: no sink is set")], late
    rows += [(f"Checkpoints to {each.name}", _standing(each)) for each in standings]
    return rows, late or any(each.is_failing for each in standings)


def unusual_page(
    form: Bound[StretchForm], found: Unusual, stretch: str, names: Mapping[UUID, str]
) -> UnusualPage:
    """Return the page of what was found."""
    rows = [_finding(each, names) for each in found.findings]
    return UnusualPage(form, stretch, rows, found.is_cut)


def _standing(standing: delivering.Standing) -> str:
    if standing.is_failing and standing.state and standing.state.failing_since:
        since = moment(standing.state.failing_since)
        return f"Failing since {since} ({standing.state.error}); tried again every minute"
    return "Up to date" if not standing.behind else f"{standing.behind} to be delivered"


def _organisations(work: Work) -> list[tuple[str, str]]:
    reached = reach(work.actor)
    there = organisations.existing(work.session, work.today)
    ids = [each.id for each in there if reached is None or each.id in reached]
    names = organisations.names_on(work.session, ids, work.today)
    return sorted(((str(id), name) for id, name in names.items()), key=lambda pair: pair[1])


def _line(line: AuditEntry, names: Mapping[UUID, str]) -> Line:
    outcome = None if line.outcome == "done" else (OUTCOMES[line.outcome], _COLOURS[line.outcome])
    return Line(
        at=moment(line.at),
        who={"text": line.actor, "href": f"/audit?{urlencode({'who': line.actor})}"},
        what=words_of(line.action),
        more=told(line.detail),
        outcome=outcome,
        case=_case(names, line.case_id, line.subject_id),
    )


def _case(names: Mapping[UUID, str], *ids: UUID | None) -> Cell:
    for id in ids:
        if id and id in names:
            return {"text": names[id], "href": f"/audit?{urlencode({'case': names[id]})}"}
    return ""


def told(detail: Mapping[str, Any]) -> str:
    """Return what a line says beside the action, as far as people can read it."""
    return "; ".join(f"{name}: {_plain(detail[name])}" for name in _TOLD if detail.get(name))


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _finding(found: Finding, names: Mapping[UUID, str]) -> tuple[str, str, Cell, str, str]:
    fields = {"who": found.actor}
    for name, at in (("first", found.first), ("last", found.last)):
        fields |= {f"{name}-day": f"{at.day}", f"{name}-month": f"{at.month}"}
        fields |= {f"{name}-year": f"{at.year}"}
    if found.case_id and found.case_id in names:
        fields["case"] = names[found.case_id]
    who = {"text": found.actor, "href": f"/audit?{urlencode(fields)}"}
    first, last = moment(found.first), moment(found.last)
    times = first if first == last else f"{first} to {last}"
    return (found.rule.label, found.rule.why, who, f"{found.count:,}", times)


def stretch_of(first: Any, last: Any) -> str:
    """Return two days in words."""
    return day(first) if first == last else f"{day(first)} to {day(last)}"
