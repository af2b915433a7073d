"""The text by which a line is proved never changes: what was signed years ago verifies today."""

import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest

from cdop.security import keys
from cdop.security.actor import Actor, Grant
from cdop.security.audit import lines, merkle
from cdop.security.audit.checkpoints import Checkpoint, signer_of
from cdop.security.models import AuditEntry
from cdop.security.permissions import Role

RING = keys.Ring({1: b"s" * 32}, {1: b"i" * 32}, b"a" * 32)
REGISTER, LINE, CHILD, PANEL = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 7, 1, 9, 30, 15, 250, tzinfo=UTC)

# As they were written when the format was fixed: an export holds such texts for decades.
TEXT = (
    '{"action":"deaths:identity:read","actor":"anna","at":"2026-07-01T09:30:15.000250+00:00",'
    '"case_id":"00000000-0000-0000-0000-000000000003","detail":{"section":"names","why":"r\\u00e9"},'
    '"id":"00000000-0000-0000-0000-000000000002",'
    '"organisation_id":"00000000-0000-0000-0000-000000000004","outcome":"done",'
    '"recorded_at":"2026-07-01T09:30:15.000250+00:00",'
    '"subject_id":"00000000-0000-0000-0000-000000000003","subject_kind":"deaths"}'
)
MAC = "374536c60e51681819c0de0072eb7add7cf2622aa32b9bbbbb244c9264be73d8"
KEY = f"cdop/{REGISTER}+58ac11b0+AVmV0lJIkVkeGRxnlJFMNcSn1OKessmpCCIfLjWXlsfw"


def entry() -> AuditEntry:
    line = AuditEntry(
        id=LINE,
        at=AT,
        recorded_at=AT,
        actor="anna",
        action="deaths:identity:read",
        outcome="done",
        subject_kind="deaths",
        subject_id=CHILD,
        case_id=CHILD,
        organisation_id=PANEL,
        detail={"why": "ré", "section": "names"},
    )
    line.mac = lines.mac(RING, lines.text_of(line))
    return line


def test_a_line_has_the_text_that_it_always_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the server stands: its times are universal."""
    assert lines.text_of(entry()).decode() == TEXT
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert lines.text_of(entry()).decode() == TEXT
        assert "\ntime 2026-07-01T09:30:15.000250+00:00\n" in Checkpoint("", 1, b"", AT).text()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_row_whose_ids_and_times_are_text_already_has_the_same_text() -> None:
    """A database that keeps them so is not asked to make more of them."""
    line = entry()
    moment = "2026-07-01T09:30:15.000250+00:00"
    row: Any = SimpleNamespace(**line.model_dump() | {"at": moment, "recorded_at": moment})
    row.id, row.case_id = str(LINE), str(CHILD)
    assert lines.text_of(row).decode() == TEXT


def test_what_a_line_is_not_about_is_null() -> None:
    bare = AuditEntry(at=AT, recorded_at=AT, actor="anna", action="x", outcome="done")
    said = json.loads(lines.text_of(bare))
    assert {name for name, value in said.items() if value is None} == {
        *("subject_kind", "subject_id", "case_id", "organisation_id"),
    }
    assert said["detail"] == {}


def said(**options: Any) -> lines.Said:
    """Return the line that a deputy's reading of a name leaves."""
    grant = Grant(Role.COORDINATOR, frozenset({PANEL}), stands_in_for="berta")
    actor = Actor("anna", "Anna Invented", grants=(grant,))
    return lines.said(actor, AT, "deaths:identity:read", **options)


def test_lines_are_written_in_one_statement_with_the_code_of_what_each_says() -> None:
    session: Any = Mock()
    lines.write(session, RING, [said(why="x"), said(why="y")])
    ((_, rows),) = [call.args for call in session.connection().execute.call_args_list]
    assert [row["detail"]["why"] for row in rows] == ["x", "y"]
    for row in rows:
        assert row["mac"] == lines.mac(RING, lines.text_of(AuditEntry(**row)))


def test_a_line_is_written_as_it_is_said_with_the_capacity_and_the_machine_s_own_time() -> None:
    before = datetime.now(UTC)
    line = said(
        subject=("deaths", LINE), case=CHILD, organisation_id=PANEL, outcome="denied", why="x"
    )
    assert before <= line.recorded_at <= datetime.now(UTC)
    assert (line.at, line.actor, line.action) == (AT, "anna", "deaths:identity:read")
    assert (line.subject_kind, line.subject_id, line.case_id) == ("deaths", LINE, CHILD)
    assert (line.organisation_id, line.outcome) == (PANEL, "denied")
    assert line.detail == {"why": "x", "stands_in_for": "berta"}
    bare = said()
    assert (bare.subject_kind, bare.subject_id, bare.outcome) == (None, None, "done")
    assert (bare.case_id, bare.organisation_id) == (None, None)


def test_the_capacity_is_that_of_the_permission_by_which_it_was_done() -> None:
    """A deputy who has a role of their own there, which gives no such right, acts as a deputy."""
    own = Grant(Role.NOTIFIER, frozenset({PANEL}))
    as_deputy = Grant(Role.COORDINATOR, frozenset({PANEL}), stands_in_for="berta")
    actor = Actor("anna", "Anna Invented", grants=(own, as_deputy))
    details = [
        lines.said(actor, AT, action, organisation_id=PANEL).detail
        for action in ("deaths:identity:read", "deaths:notification:create")
    ]
    assert details == [{"stands_in_for": "berta"}, {}]


def test_a_key_file_gives_the_code_that_it_always_gave() -> None:
    assert entry().mac.hex() == MAC


def test_a_line_and_its_export_have_the_same_leaf() -> None:
    line = entry()
    content = lines.content(line)
    assert content["mac"] == MAC
    assert lines.leaf_of_content(content) == merkle.leaf(TEXT.encode() + bytes.fromhex(MAC))
    assert lines.leaf_of(lines.text_of(line), line.mac) == lines.leaf_of_content(content)
    assert "mac" in content, "what is asked is left as it was"


@pytest.mark.parametrize("content", [{}, {"mac": "no code"}])
def test_what_is_no_line_has_no_leaf(content: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        lines.leaf_of_content(content)


def test_a_key_file_signs_as_it_always_did() -> None:
    signer = signer_of(RING, REGISTER)
    assert signer.verifier.encode() == KEY
    assert signer.verifier.name == f"cdop/{REGISTER}"
    checkpoint = Checkpoint("cdop/tests/tree", 1, b"r" * 32, AT)
    assert signer.verifier.open(signer.note(checkpoint)) == checkpoint
