"""Case keys: bound to their case, wrapped anew without being changed, read again when rotated."""

from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from cdop.errors import Misconfigured, Unsafe
from cdop.security import case_keys
from cdop.security.case_keys import CaseKey, Wrapping
from cdop.security.held_ring import HeldRing
from cdop.security.keys import Ring, new_ring

CASE, OTHER = UUID(int=1), UUID(int=2)
RING = new_ring().added()


def wrapping(ring: Ring = RING) -> Wrapping:
    return Wrapping(HeldRing(ring))


def rows(of: Wrapping, *generations: int) -> list[tuple[UUID | str, int, int, bytes]]:
    """Return wrapped keys of as many cases, as PostgreSQL and SQLite give them in turn."""
    found: list[tuple[UUID | str, int, int, bytes]] = []
    for number, generation in enumerate(generations):
        case = UUID(int=2**100 + number)
        key = bytes(range(number, number + 32))
        wrapped = of.wrap(1, case, generation, key)
        found.append((case if number % 2 else str(case), generation, 1, wrapped))
    return found


def test_keys_wrapped_anew_are_the_same_keys_under_the_other_version() -> None:
    ours = wrapping()
    before = rows(ours, 1, 2, 300)
    anew = ours.wrap_anew(2, before)
    only_new = wrapping(RING.without(1))
    for number, ((case, generation, _, old), new) in enumerate(zip(before, anew, strict=True)):
        id = UUID(str(case))
        assert only_new.unwrap(2, id, generation, new) == bytes(range(number, number + 32))
        assert new[:12] != old[:12]
    assert len({each[:12] for each in anew}) == 3, "no nonce twice"
    assert ours.wrap_anew(2, []) == []


@pytest.mark.parametrize("change", ["case", "generation", "bytes", "cut", "empty"])
def test_a_key_that_does_not_open_is_named_and_not_wrapped_anew(change: str) -> None:
    ours = wrapping()
    (first, (case, generation, version, key)) = rows(ours, 1, 1)
    broken = {
        "case": (OTHER, generation, version, key),
        "generation": (case, 2, version, key),
        "bytes": (case, generation, version, key[:-1] + bytes([key[-1] ^ 1])),
        "cut": (case, generation, version, key[:-1]),
        "empty": (case, generation, version, b""),
    }[change]
    with pytest.raises(Unsafe) as caught:
        ours.wrap_anew(2, [first, broken])
    assert str(caught.value) == (
        f"The key of the sealed record {broken[0]} does not open with this register's key file."
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("length", [0, 5, 11, 12, 27])
def test_a_wrapped_key_that_was_cut_is_refused_like_any_other(length: int) -> None:
    ours = wrapping()
    wrapped = ours.wrap(1, CASE, 1, bytes(range(32)))
    assert ours.unwrap(1, CASE, 1, wrapped) == bytes(range(32))
    with pytest.raises(Unsafe, match=f"^The key of the sealed record {CASE} does not open with"):
        ours.unwrap(1, CASE, 1, wrapped[:length])


@given(st.integers(1, 2**16 - 1), st.integers(1, 2**32 - 1), st.uuids(), st.uuids())
def test_what_is_bound_to_a_wrapped_key_differs_for_every_case_generation_and_version(
    generation: int, version: int, case: UUID, other: UUID
) -> None:
    bound = case_keys.wrapped_at(case.bytes, generation, version)
    assert bound != case_keys.wrapped_at(case.bytes, generation - 1, version)
    assert bound != case_keys.wrapped_at(case.bytes, generation, version - 1)
    assert (bound == case_keys.wrapped_at(other.bytes, generation, version)) == (case == other)


def test_a_key_opens_what_it_sealed_bound_to_the_same_and_nothing_else() -> None:
    key, later = CaseKey(bytes(range(32)), 1), CaseKey(bytes(range(32)), 2)
    sealed = key.seal(b"words", b"place")
    assert key.head == b"\1\0\1"
    assert later.head == b"\1\0\2"
    assert sealed.startswith(key.head)
    assert len(sealed) == 3 + 12 + 5 + 16
    assert key.open(sealed, b"place") == b"words"
    for wrong in (sealed[:-1], b"\1\0\2" + sealed[3:], sealed[:20]):
        with pytest.raises(InvalidTag):
            key.open(wrong, b"place")
    for opener, place in ((key, b"another"), (later, b"place")):
        with pytest.raises(InvalidTag):
            opener.open(sealed, place)


def test_a_version_that_the_ring_lacks_is_read_again_from_the_key_file() -> None:
    rotated = RING.added()
    held = HeldRing(RING, lambda: rotated)
    behind = Wrapping(held)
    made = Wrapping(HeldRing(rotated)).wrap(3, CASE, 1, bytes(range(32)))
    assert behind.unwrap(3, CASE, 1, made) == bytes(range(32))
    assert held.ring is rotated


def test_a_version_that_is_nowhere_is_a_sentence_that_says_what_to_do() -> None:
    for ours in (wrapping(), Wrapping(HeldRing(RING, lambda: RING))):
        with pytest.raises(Unsafe) as caught:
            ours.cipher(9)
        assert str(caught.value) == (
            "A sealed record's key is wrapped under version 9, which is not in this "
            "register's key file: put the newest key file in its place."
        )


def test_the_key_file_is_asked_at_most_once_a_second_for_each_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, now = [0], [100.0]
    monkeypatch.setattr("cdop.security.held_ring.time.monotonic", lambda: now[0])

    def reload() -> Ring:
        asked[0] += 1
        return RING

    held = HeldRing(RING, reload)
    for kind, version, wanted in (
        ("sealing", 9, 1),
        ("sealing", 9, 1),
        ("sealing", 10, 2),
        ("index", 9, 3),
    ):
        assert held.read_again(kind, version) is RING
        assert asked == [wanted]
    now[0] += 0.99
    held.read_again("sealing", 9)
    assert asked == [3]
    now[0] += 0.01
    held.read_again("sealing", 9)
    assert asked == [4]


def test_a_file_that_cannot_be_read_or_is_another_register_s_changes_nothing() -> None:
    def unreadable() -> Ring:
        raise Misconfigured("it is not there")

    for reload in (unreadable, new_ring, None):
        held = HeldRing(RING, reload)
        assert held.read_again("sealing", 9) is RING
    other = replace(RING, anchor=bytes(range(32)))
    assert HeldRing(RING, lambda: other).read_again("index", 2) is RING
