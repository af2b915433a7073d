"""The whole role × permission matrix, written out: a grant changes here and in `roles.toml`."""

import json

import pytest
from typer.testing import CliRunner

from cdop.cli import app
from cdop.config import ROOT
from cdop.security import matrix
from cdop.security.permissions import (
    ANYWHERE,
    ASSIGNED_ONLY,
    EVERY_PERMISSION,
    GLASS,
    GRANTS,
    PERMISSIONS,
    Opens,
    Role,
    needs_second_factor,
    read,
)

# In the order of `Role`: notifier, coordinator, designated doctor, lead health professional, CDRM
# chair, key worker, panel chair, panel member | JCR administrator, JCR member, decision maker |
# analyst, release approver | guardian, administrator, auditor.
TRUTH = """
    access:break-glass:open              . x x x . . . .  . . .  . .  . . .
    access:break-glass:review            . . . . . . . .  . . .  . .  x . .
    deaths:identity:read                 . x x x x x . .  . . .  . .  x . .
    deaths:identity:correct              . x . . . . . .  . . .  . .  . . .
    deaths:narrative:read                . x x x x . . .  . . .  . .  x . .
    deaths:case:edit                     . x . . . . . .  . . .  . .  . . .
    case_reviews:subject:read            . . . . . . . .  x x x  . .  x . .
    rights:request:handle                . x . . . . . .  x . .  . .  x . .
    deaths:case:read                     . x x x x x . .  . . .  . .  x . .
    overview:case:read                   . x x . x . x x  . . .  . .  . . .
    overview:review:draft                . x x . x . x x  . . .  . .  . . .
    overview:review:sign                 . . . . . . x .  . . .  . .  . . .
    case_reviews:referral:read           . . . . . . . .  x x x  . .  x . .
    case_reviews:referral:create         . x x . . . x .  x . .  . .  . . .
    case_reviews:recommendation:record   . . . . . . . .  x x .  . .  . . .
    case_reviews:decision:decide         . . . . . . . .  . . x  . .  . . .
    case_reviews:review:record           . . . . . . . .  x . .  . .  . . .
    statistics:exact:read                . x . . . . x .  x x .  x x  . . .
    statistics:dashboard:read            . x x . x . x x  . . .  x x  x . .
    statistics:release:build             . . . . . . . .  . . .  x .  . . .
    statistics:release:read              . . . . . . . .  . . .  x x  . . .
    statistics:release:approve           . . . . . . . .  . . .  . x  . . .
    statistics:token:make                . . . . . . . .  . . .  x .  . . .
    deaths:notification:create           x x x x . . . .  . . .  . .  . . .
    meetings:meeting:read                . x x . x . x x  x x .  . .  . . .
    meetings:meeting:arrange             . x . . . . . .  x . .  . .  . . .
    retention:record:list                . x . . . . . .  x . .  . .  x x .
    retention:erasure:propose            . x . . . . . .  x . .  . .  . . .
    retention:hold:set                   . x . . . . . .  x . .  . .  x . .
    reference:file:load                  . . . . . . . .  . . .  x .  . . .
    access:break-glass:read              . x x x . . . .  . . .  . .  x . x
    audit:log:read                       . . . . . . . .  . . .  . .  . . x
    accounts:account:manage              . . . . . . . .  . . .  . .  . x .
    retention:erasure:approve            . . . . . . . .  . . .  . .  x . .
    retention:period:set                 . . . . . . . .  . . .  . .  x . .
    retention:register:set               . . . . . . . .  . . .  . .  . x .
    register:backup:create               . . . . . . . .  . . .  . .  . . .
    register:keys:manage                 . . . . . . . .  . . .  . .  . . .
"""
ROWS = {line.split()[0]: line.split()[1:] for line in TRUTH.strip().splitlines()}
AT_LEAST = 'permissions.work."a:b:c" = "Do it"\n[break_glass]\nminutes = 5\nmay = []\n' + "".join(
    f'[roles.{role}]\nlabel = "L"\ndoes = "d"\nmay = ["a:b:c"]\n' for role in Role
)


@pytest.mark.parametrize(("permission", "marks"), ROWS.items(), ids=list(ROWS))
def test_each_role_holds_what_is_written_here(permission: str, marks: list[str]) -> None:
    assert len(marks) == len(Role)
    held = ["x" if permission in GRANTS[role] else "." for role in Role]
    assert held == marks


