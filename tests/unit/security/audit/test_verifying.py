"""What is found in an export is said in whole sentences, to whoever has no register at hand."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from cdop.errors import Unsafe
from cdop.security import keys
from cdop.security.audit import lines, merkle
from cdop.security.audit.checkpoints import Checkpoint, origin_of, signer_of
from cdop.security.audit.verifying import LONGEST_WAIT, Report, verify

REGISTER, TREE = UUID(int=1), UUID(int=2)
SIGNER = signer_of(keys.new_ring(), REGISTER)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SIZE = 5


def line(number: int) -> dict[str, Any]:
    return {"id": f"line-{number}", "recorded_at": AT.isoformat(), "mac": "00", "actor": "anna"}


LEAVES = [lines.leaf_of_content(line(number)) for number in range(SIZE)]


def note(size: int, leaves: list[bytes] = LEAVES, tree: UUID = TREE) -> str:
    """Return the checkpoint of a tree's first lines."""
    root = merkle.root(leaves[:size])
    return SIGNER.note(Checkpoint(origin_of(REGISTER, tree), size, root, AT))


def export() -> list[dict[str, Any]]:
    """Return a whole log of five lines, with checkpoints after the second and the last."""
    head = {"kind": "export", "format": 1, "key": SIGNER.verifier.encode(), "whole": True}
    sealed = [
        {
            "kind": "sealed",
            "tree": str(TREE),
            "position": number,
            "leaf": LEAVES[number].hex(),
            "line": line(number),
        }
        for number in range(SIZE)
    ]
    return [head, *({"kind": "checkpoint", "note": note(size)} for size in (2, SIZE)), *sealed]


def read(records: list[Any], notes: tuple[str, ...] = ()) -> Report:
    def encoded() -> Iterator[bytes]:
        for each in records:
            yield json.dumps(each).encode()

    return verify(encoded(), SIGNER.verifier, notes)


def waiting(number: int, **values: Any) -> dict[str, Any]:
    """Return a line that is in no tree yet."""
    said = line(number)
    said |= {name: values.pop(name) for name in list(values) if name in said}
    return {"kind": "unsealed", "tree": str(TREE), "waits": True, "line": said} | values


def test_a_log_as_it_was_written() -> None:
    report = read([*export(), waiting(8), waiting(9)], (note(2), note(SIZE)))
    assert report == Report(sealed=5, unsealed=2, newer=0, trees=1, checkpoints=4)
    assert report.is_intact
    assert report.whole


@pytest.mark.parametrize(("notes", "newer"), [((), 5), ((note(2),), 3), ((note(5), note(2)), 0)])
def test_lines_that_no_checkpoint_from_outside_covers_are_counted(
    notes: tuple[str, ...], newer: int
) -> None:
    assert read(export(), notes).newer == newer


def test_what_is_newer_is_counted_over_all_trees() -> None:
    other = UUID(int=9)
    more = [
        *({**each, "tree": str(other)} for each in export()[3:]),
        {"kind": "checkpoint", "note": note(SIZE, tree=other)},
    ]
    for number, each in enumerate(more[:-1]):
        each["line"] = each["line"] | {"id": f"other-{number}"}
        each["leaf"] = lines.leaf_of_content(each["line"]).hex()
    leaves = [bytes.fromhex(each["leaf"]) for each in more[:-1]]
    more[-1]["note"] = note(SIZE, leaves, tree=other)
    report = read([*export()[:3], more[-1], *export()[3:], *more[:-1]])
    assert report == Report(sealed=10, newer=10, trees=2, checkpoints=3)


def changed(records: list[dict[str, Any]]) -> None:
    records[5]["line"]["actor"] = "berta"


def changed_with_its_leaf(records: list[dict[str, Any]]) -> None:
    changed(records)
    records[5]["leaf"] = lines.leaf_of_content(records[5]["line"]).hex()


def removed(records: list[dict[str, Any]]) -> None:
    records[5]["line"] = None


def repeated(records: list[dict[str, Any]]) -> None:
    records[6] |= {name: records[5][name] for name in ("line", "leaf")}


def out_of_place(records: list[dict[str, Any]]) -> None:
    records[5]["position"] = 1234


def without_the_end(records: list[dict[str, Any]]) -> None:
    del records[6:]


def without_its_last_checkpoint(records: list[dict[str, Any]]) -> None:
    del records[2]


def beside_every_tree(records: list[dict[str, Any]]) -> None:
    records.append(waiting(9, waits=False))


def sealed_and_waiting(records: list[dict[str, Any]]) -> None:
    records.append(waiting(3))


def too_old_to_wait(records: list[dict[str, Any]]) -> None:
    long_ago = AT - LONGEST_WAIT - timedelta(seconds=1)
    records.append(waiting(9, recorded_at=long_ago.isoformat()))


def just_young_enough(records: list[dict[str, Any]]) -> None:
    records.append(waiting(9, recorded_at=(AT - LONGEST_WAIT).isoformat()))


def signed_twice(records: list[dict[str, Any]]) -> None:
    other = [*LEAVES[:4], LEAVES[0]]
    records.insert(3, {"kind": "checkpoint", "note": note(SIZE, other)})


def unsigned(records: list[dict[str, Any]]) -> None:
    records.insert(3, {"kind": "checkpoint", "note": note(SIZE).replace("\n5\n", "\n6\n")})


