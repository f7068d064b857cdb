"""Merkle tree hash, inclusion and consistency proofs of RFC 9162, section 2.1 (SHA-256).

Standard library only and free of anything of ours, so that the same file can travel with a case
file and be read by whoever has to believe it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Tree:
    """A tree reduced to its size and the roots of its perfect subtrees, largest first.

    That is all appending needs: at most one hash per binary digit of the size.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves does not have {len(self.peaks)} peaks")

    def extended(self, hashes: Iterable[bytes]) -> "Tree":
        """Return the tree after appending leaf hashes."""
        peaks, size = list(self.peaks), self.size
        for leaf in hashes:
            node = leaf
            carry = size
            while carry & 1:
                node = node_hash(peaks.pop(), node)
                carry >>= 1
            peaks.append(node)
            size += 1
        return Tree(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the Merkle tree hash."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, node = self.peaks
        for peak in reversed(rest):
            node = node_hash(peak, node)
        return node

    def packed(self) -> bytes:
        """Return the peaks one after another, 32 bytes each."""
        return b"".join(self.peaks)

    @classmethod
    def unpacked(cls, size: int, peaks: bytes) -> "Tree":
        """Return the tree that ``packed`` came from; ValueError when the lengths disagree."""
        if len(peaks) % HASH_BYTES:
            raise ValueError("peaks are 32 bytes each")
        steps = range(0, len(peaks), HASH_BYTES)
        return cls(size, tuple(peaks[step : step + HASH_BYTES] for step in steps))


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash over leaf hashes."""
    return Tree().extended(leaves).root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the audit path of a leaf (RFC 9162, 2.1.3.1), nearest sibling first."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root_of(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root_of(leaves[:split])]


def inclusion_proofs(
    indexes: Iterable[int], leaves: Sequence[bytes]
) -> tuple[dict[int, list[bytes]], bytes]:
    """Return the audit paths of several leaves, by index, and the root; every node is hashed once.

    Level by level, where a node without a sibling moves up as it is: the same tree as
    ``inclusion_proof`` (RFC 9162, 2.1.1 splits at the largest power of two, which is that).
    """
    wanted = sorted(set(indexes))
    if wanted and not (wanted[0] >= 0 and wanted[-1] < len(leaves)):
        raise ValueError(f"there are only {len(leaves)} leaves")
    proofs: dict[int, list[bytes]] = {index: [] for index in wanted}
    level, height = list(leaves), 0
    while len(level) > 1:
        for index in wanted:
            sibling = (index >> height) ^ 1
            if sibling < len(level):
                proofs[index].append(level[sibling])
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level, height = pairs + level[len(pairs) * 2 :], height + 1
    return proofs, level[0] if level else EMPTY_ROOT


def includes(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof places the leaf at ``index`` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(old_size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the proof that the first ``old_size`` leaves are still there (RFC 9162, 2.1.4.1)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError(f"there is no earlier tree of {old_size} among {len(leaves)} leaves")
    return _subproof(old_size, leaves, complete=True)


def consistent(
    *,
    old_size: int,
    new_size: int,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
) -> bool:
    """Say whether the new tree only adds to the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof and old_size.bit_count() > 1:
        return False
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    return _climb(old_size - 1, new_size - 1, path) == (old_root, new_root)


def _climb(first: int, second: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the old and new root a consistency path leads to, or None when it does not fit."""
    while first & 1:
        first, second = first >> 1, second >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if second == 0:
            return None
        if first & 1 or first == second:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            new = node_hash(new, sibling)
        first, second = first >> 1, second >> 1
    return (old, new) if second == 0 else None


def _subproof(old_size: int, leaves: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if old_size == len(leaves):
        return [] if complete else [root_of(leaves)]
    split = _split(len(leaves))
    if old_size <= split:
        left = _subproof(old_size, leaves[:split], complete=complete)
        return [*left, root_of(leaves[split:])]
    right = _subproof(old_size - split, leaves[split:], complete=False)
    return [*right, root_of(leaves[:split])]


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
