"""The tree is that of RFC 9162: its roots and proofs are those of a slow tree written apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdop.security.audit import merkle
from cdop.security.audit.merkle import Frontier
from tests.unit.security.audit import naive_tree

INPUTS = st.lists(st.binary(max_size=3), min_size=1, max_size=70)


def leaves(inputs: list[bytes]) -> list[bytes]:
    return [merkle.leaf(each) for each in inputs]


def other(hash: bytes) -> bytes:
    return bytes([hash[0] ^ 1]) + hash[1:]


# Public test data of certificate transparency logs: the eight inputs and roots that their
# implementations share (transparency-dev/merkle, testonly).
KNOWN = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    (
        "606162636465666768696a6b6c6d6e6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
]


def test_the_roots_are_those_that_other_logs_publish() -> None:
    inputs = [bytes.fromhex(text) for text, _ in KNOWN]
    for size, (_, expected) in enumerate(KNOWN, 1):
        assert merkle.root(leaves(inputs[:size])).hex() == expected


@given(st.lists(st.binary(max_size=3), max_size=70), st.integers(0, 70))
def test_a_tree_that_goes_on_from_its_frontier_has_the_same_root(
    inputs: list[bytes], cut: int
) -> None:
    edge = Frontier()
    for hash in leaves(inputs[:cut]):
        edge.append(hash)
    edge = Frontier.decode(edge.size, edge.encode())
    for hash in leaves(inputs[cut:]):
        edge.append(hash)
    assert edge.size == len(inputs)
    assert edge.root() == merkle.root(leaves(inputs)) == naive_tree.tree_hash(inputs)


@pytest.mark.parametrize(("size", "bytes_"), [(1, 0), (2, 64), (3, 32), (4, 33), (0, 32)])
def test_a_frontier_of_another_size_is_refused(size: int, bytes_: int) -> None:
    with pytest.raises(ValueError, match="these are not the whole subtrees of a tree of that size"):
        Frontier.decode(size, b"x" * bytes_)


@given(INPUTS, st.data())
def test_each_leaf_is_shown_to_be_in_the_tree_and_nowhere_else(
    inputs: list[bytes], data: st.DataObject
) -> None:
    size = len(inputs)
    position = data.draw(st.integers(0, size - 1))
    hashes, root = leaves(inputs), naive_tree.tree_hash(inputs)
    path = merkle.inclusion(hashes, position)
    assert path == naive_tree.path(position, inputs)
    assert merkle.includes(hashes[position], position, size, path, root)
    assert not merkle.includes(other(hashes[position]), position, size, path, root)
    assert not merkle.includes(hashes[position], position, size, path, other(root))
    assert not merkle.includes(hashes[position], position, size, [*path, root], root)
    assert not merkle.includes(hashes[position], size, size, path, root)
    assert not merkle.includes(hashes[position], -1, size, path, root)
    for step in range(len(path)):
        bent = [*path[:step], other(path[step]), *path[step + 1 :]]
        assert not merkle.includes(hashes[position], position, size, bent, root)
        assert not merkle.includes(
            hashes[position], position, size, path[:step] + path[step + 1 :], root
        )


def test_every_proof_of_every_small_tree_holds() -> None:
    """Every leaf of every size, and every earlier size: the right edge differs in each."""
    inputs = [bytes([number]) for number in range(20)]
    hashes = leaves(inputs)
    roots = {size: naive_tree.tree_hash(inputs[:size]) for size in range(1, 21)}
    for size, root in roots.items():
        for position in range(size):
            path = merkle.inclusion(hashes[:size], position)
            assert merkle.includes(hashes[position], position, size, path, root)
        for first in range(1, size + 1):
            path = merkle.consistency(hashes[:size], first)
            assert merkle.continues(first, size, roots[first], root, path), (first, size)


@given(st.integers(2, 40), st.data())
def test_a_path_fits_one_position_only(size: int, data: st.DataObject) -> None:
    inputs = [bytes([number]) for number in range(size)]
    position, wrong = data.draw(
        st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)
    )
    hashes, root = leaves(inputs), naive_tree.tree_hash(inputs)
    path = merkle.inclusion(hashes, position)
    assert not merkle.includes(hashes[position], wrong, size, path, root)


@given(INPUTS, st.data())
def test_a_tree_is_shown_to_continue_an_earlier_one_and_no_other(
    inputs: list[bytes], data: st.DataObject
) -> None:
    second = len(inputs)
    first = data.draw(st.integers(1, second))
    old, new = naive_tree.tree_hash(inputs[:first]), naive_tree.tree_hash(inputs)
    path = merkle.consistency(leaves(inputs), first)
    assert set(path) <= naive_tree.subtree_hashes(inputs)
    assert len(path) <= second.bit_length() + 1
    assert merkle.continues(first, second, old, new, path)
    assert not merkle.continues(first, second, other(old), new, path)
    assert not merkle.continues(first, second, old, other(new), path)
    assert not merkle.continues(first, second, old, new, [*path, old])
    assert not merkle.continues(0, second, old, new, path)
    assert not merkle.continues(second + 1, second, old, new, path)
    for step in range(len(path)):
        bent = [*path[:step], other(path[step]), *path[step + 1 :]]
        assert not merkle.continues(first, second, old, new, bent)
        assert not merkle.continues(first, second, old, new, path[:step] + path[step + 1 :])


@given(st.integers(1, 40), st.integers(0, 39), st.integers(1, 20))
def test_an_earlier_tree_with_one_leaf_changed_is_not_continued(
    first: int, changed: int, more: int
) -> None:
    inputs = [bytes([number]) for number in range(first + more)]
    before = inputs[:first]
    before[changed % first] = b"another"
    old, new = naive_tree.tree_hash(before), naive_tree.tree_hash(inputs)
    path = merkle.consistency(leaves(inputs), first)
    assert not merkle.continues(first, first + more, old, new, path)


@pytest.mark.parametrize("position", [-1, 3])
def test_there_is_no_proof_of_what_the_tree_does_not_have(position: int) -> None:
    hashes = leaves([b"a", b"b", b"c"])
    with pytest.raises(IndexError):
        merkle.inclusion(hashes, position)
    with pytest.raises(IndexError):
        merkle.consistency(hashes, position + 1 if position > 0 else 0)
