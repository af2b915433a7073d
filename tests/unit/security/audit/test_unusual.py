"""What is unusual is found at the number that the file says, and not below it."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cdop.config import ROOT
from cdop.security.audit import unusual
from cdop.security.audit.sealer import DOUBT
from cdop.security.audit.unusual import Entry, Rule, find, rules
from cdop.security.audit.words import OUTCOMES, actions, words_of
from cdop.security.permissions import EVERY_PERMISSION

READS = "deaths:identity:read"
MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)  # a Friday
BARE = Rule("", "", "", "", ())
BY_CODE = {rule.code: rule for rule in rules()}


def line(minutes: float = 0, **values) -> Entry:
    """Return a reading of some child's identity by Anna, minutes after nine in the morning."""
    fields: dict[str, Any] = {"actor": "anna", "action": READS, "outcome": "done"}
    fields |= {"case_id": uuid4()} | values
    return Entry(at=fields.pop("at", MORNING + timedelta(minutes=minutes)), **fields)


def found(code: str, *entries: Entry, worked_on: tuple[UUID, ...] = ()) -> list:
    return find(entries, [BY_CODE[code]], worked_on)


def spread(number: int, **values) -> list[Entry]:
    return [line(each, **values) for each in range(number)]


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("many-identities", {}),
        ("searches-in-vain", {"action": "deaths:identity:search", "detail": {"found": 0}}),
        (
            "failed-sign-ins",
            {"action": "accounts:session:refuse", "actor": "system:sign-in", "case_id": None},
        ),
    ],
)
def test_many_is_the_limit_of_the_file_within_its_time(code: str, values: dict) -> None:
    rule = BY_CODE[code]
    (finding,) = found(code, *spread(rule.limit, **values))
    assert (finding.count, finding.first) == (rule.limit, MORNING)
    assert finding.actor == values.get("actor", "anna")
    assert found(code, *spread(rule.limit - 1, **values)) == []
    apart = [line(each * (rule.minutes + 1), **values) for each in range(rule.limit)]
    assert found(code, *apart) == []
    edge = [line(0, **values), *(line(rule.minutes, **values) for _ in range(rule.limit - 1))]
    assert len(found(code, *edge)) == 1
    two = [line(n, **values | {"actor": f"a{n % 2}"}) for n in range(rule.limit)]
    assert found(code, *two) == []


def test_the_same_child_opened_many_times_is_one_child() -> None:
    assert found("many-identities", *spread(100, case_id=uuid4())) == []


def test_a_search_that_found_something_does_not_count() -> None:
    search = {"action": "deaths:identity:search", "detail": {"found": 1}}
    assert found("searches-in-vain", *spread(20, **search)) == []


@pytest.mark.parametrize(
    ("at", "is_unusual"),
    [
        (datetime(2026, 11, 20, 6, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 20, 7, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 19, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 20, 20, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 21, 10, 0, tzinfo=UTC), True),  # Saturday
        (datetime(2026, 12, 25, 10, 0, tzinfo=UTC), True),  # Christmas Day, a Friday
        (datetime(2026, 7, 20, 6, 30, tzinfo=UTC), False),  # half past seven by the clock here
        (datetime(2026, 7, 20, 19, 30, tzinfo=UTC), True),
    ],
)
def test_hours_are_those_of_england(at: datetime, is_unusual: bool) -> None:
    assert len(found("outside-hours", line(at=at))) == is_unusual


def test_a_night_is_one_finding_for_each_person() -> None:
    late = datetime(2026, 11, 20, 22, tzinfo=UTC)
    night = [line(at=late + timedelta(minutes=n), actor=f"a{n % 2}") for n in range(6)]
    assert sorted((each.actor, each.count) for each in found("outside-hours", *night)) == [
        ("a0", 3),
        ("a1", 3),
    ]


