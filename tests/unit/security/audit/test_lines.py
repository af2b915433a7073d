"""The text by which a line is proved never changes: what was signed years ago verifies today."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from cdop.security import keys
from cdop.security.audit import lines, merkle
from cdop.security.audit.checkpoints import Checkpoint, signer_of
from cdop.security.models import AuditEntry

RING = keys.Ring({1: b"s" * 32}, {1: b"i" * 32}, b"a" * 32)
REGISTER, LINE, CHILD, PANEL = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 7, 1, 9, 30, 15, 250, tzinfo=UTC)

# As they were written when the format was fixed: an export holds such texts for decades.
TEXT = (
    '{"action":"deaths:identity:read","actor":"anna","at":"2026-07-01T09:30:15.000250+00:00",'
    '"case_id":"00000000-0000-0000-0000-000000000003","detail":{"section":"names","why":"r\\u00e9"},'
    '"id":"00000000-0000-0000-0000-000000000002",'
    '"organisation_id":"00000000-0000-0000-0000-000000000004","outcome":"done",'
    '"recorded_at":"2026-07-01T09:30:15.000250+00:00","subject_id":null,"subject_kind":null}'
)
MAC = "96fc78da7a276d03b97d1abd1ec798d31ff8ba24a03a49f9152b202bcfc66c28"
KEY = f"cdop/{REGISTER}+58ac11b0+AVmV0lJIkVkeGRxnlJFMNcSn1OKessmpCCIfLjWXlsfw"


def entry() -> AuditEntry:
    line = AuditEntry(
        id=LINE,
        at=AT,
        recorded_at=AT,
        actor="anna",
        action="deaths:identity:read",
        outcome="done",
        case_id=CHILD,
        organisation_id=PANEL,
        detail={"why": "ré", "section": "names"},
    )
    line.mac = lines.mac(RING, lines.text_of(line))
    return line


def test_a_line_has_the_text_that_it_always_had() -> None:
    assert lines.text_of(entry()).decode() == TEXT


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
    checkpoint = Checkpoint("cdop/tests/tree", 1, b"r" * 32, AT)
    assert signer.verifier.open(signer.note(checkpoint)) == checkpoint
