"""The key file: made once, for its owner alone; refused with a sentence when it is not whole."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cdop.errors import Misconfigured
from cdop.security import keys
from cdop.security.providers import FILE

GOOD = {"1": base64.b64encode(bytes(range(32))).decode()}


def write(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def document(**changes: Any) -> str:
    whole = {"format": 1, "anchor": GOOD["1"], "sealing": GOOD, "retired": [], "index": GOOD}
    return json.dumps(whole | changes)


def test_a_new_file_is_its_owner_s_alone_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    made = keys.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path) == made
    assert made.sealing != made.index


def test_two_rings_are_never_alike(tmp_path: Path) -> None:
    one, other = (keys.create(tmp_path / name) for name in ("one", "other"))
    assert one.sealing != other.sealing
    assert one.index != other.index


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "keys.json", "something precious")
    with pytest.raises(Misconfigured, match="already; it is not replaced"):
        keys.create(path)
    assert path.read_text() == "something precious"


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match="not replaced"):
        keys.create(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o601, 0o777])
def test_a_file_open_to_others_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = write(tmp_path / "keys.json", document(), mode)
    with pytest.raises(Misconfigured, match=f"chmod 600 {path}"):
        keys.load(path)


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="There is no key file at"):
        keys.load(tmp_path / "keys.json")
    with pytest.raises(Misconfigured, match="cannot be read"):
        keys.load(tmp_path)
    with pytest.raises(Misconfigured, match="make the folder writable"):
        keys.create(tmp_path / "no folder" / "keys.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "not json",
        b"\xff\xfe\x00keys",
        document(format=2),
        document(sealing={}),
        document(index={}),
        document(sealing={"one": GOOD["1"]}),
        document(sealing={"1": base64.b64encode(b"changeme" * 4).decode()}),
        document(sealing={"1": base64.b64encode(bytes(32)).decode()}),
        document(sealing={"1": base64.b64encode(bytes(range(31))).decode()}),
        document(sealing={"1": 5}),
        document(sealing=[GOOD["1"]]),
        document(anchor=""),
        document(retired=None),
        document()[:-9],
    ],
)
def test_a_file_that_is_not_whole_or_holds_a_placeholder_is_refused_and_not_repeated(
    tmp_path: Path, text: str | bytes
) -> None:
    path = write(tmp_path / "keys.json", text)
    with pytest.raises(Misconfigured, match="not a whole key file") as caught:
        keys.load(path)
    assert GOOD["1"] not in str(caught.value)


def test_the_check_value_knows_the_ring_and_the_register(tmp_path: Path) -> None:
    ring = keys.create(tmp_path / "keys.json")
    here, there = UUID(int=1).bytes, UUID(int=2).bytes
    other = keys.create(tmp_path / "other.json")
    values = {ring.check_value(here), ring.check_value(there), other.check_value(here)}
    assert len(values) == 3
    assert ring.check_value(here) == keys.load(tmp_path / "keys.json").check_value(here)


def test_rotation_changes_neither_the_check_value_nor_old_tokens(tmp_path: Path) -> None:
    ring = keys.create(tmp_path / "keys.json")
    other = keys.create(tmp_path / "other.json")
    grown = replace(ring.added().without(1), index={**ring.index, 2: other.index[1]})
    assert grown.check_value(b"register") == ring.check_value(b"register")
    assert grown.anchored("kind") == ring.anchored("kind")
    assert grown.derive("kind", 1) == ring.derive("kind", 1)
    assert grown.derive("kind", 2) != ring.derive("kind", 1)


def test_the_check_of_a_version_knows_its_key_and_its_number() -> None:
    ring = keys.new_ring().added()
    swapped = replace(ring, sealing={1: ring.sealing[2], 2: ring.sealing[1]})
    checks = {each.check_of(version) for each in (ring, swapped) for version in (1, 2)}
    assert len(checks) == 4


def test_a_version_is_never_given_twice() -> None:
    ring = keys.new_ring().added().without(2).added()
    assert set(ring.sealing) == {1, 3}
    assert ring.retired == {2}
    assert set(ring.added().without(3).without(4).added().sealing) == {1, 5}


def test_a_changed_ring_takes_the_place_of_the_file_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = keys.create(path).added().added().without(1)
    write(tmp_path / ".keys.json.partial", "left by a crash")
    keys.save(path, ring)
    assert keys.load(path) == ring
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["keys.json"]


def test_a_file_that_cannot_be_changed_where_it_is_says_so(tmp_path: Path) -> None:
    ring = keys.create(tmp_path / "keys.json")
    with pytest.raises(Misconfigured, match="cannot be changed where it is"):
        keys.save(tmp_path / "no folder" / "keys.json", ring)


def test_an_index_root_is_added_under_the_next_number_and_the_older_ones_are_thrown_away() -> None:
    ring = keys.new_ring()
    grown = ring.with_index_root().with_index_root()
    assert set(grown.index) == {1, 2, 3}
    assert len(set(grown.index.values())) == 3
    assert grown.index[1] == ring.index[1]
    last = grown.with_newest_index_root()
    assert last.index == {3: grown.index[3]}
    assert (last.sealing, last.anchor, last.retired) == (ring.sealing, ring.anchor, ring.retired)
    assert set(last.with_index_root().index) == {3, 4}
    assert set(keys.new_ring().added().without(1).with_index_root().sealing) == {2}


def test_the_check_of_an_index_root_knows_its_key_and_its_number() -> None:
    ring = keys.new_ring().with_index_root()
    swapped = replace(ring, index={1: ring.index[2], 2: ring.index[1]})
    checks = {each.index_check_of(version) for each in (ring, swapped) for version in (1, 2)}
    checks |= {ring.check_of(1), replace(ring, sealing=ring.index).check_of(1)}
    assert len(checks) == 6


RESTORE = "Restore the key file from where its copy is kept; without it nothing sealed opens."


def test_each_refusal_says_in_whole_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    path, folder = tmp_path / "keys.json", tmp_path
    nowhere = folder / "no folder" / "keys.json"
    ring = keys.new_ring()

    def said(call: Callable[..., object], *arguments: object) -> str:
        with pytest.raises(Misconfigured) as caught:
            call(*arguments)
        return str(caught.value)

    assert said(keys.load, path) == f"There is no key file at {path}. {RESTORE}"
    assert said(keys.load, folder) == f"The key file at {folder} cannot be read by this user."
    assert said(keys.create, nowhere) == (
        f"The key file cannot be written to {nowhere.parent}: make the folder writable."
    )
    write(path, "{}")
    assert said(keys.create, path) == f"A key file stands at {path} already; it is not replaced."
    assert said(keys.load, path) == (
        f"The file at {path} is not a whole key file of this format, or holds a placeholder. "
        f"{RESTORE}"
    )
    path.chmod(0o640)
    assert said(keys.load, path) == (
        f"The key file at {path} can be read by others. Type: chmod 600 {path}"
    )
    write(path, json.dumps({"format": 1, "provider": "tape", "wrapped": "AAAA"}))
    assert said(keys.load, path) == (
        f"The key file at {path} is wrapped by 'tape', but CDOP_KEY_PROVIDER says 'file'."
    )
    assert said(keys.save, nowhere, ring) == (
        f"The key file cannot be changed where it is: {nowhere.parent} cannot be written. "
        "Name a file for the new ring with --to, and put it in its place yourself."
    )


def test_a_key_with_few_different_bytes_or_of_another_length_is_a_placeholder(
    tmp_path: Path,
) -> None:
    def holds(key: bytes) -> str:
        return document(sealing={"1": base64.b64encode(key).decode()})

    good = bytes(range(8)) * 4
    keys.load(write(tmp_path / "keys.json", holds(good)))
    for key in (bytes(range(7)) * 4 + bytes(4), good + b"\0", good[:-1], b""):
        with pytest.raises(Misconfigured, match="holds a placeholder"):
            keys.load(write(tmp_path / "keys.json", holds(key)))


def test_what_is_written_is_what_the_format_says(tmp_path: Path) -> None:
    ring = keys.new_ring().added().without(1).with_signing_root()
    content = json.loads(ring.encode())
    assert content == {
        "format": 1,
        "anchor": base64.b64encode(ring.anchor).decode(),
        "sealing": {"2": base64.b64encode(ring.sealing[2]).decode()},
        "retired": [1],
        "index": {"1": base64.b64encode(ring.index[1]).decode()},
        "signing": {"2": base64.b64encode(ring.signing[2]).decode()},
    }
    assert not keys.rewrap(tmp_path / "keys.json", FILE), "no provider wraps it"