def test_refusals_count_when_nothing_was_done_between_them() -> None:
    limit = BY_CODE["refusals"].limit
    refused = [line(n, outcome="denied", action="audit:log:read") for n in range(limit)]
    (finding,) = found("refusals", *refused)
    assert (finding.count, finding.last) == (limit, refused[-1].at)
    assert found("refusals", *refused[:-1]) == []
    assert found("refusals", *refused[:2], line(1.5), *refused[2:]) == []
    others = line(1.5, actor="berta")
    assert len(found("refusals", *refused[:2], others, *refused[2:])) == 1


def test_a_case_on_which_somebody_works_is_not_idle() -> None:
    case, other = uuid4(), uuid4()
    (finding,) = found(
        "idle-case", line(case_id=case), line(case_id=other), line(2, case_id=case),
        worked_on=(other,),
    )  # fmt: skip
    assert (finding.case_id, finding.count) == (case, 2)
    assert found("idle-case", line(case_id=None)) == []


def test_some_things_are_shown_each_time() -> None:
    lines = [line(1, action="access:break-glass:open"), line(2, action=DOUBT)]
    seen = find(lines, rules())
    assert [each.rule.code for each in seen] == ["log-in-doubt", "break-glass"]
    assert [each.count for each in seen] == [1, 1]
    assert [each.case_id for each in seen] == [each.case_id for each in reversed(lines)]
    assert [(each.first, each.last) for each in seen] == [(n.at, n.at) for n in reversed(lines)]


def test_what_several_rules_find_is_told_together_the_newest_first() -> None:
    limit = BY_CODE["refusals"].limit
    night = datetime(2026, 11, 20, 2, tzinfo=UTC)
    day = [
        line(at=night),
        line(0, action="access:break-glass:open"),
        *(line(n + 1, outcome="denied", action="audit:log:read") for n in range(limit)),
    ]
    found = find(day, rules(), {day[0].case_id} if day[0].case_id else ())
    assert [each.rule.code for each in found] == ["refusals", "break-glass", "outside-hours"]


def test_an_ordinary_day_is_not_unusual() -> None:
    day = [line(20 * n) for n in range(12)]
    assert find(day, rules(), {each.case_id for each in day}) == []


def test_the_rules_are_those_of_the_file() -> None:
    """Read anew: what is left out means every hour, and lines, not cases."""
    rules.cache_clear()
    told = tomllib.loads(
        Path(unusual.__file__).with_name("data").joinpath("unusual.toml").read_text()
    )
    assert [rule.code for rule in rules()] == [each["code"] for each in told["rule"]]
    for rule, each in zip(rules(), told["rule"], strict=True):
        assert rule.hours == (each.get("from", 0), each.get("to", 24))
        assert rule.of_cases is (each.get("of") == "cases")
        assert rule.actions == tuple(each["actions"])
        for name in ("kind", "label", "why", "limit", "minutes", "days", "detail"):
            assert getattr(rule, name) == each.get(name, getattr(BARE, name)), name


def test_each_rule_says_why_and_names_actions_that_there_are() -> None:
    assert len(rules()) == len(BY_CODE) >= 9
    for rule in rules():
        assert isinstance(rule, Rule)
        assert rule.label
        assert rule.why
        assert set(rule.actions) <= set(actions())
        assert rule.kind == "refusals" or rule.actions


def test_every_action_that_the_program_writes_has_words() -> None:
    """A code is area:thing:action, in quotes, in the source or among the permissions."""
    code = re.compile(r'"([a-z_]+:[a-z-]+:[a-z-]+)"')
    sources = [*(ROOT / "cdop").rglob("*.py"), ROOT / "cdop" / "security" / "roles.toml"]
    there = {found for path in sources for found in code.findall(path.read_text())}
    # Permissions of which the audit log never speaks otherwise have words in roles.toml.
    assert len(there) > 80
    assert there - set(actions()) - EVERY_PERMISSION == set(), "say their words in actions.toml"


def test_words_are_plain_and_an_unknown_code_is_shown_as_it_is() -> None:
    assert words_of(READS) == "Opened a child's identity"
    assert words_of("other:thing:done") == "other:thing:done"
    assert set(OUTCOMES) == {"done", "denied", "failed"}
    for words in actions().values():
        assert words[0].isupper()
        assert ":" not in words.partition(": ")[0]