NOT_THOSE = "are not those that {} was signed for: some were changed, removed, put in or moved"
ITS, OUTSIDE = "its checkpoint", "a checkpoint from outside"


@pytest.mark.parametrize(
    ("tamper", "faults"),
    [
        (changed, [("edited", "line 2 (line-2) was changed")]),
        (changed_with_its_leaf, [("rewritten", f"lines 2 to 4 {NOT_THOSE.format(ITS)}")]),
        (removed, [("removed", "line 2 was removed")]),
        (
            repeated,
            [
                ("inserted", "line 3 (line-2) stands there twice"),
                ("rewritten", f"lines 2 to 4 {NOT_THOSE.format(ITS)}"),
            ],
        ),
        (out_of_place, [("order", "line 1,234 stands where line 2 belongs")]),
        (without_the_end, [("cut", "2 lines are missing at the end: 3 of 5 are left")]),
        (without_its_last_checkpoint, [("inserted", "no checkpoint covers lines 2 to 4")]),
        (
            beside_every_tree,
            [
                (
                    "inserted",
                    "line-9 is in no tree and waits for none: it was put in past the register",
                )
            ],
        ),
        (sealed_and_waiting, [("inserted", "line-3 stands there twice")]),
        (
            too_old_to_wait,
            [("inserted", "line-9 says that it is older than lines that are sealed")],
        ),
        (just_young_enough, []),
        (signed_twice, [("rewritten", "two different checkpoints of 5 lines are signed")]),
    ],
)
def test_what_was_done_is_said(
    tamper: Callable[[list[dict[str, Any]]], None], faults: list[tuple[str, str]]
) -> None:
    records = export()
    tamper(records)
    report = read(records)
    assert [(each.kind, each.what) for each in report.faults] == faults
    assert {each.tree for each in report.faults} <= {str(TREE)}
    assert report.is_intact is not bool(faults)


def test_a_checkpoint_that_nobody_signed_is_said_with_its_place() -> None:
    records = export()
    unsigned(records)
    report = read(records, (note(2).replace("\n2\n", "\n3\n"),))
    said = "A checkpoint is not signed by the key of this register. It stands {}."
    assert [(each.kind, each.tree, each.what) for each in report.faults] == [
        ("unsigned", "", said.format("from outside")),
        ("unsigned", "", said.format("in the export")),
    ]
    assert report.checkpoints == 2


def test_a_log_signed_anew_is_held_to_the_checkpoint_that_left_and_found_once() -> None:
    """After the first root that is not met none can be: one fault, with its stretch."""
    records = export()
    records[3]["line"]["actor"] = "berta"
    records[3]["leaf"] = lines.leaf_of_content(records[3]["line"]).hex()
    leaves = [bytes.fromhex(each["leaf"]) for each in records[3:]]
    for record, size in zip(records[1:3], (2, SIZE), strict=True):
        record["note"] = note(size, leaves)
    assert read(records).is_intact
    (fault,) = read(records, (note(2), note(SIZE))).faults
    assert (fault.kind, fault.what) == ("rewritten", f"lines 0 to 1 {NOT_THOSE.format(OUTSIDE)}")


def test_what_left_the_machine_shows_a_tree_that_is_gone() -> None:
    """Unless the export is of other trees alone, and says so."""
    other = note(SIZE, tree=UUID(int=9))
    (fault,) = read(export(), (other,)).faults
    assert (fault.kind, fault.tree) == ("cut", str(UUID(int=9)))
    assert fault.what == "5 lines are missing at the end: 0 of 5 are left"
    part = export()
    part[0]["whole"] = False
    report = read(part, (other,))
    assert report.is_intact
    assert (report.whole, report.trees) == (False, 1)
    part.insert(1, {"kind": "checkpoint", "note": other})
    assert [each.kind for each in read(part).faults] == ["cut"]


NO_EXPORT = "This is not an export of an audit log in the form that is read here."
DAMAGED = "The export is damaged: a line of it is not in its form."


@pytest.mark.parametrize(
    ("place", "values", "said"),
    [
        (0, {"kind": "log"}, NO_EXPORT),
        (0, {"format": 2}, NO_EXPORT),
        (
            0,
            {"key": signer_of(keys.new_ring(), REGISTER).verifier.encode()},
            "This export names another public key: it is of another register.",
        ),
        (3, {"kind": "surprise"}, DAMAGED),
        (3, {"leaf": "no hash"}, DAMAGED),
        (3, {"line": {"id": "line-0"}}, DAMAGED),
        (3, {"line": "text"}, DAMAGED),
        (3, {"position": None}, DAMAGED),
        (1, {"note": None}, DAMAGED),
    ],
)
def test_what_is_no_export_is_refused(place: int, values: dict[str, Any], said: str) -> None:
    records = export()
    records[place] |= values
    with pytest.raises(Unsafe) as refused:
        read(records)
    assert str(refused.value) == said


@pytest.mark.parametrize("text", [b"no json", b"[]", b"3"])
def test_a_line_that_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(Unsafe) as refused:
        verify([text], SIGNER.verifier, [])
    assert str(refused.value) == "The export is damaged: a line of it is no JSON."
    with pytest.raises(Unsafe, match="not an export"):
        verify([], SIGNER.verifier, [])
