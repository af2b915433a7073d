"""The key file: made once, for its owner alone; refused with a sentence when it is not whole."""

import base64
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cdop.errors import Misconfigured
from cdop.security import keys

GOOD = {"1": base64.b64encode(bytes(range(32))).decode()}


def write(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def document(**changes: Any) -> str:
    return json.dumps({"format": 1, "sealing": GOOD, "index": GOOD} | changes)


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


def test_the_check_value_knows_each_of_its_keys_and_the_register(tmp_path: Path) -> None:
    ring = keys.create(tmp_path / "keys.json")
    here, there = UUID(int=1).bytes, UUID(int=2).bytes
    other = keys.create(tmp_path / "other.json")
    half_one = keys.Ring(ring.sealing, other.index)
    half_other = keys.Ring(other.sealing, ring.index)
    values = [each.check_value(here) for each in (ring, other, half_one, half_other)]
    assert len({*values, ring.check_value(there)}) == 5
    assert values[0] == keys.load(tmp_path / "keys.json").check_value(here)


def test_a_later_key_changes_neither_the_check_value_nor_old_tokens(tmp_path: Path) -> None:
    ring = keys.create(tmp_path / "keys.json")
    other = keys.create(tmp_path / "other.json")
    grown = keys.Ring({**ring.sealing, 2: other.sealing[1]}, {**ring.index, 2: other.index[1]})
    assert grown.check_value(b"register") == ring.check_value(b"register")
    assert grown.derive("kind", 1) == ring.derive("kind")
    assert grown.derive("kind") != ring.derive("kind")
    assert (grown.sealing_version, grown.index_version) == (2, 2)