def test_no_permission_is_left_out() -> None:
    assert (
        set(ROWS)
        == EVERY_PERMISSION
        == set().union(*GRANTS.values())
        | {
            "register:backup:create",
            "register:keys:manage",
        }
    )


def test_whoever_runs_the_register_sees_no_case_and_the_auditor_no_narrative() -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        opened = {PERMISSIONS[each].opens for each in GRANTS[role]}
        assert opened <= {Opens.WORK, Opens.POWER}


def test_the_panel_never_holds_what_opens_identity() -> None:
    for role in (Role.PANEL_CHAIR, Role.PANEL_MEMBER, Role.ANALYST, Role.RELEASE_APPROVER):
        assert Opens.IDENTITY not in {PERMISSIONS[each].opens for each in GRANTS[role]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("retention:erasure:propose", "retention:erasure:approve"),
        ("statistics:release:build", "statistics:release:approve"),
        ("accounts:account:manage", "audit:log:read"),
    ],
)
def test_no_role_holds_both_halves_of_what_takes_two_people(one: str, other: str) -> None:
    assert [role for role in Role if {one, other} <= GRANTS[role]] == []


def test_a_second_factor_is_asked_of_all_but_those_who_only_notify() -> None:
    assert {role for role in Role if not needs_second_factor(role)} == {Role.NOTIFIER}
    assert needs_second_factor(None), "break-glass"


def test_break_glass_lasts_an_hour_and_only_reads_what_each_opener_reads_at_home() -> None:
    openers = [role for role in Role if "access:break-glass:open" in GRANTS[role]]
    assert GLASS.minutes == 60
    assert GLASS.may == {"deaths:case:read", "deaths:identity:read", "deaths:narrative:read"}
    assert all(GLASS.may <= GRANTS[role] for role in openers)


def test_only_these_roles_are_held_at_no_organisation_or_for_assigned_cases() -> None:
    assert {Role.ADMINISTRATOR, Role.AUDITOR} == ANYWHERE
    assert {Role.KEY_WORKER} == ASSIGNED_ONLY


def test_the_smallest_file_is_read() -> None:
    permissions, parts, glass = read(AT_LEAST)
    assert (glass.minutes, glass.may) == (5, frozenset())
    assert permissions["a:b:c"].opens is Opens.WORK
    assert permissions["a:b:c"].words == "Do it"
    assert list(parts) == list(Role)
    assert parts[Role.AUDITOR].may == ("a:b:c",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (AT_LEAST.replace("[roles.auditor]", "[roles.stranger]"), "stranger"),
        (AT_LEAST.rpartition("[roles")[0], "no such role is described: auditor"),
        (AT_LEAST.replace('["a:b:c"]', '["a:b:d"]', 1), "notifier names a permission twice"),
        (AT_LEAST.replace('["a:b:c"]', '["a:b:c", "a:b:c"]', 1), "notifier names a permission"),
        (AT_LEAST.replace("permissions.work", "permissions.play"), "play"),
        (AT_LEAST.replace("may = []", 'may = ["a:b:d"]'), "break-glass gives"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read(text)


def test_the_readme_holds_the_matrix_of_today() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme == matrix.in_document(readme), "run: cdop permissions --markdown README.md"


def test_the_command_prints_it_and_writes_it_anew(tmp_path) -> None:
    rows = json.loads(CliRunner().invoke(app, ["permissions", "--json"]).stdout)
    assert [row["permission"] for row in rows] == list(PERMISSIONS)
    assert {row["permission"]: row["roles"] for row in rows}["audit:log:read"] == ["auditor"]
    grid = CliRunner().invoke(app, ["permissions"]).stdout.splitlines()
    assert [line.split() for line in grid[-len(ROWS) :]] == [[k, *v] for k, v in ROWS.items()]
    document = tmp_path / "guide.md"
    document.write_text(f"before\n{matrix.BEGINS}old{matrix.ENDS}\nafter\n")
    assert CliRunner().invoke(app, ["permissions", "--markdown", str(document)]).exit_code == 0
    assert document.read_text() == (
        f"before\n{matrix.BEGINS}\n\n{matrix.as_markdown()}\n\n{matrix.ENDS}\nafter\n"
    )
    document.write_text("no marks")
    refused = CliRunner().invoke(app, ["permissions", "--markdown", str(document)])
    assert refused.exit_code == 1
    assert "lacks the marks" in refused.stderr
