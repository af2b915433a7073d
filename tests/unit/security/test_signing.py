"""Signatures follow from the ring: the same after a rotation, one for each board and purpose."""

from pathlib import Path
from uuid import UUID

import pytest

from cdop.errors import Invalid, NotFound
from cdop.security.keys import create, load, new_ring
from cdop.security.signing import is_signed, newest, signer

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_signature_holds_after_a_rotation() -> None:
    ring = new_ring()
    signed = signer(ring, "a:b", ONE).sign(b"text")
    rotated = ring.added().without(1)
    assert is_signed(signer(rotated, "a:b", ONE).public_key, signed, b"text")


def test_a_new_root_signs_with_another_key_and_the_older_one_stays(tmp_path: Path) -> None:
    create(tmp_path / "keys.json", ring=new_ring().with_signing_root())
    ring = load(tmp_path / "keys.json")
    keys = [signer(ring, "a:b", ONE, version).public_key for version in (1, 2)]
    assert newest(ring) == 2
    assert signer(ring, "a:b", ONE).public_key == keys[1] != keys[0]
    assert is_signed(keys[0], signer(ring, "a:b", ONE, 1).sign(b"text"), b"text")
    with pytest.raises(NotFound):
        signer(ring, "a:b", ONE, 3)


def test_each_board_purpose_and_register_signs_with_a_key_of_its_own() -> None:
    ring = new_ring()
    keys = [
        signer(ring, "a:b", ONE).public_key,
        signer(ring, "a:b", OTHER).public_key,
        signer(ring, "a:c", ONE).public_key,
        signer(new_ring(), "a:b", ONE).public_key,
    ]
    signed = signer(ring, "a:b", ONE).sign(b"text")
    assert [is_signed(key, signed, b"text") for key in keys] == [True, False, False, False]
    assert not is_signed(keys[0], signed, b"texts")


def test_something_else_is_no_key() -> None:
    with pytest.raises(Invalid):
        is_signed("-----BEGIN NOTHING-----", b"", b"")


def test_a_signer_does_not_show_its_key() -> None:
    assert "Ed25519" not in repr(signer(new_ring(), "a:b", ONE))
