"""RFC 6962 Merkle trees: hashing, an appendable range, proofs over stored subtrees, and verification.

Nothing is stored here. A `Subtree` names a perfect subtree; whoever keeps the hashes looks them up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self

HASH_BYTES = 32
SIZE_LIMIT = 1 << 63
"""Trees are smaller than this: sizes and indexes fit a signed 64-bit column."""


class Subtree(NamedTuple):
    """The perfect subtree over the leaves [position * 2**level, (position + 1) * 2**level)."""

    level: int
    position: int


class Node(NamedTuple):
    """A completed perfect subtree with its hash."""

    subtree: Subtree
    hash: bytes


SubtreeHash = Callable[[int, int], bytes]
"""Looks up the hash of the perfect subtree (level, position)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the data of one leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two child hashes into their parent."""
    return sha256(b"\x01" + left + right).digest()


def empty_root() -> bytes:
    """Return the root of the tree without leaves."""
    return sha256(b"").digest()


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Join perfect subtrees, largest first, into the hash of the range they cover; there is at least one."""
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


class CompactRange:
    """A growing tree that remembers only its frontier: the perfect subtrees of its size, largest first."""

    __slots__ = ("_hashes", "_size")

    def __init__(self) -> None:
        """Start with no leaves."""
        self._hashes: list[bytes] = []
        self._size = 0

    @classmethod
    def restore(cls, frontier: Iterable[tuple[int, bytes]]) -> Self:
        """Continue from the (level, hash) pairs that `frontier` gave, largest first.

        Raises:
            ValueError: the levels do not fall strictly, or a hash is not 32 bytes long.
        """
        restored = cls()
        smallest = SIZE_LIMIT.bit_length() - 1
        for level, subtree_hash in frontier:
            if not 0 <= level < smallest or len(subtree_hash) != HASH_BYTES:
                message = f"not a frontier: level {level} after {smallest}, hash of {len(subtree_hash)} bytes"
                raise ValueError(message)
            restored._hashes.append(subtree_hash)
            restored._size += 1 << level
            smallest = level
        return restored

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def frontier(self) -> list[tuple[int, bytes]]:
        """The (level, hash) of each perfect subtree on the frontier, largest first; `restore` takes them."""
        return [
            (subtree.level, subtree_hash)
            for subtree, subtree_hash in zip(frontier(self._size), self._hashes, strict=True)
        ]

    def append(self, leaf: bytes) -> list[Node]:
        """Append one leaf hash and return the subtrees it completed: the leaf first, then its ancestors."""
        level, position, completed = 0, self._size, leaf
        nodes = [Node(Subtree(level, position), completed)]
        while position & 1:
            completed = node_hash(self._hashes.pop(), completed)
            level, position = level + 1, position >> 1
            nodes.append(Node(Subtree(level, position), completed))
        self._hashes.append(completed)
        self._size += 1
        return nodes

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return _fold(self._hashes) if self._hashes else empty_root()


def _cover(start: int, end: int) -> tuple[Subtree, ...]:
    """Split a non-empty range of the RFC's tree into perfect subtrees, largest (leftmost) first."""
    subtrees = []
    for level in reversed(range((end - start).bit_length())):
        if (end - start) >> level & 1:
            subtrees.append(Subtree(level, start >> level))
            start += 1 << level
    return tuple(subtrees)


def _middle(start: int, end: int) -> int:
    """Return where the RFC splits two or more leaves: after the largest power of two below their number."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def frontier(size: int) -> list[Subtree]:
    """Return the perfect subtrees that make up a tree of `size` leaves, largest first."""
    return list(_cover(0, size))


@dataclass(frozen=True, slots=True)
class ProofPlan:
    """Which stored subtrees a proof is made of: each element of the proof is the fold of one group."""

    elements: tuple[tuple[Subtree, ...], ...]

    @property
    def subtrees(self) -> list[Subtree]:
        """All subtrees the proof needs, each once, so that one query can fetch them."""
        return [subtree for element in self.elements for subtree in element]

    def assemble(self, subtree: SubtreeHash) -> list[bytes]:
        """Return the proof, given the hash of every subtree of the plan."""
        return [_fold([subtree(*coordinates) for coordinates in element]) for element in self.elements]


def inclusion_plan(index: int, size: int) -> ProofPlan:
    """Plan the proof that leaf `index` (from 0) is in the tree of `size` leaves (RFC 6962 §2.1.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size < SIZE_LIMIT:
        message = f"no leaf {index} in a tree of {size}"
        raise ValueError(message)
    start, end = 0, size
    siblings = []
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            siblings.append(_cover(middle, end))
            end = middle
        else:
            siblings.append(_cover(start, middle))
            start = middle
    return ProofPlan(tuple(reversed(siblings)))


def consistency_plan(old_size: int, new_size: int) -> ProofPlan:
    """Plan the proof that the tree of `old_size` leaves is a prefix of that of `new_size` (RFC 6962 §2.1.2).

    The proof from the empty tree, and from a tree to itself, is empty.

    Raises:
        ValueError: the old tree is larger than the new.
    """
    if not 0 <= old_size <= new_size < SIZE_LIMIT:
        message = f"a tree of {old_size} is no prefix of a tree of {new_size}"
        raise ValueError(message)
    if old_size == 0:
        return ProofPlan(())
    start, end = 0, new_size
    ranges = []
    while end != old_size:
        middle = _middle(start, end)
        if old_size <= middle:
            ranges.append(_cover(middle, end))
            end = middle
        else:
            ranges.append(_cover(start, middle))
            start = middle
    if start > 0:
        ranges.append(_cover(start, end))
    return ProofPlan(tuple(reversed(ranges)))


def root_at(size: int, subtree: SubtreeHash) -> bytes:
    """Return the root the tree had at `size` leaves."""
    return _fold([subtree(*coordinates) for coordinates in frontier(size)]) if size else empty_root()


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> list[bytes]:
    """Return the path of leaf `index` in the tree of `size`, from the leaf up; raises as `inclusion_plan`."""
    return inclusion_plan(index, size).assemble(subtree)


def consistency_proof(old_size: int, new_size: int, subtree: SubtreeHash) -> list[bytes]:
    """Return the proof that the old tree is a prefix of the new; raises as `consistency_plan`."""
    return consistency_plan(old_size, new_size).assemble(subtree)


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _climb(position: int, last: int, seed: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Walk a path as RFC 9162 §2.1.3.2 and §2.1.4.2 do: the (old, new) roots, or None for a wrong length."""
    old = new = seed
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    return (old, new) if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows the leaf hash at `index` of the tree with this size and root.

    RFC 9162 §2.1.3.2. Never raises: whatever does not verify is False.
    """
    if not 0 <= index < size < SIZE_LIMIT or not _are_hashes(leaf, root, *proof):
        return False
    roots = _climb(index, size - 1, leaf, proof)
    return roots is not None and roots[1] == root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether `proof` shows that the new tree only appended to the old one (RFC 9162 §2.1.4.2).

    Never raises. From the empty tree everything is an extension, and the proof is empty.
    """
    if not 0 <= old_size <= new_size < SIZE_LIMIT or not _are_hashes(old_root, new_root, *proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root and (old_size > 0 or old_root == empty_root())
    if old_size == 0:
        return not proof and old_root == empty_root()
    if not proof:
        return False
    # The old root of a full tree is a node of the new tree, so the proof leaves it out.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    return _climb(position, last, path[0], path[1:]) == (old_root, new_root)
