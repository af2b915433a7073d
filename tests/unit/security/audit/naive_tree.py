"""A Merkle tree of RFC 9162 written from its definitions alone, slowly, to compare with.

Section 2.1.1 defines the hash over a list of inputs; a proof is checked here by finding, for each
of its hashes, the range of leaves that it is the hash of.
"""

import hashlib


def tree_hash(inputs: list[bytes]) -> bytes:
    """MTH({}) = HASH(); MTH({d}) = HASH(0x00 || d); else HASH(0x01 || MTH(left) || MTH(right))."""
    if not inputs:
        return hashlib.sha256(b"").digest()
    if len(inputs) == 1:
        return hashlib.sha256(b"\0" + inputs[0]).digest()
    k = 1
    while k * 2 < len(inputs):
        k *= 2
    both = tree_hash(inputs[:k]) + tree_hash(inputs[k:])
    return hashlib.sha256(b"\1" + both).digest()


def path(position: int, inputs: list[bytes]) -> list[bytes]:
    """PATH(m, D_n): the sibling of each node on the way from the leaf to the root."""
    start, end, siblings = 0, len(inputs), []
    while end - start > 1:
        k = 1
        while k * 2 < end - start:
            k *= 2
        middle = start + k
        if position < middle:
            siblings.append(tree_hash(inputs[middle:end]))
            end = middle
        else:
            siblings.append(tree_hash(inputs[start:middle]))
            start = middle
    return siblings[::-1]


def subtree_hashes(inputs: list[bytes]) -> set[bytes]:
    """The hashes of every node of the tree."""
    found = {tree_hash(inputs)}
    if len(inputs) > 1:
        k = 1
        while k * 2 < len(inputs):
            k *= 2
        found |= subtree_hashes(inputs[:k]) | subtree_hashes(inputs[k:])
    return found
