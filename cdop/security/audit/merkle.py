"""A Merkle tree as in RFC 9162, section 2.1: roots, and proofs of inclusion and of consistency.

Pure functions of hashes. `leaf` hashes what a leaf says; everything else works on such hashes.
"""

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY = hashlib.sha256().digest()


def leaf(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: the hashes of its whole subtrees, the largest first.

    The sizes of those subtrees are the ones in the binary form of `size`, so that a tree of a
    million leaves goes on from twenty hashes at most.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)
        if len(self._hashes) != size.bit_count():
            raise ValueError("these are not the whole subtrees of a tree of that size")

    @classmethod
    def decode(cls, size: int, data: bytes) -> "Frontier":
        """Return a frontier that `encode` gave. Raises ValueError when it does not fit the size."""
        parts = range(0, len(data), HASH_BYTES)
        return cls(size, [data[start : start + HASH_BYTES] for start in parts])

    def encode(self) -> bytes:
        """Return the hashes, one after the other."""
        return b"".join(self._hashes)

    def append(self, hash: bytes) -> None:
        """Add a leaf's hash at the right."""
        left = self.size
        while left & 1:
            hash = node(self._hashes.pop(), hash)
            left >>= 1
        self._hashes.append(hash)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self._hashes:
            return EMPTY
        *others, found = self._hashes
        for hash in reversed(others):
            found = node(hash, found)
        return found


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    edge = Frontier()
    for hash in leaves:
        edge.append(hash)
    return edge.root()


def inclusion(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """Return the hashes that lead from one leaf to the root, the lowest first (2.1.3.1).

    Raises IndexError for a position that the tree does not have.
    """
    if not 0 <= position < len(leaves):
        raise IndexError(position)
    if len(leaves) == 1:
        return []
    cut = _split(len(leaves))
    if position < cut:
        return [*inclusion(leaves[:cut], position), root(leaves[cut:])]
    return [*inclusion(leaves[cut:], position - cut), root(leaves[:cut])]


def consistency(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the hashes by which a tree is shown to begin with its first `first` leaves (2.1.4.1).

    Raises IndexError for a size that the tree never had.
    """
    if not 0 < first <= len(leaves):
        raise IndexError(first)
    return _consistency(leaves, first, whole=True)


def _consistency(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    cut = _split(len(leaves))
    if first <= cut:
        return [*_consistency(leaves[:cut], first, whole=whole), root(leaves[cut:])]
    return [*_consistency(leaves[cut:], first - cut, whole=False), root(leaves[:cut])]


def includes(hash: bytes, position: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Say whether a path leads from a leaf at a position to the root of a tree (2.1.3.2)."""
    if not 0 <= position < size:
        return False
    at, last, found = position, size - 1, hash
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected


def continues(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a path shows that the tree with root `new` begins as that with root `old`.

    `first` and `second` are their sizes (2.1.4.2).
    """
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and old == new
    steps = [old, *path] if first.bit_count() == 1 else list(path)
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return _both_roots(steps, at, last) == (old, new)


def _both_roots(steps: list[bytes], at: int, last: int) -> tuple[bytes, bytes] | None:
    """Return the roots of the two trees to which the steps lead, or None when they fit none."""
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node(step, old), node(step, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, step)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return int(1 << (size - 1).bit_length() - 1)
