"""Merkle hashing and proofs against the published vectors, a naive reading of the RFC, and pymerkle."""

from collections.abc import Sequence
from hashlib import sha256

import pymerkle  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.proof.merkle import (
    CompactRange,
    Subtree,
    consistency_plan,
    consistency_proof,
    empty_root,
    frontier,
    inclusion_plan,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the reference implementation of Certificate Transparency.
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
CT_INCLUSION = {  # (index, size)
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CT_CONSISTENCY = {  # (old size, new size)
    (1, 8): CT_INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

LEAVES = [b"leaf %d" % number for number in range(65)]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def split(n: int) -> int:
    """Return the largest power of two smaller than n."""
    return max(1 << bits for bits in range(n.bit_length()) if 1 << bits < n)


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole=whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], whole=False), naive_root(leaves[:k])]


class Tree:
    """A tree in memory that keeps every node its range completes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.range = CompactRange()
        self.nodes: dict[tuple[int, int], bytes] = {}
        for data in leaves:
            self.nodes.update(self.range.append(leaf_hash(data)))

    def subtree(self, level: int, position: int) -> bytes:
        return self.nodes[level, position]


TREE = Tree(LEAVES)
CT = Tree(CT_LEAVES)
ORACLE = pymerkle.InmemoryTree.init_from_entries(LEAVES, algorithm="sha256")


def test_hashes_as_the_published_vectors() -> None:
    assert empty_root() == CT_ROOTS[0]
    assert [root_at(size, CT.subtree) for size in range(9)] == CT_ROOTS
    for (index, size), path in CT_INCLUSION.items():
        assert [hash_.hex() for hash_ in inclusion_proof(index, size, CT.subtree)] == path
    for (old, new), path in CT_CONSISTENCY.items():
        assert [hash_.hex() for hash_ in consistency_proof(old, new, CT.subtree)] == path


def test_a_node_is_not_a_leaf_of_its_children() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert node_hash(left, right) != leaf_hash(left + right)


def test_roots_of_every_size_agree_with_the_naive_tree_and_pymerkle() -> None:
    growing = CompactRange()
    assert growing.root() == naive_root([])
    for size, data in enumerate(LEAVES, start=1):
        growing.append(leaf_hash(data))
        assert growing.size == size
        assert growing.root() == root_at(size, TREE.subtree) == naive_root(LEAVES[:size])
        assert growing.root() == ORACLE.get_root(size)


@pytest.mark.parametrize("size", range(1, 66))
def test_every_inclusion_proof_is_the_naive_one_and_verifies(size: int) -> None:
    root = naive_root(LEAVES[:size])
    for index in range(size):
        proof = inclusion_proof(index, size, TREE.subtree)
        assert proof == naive_path(index, LEAVES[:size])
        assert [leaf_hash(LEAVES[index]), *proof] == ORACLE.prove_inclusion(index + 1, size).path
        assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)
        assert (
            not verify_inclusion(leaf_hash(LEAVES[index]), (index + 1) % size, size, proof, root) or size == 1
        )


@pytest.mark.parametrize("new", range(1, 41))
def test_every_consistency_proof_is_the_naive_one_and_verifies(new: int) -> None:
    new_root = naive_root(LEAVES[:new])
    for old in range(1, new + 1):
        old_root = naive_root(LEAVES[:old])
        proof = consistency_proof(old, new, TREE.subtree)
        assert proof == naive_subproof(old, LEAVES[:new], whole=True)
        assert verify_consistency(old, old_root, new, new_root, proof)
        # pymerkle lists other hashes than the RFC, so its verdict is compared instead of its path.
        ORACLE.prove_consistency(old, new).verify(old_root, new_root)
        with pytest.raises(pymerkle.InvalidProof):
            ORACLE.prove_consistency(old, new).verify(old_root, leaf_hash(new_root))
        assert not verify_consistency(old, old_root, new, leaf_hash(new_root), proof)


def test_from_the_empty_tree_everything_is_an_extension() -> None:
    root = naive_root(LEAVES[:5])
    assert consistency_proof(0, 5, TREE.subtree) == []
    assert verify_consistency(0, empty_root(), 5, root, [])
    assert verify_consistency(0, empty_root(), 0, empty_root(), [])
    assert not verify_consistency(0, root, 5, root, [])
    assert not verify_consistency(0, root, 0, root, [])
    assert not verify_consistency(0, empty_root(), 5, root, [root])


def test_append_yields_each_completed_subtree_once() -> None:
    assert set(TREE.nodes) == {(level, n) for level in range(7) for n in range(65 >> level)}
    for (level, n), digest in TREE.nodes.items():
        assert digest == naive_root(LEAVES[n << level : (n + 1) << level])


@given(st.integers(0, 64))
def test_a_restored_range_grows_as_the_first_did(size: int) -> None:
    first = Tree(LEAVES[:size]).range
    assert [level for level, _ in first.frontier] == [subtree.level for subtree in frontier(size)]
    assert first.frontier == [(level, TREE.nodes[level, n]) for level, n in frontier(size)]
    restored = CompactRange.restore(first.frontier)
    for data in LEAVES[size:]:
        assert restored.append(leaf_hash(data)) == first.append(leaf_hash(data))
    assert (restored.size, restored.root()) == (65, naive_root(LEAVES))


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, bytes(32)), (1, bytes(32))],
        [(0, bytes(32)), (1, bytes(32))],
        [(-1, bytes(32))],
        [(63, bytes(32))],
        [(2, bytes(31))],
    ],
)
def test_restore_refuses_what_is_no_frontier(pairs: list[tuple[int, bytes]]) -> None:
    with pytest.raises(ValueError, match="not a frontier"):
        CompactRange.restore(pairs)


@given(st.integers(1, (1 << 63) - 1), st.data())
def test_plans_of_huge_trees_name_few_perfect_subtrees_that_exist(size: int, data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, size - 1))
    for plan in (inclusion_plan(chosen, size), consistency_plan(chosen, size)):
        assert len(plan.subtrees) == len(set(plan.subtrees)) <= 2 * 63
        assert all((n + 1) << level <= size for level, n in plan.subtrees)
    assert Subtree(0, chosen) not in inclusion_plan(chosen, size).subtrees


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, 1 << 63)])
def test_no_inclusion_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_plan(index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (0, 1 << 63)])
def test_no_consistency_with_a_smaller_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no prefix"):
        consistency_plan(old, new)


def flipped(value: bytes, bit: int) -> bytes:
    return bytes(byte ^ (1 << bit % 8) * (place == bit // 8 % len(value)) for place, byte in enumerate(value))


@given(st.integers(1, 65), st.data())
def test_any_flipped_bit_breaks_an_inclusion_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    leaf, root = leaf_hash(LEAVES[index]), naive_root(LEAVES[:size])
    proof = inclusion_proof(index, size, TREE.subtree)
    assert verify_inclusion(leaf, index, size, proof, root)
    assert not verify_inclusion(flipped(leaf, bit), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, flipped(root, bit))
    assert not verify_inclusion(leaf, index ^ (1 << bit % 64), size, proof, root)
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    for place, sibling in enumerate(proof):
        broken = [*proof[:place], flipped(sibling, bit), *proof[place + 1 :]]
        assert not verify_inclusion(leaf, index, size, broken, root)
        assert not verify_inclusion(leaf, index, size, proof[:place] + proof[place + 1 :], root)


@given(st.integers(1, 65), st.data())
def test_any_flipped_bit_breaks_a_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    bit = data.draw(st.integers(0, 255))
    old_root, new_root = naive_root(LEAVES[:old]), naive_root(LEAVES[:new])
    proof = consistency_proof(old, new, TREE.subtree)
    assert verify_consistency(old, old_root, new, new_root, proof)
    assert not verify_consistency(old, flipped(old_root, bit), new, new_root, proof)
    assert not verify_consistency(old, old_root, new, flipped(new_root, bit), proof)
    assert not verify_consistency(old, old_root, new, new_root, [*proof, new_root])
    for place, sibling in enumerate(proof):
        broken = [*proof[:place], flipped(sibling, bit), *proof[place + 1 :]]
        assert not verify_consistency(old, old_root, new, new_root, broken)
        assert not verify_consistency(old, old_root, new, new_root, proof[:place] + proof[place + 1 :])


def test_a_rewritten_leaf_breaks_consistency_with_every_later_size() -> None:
    forged = Tree([b"rewritten" if number == 3 else data for number, data in enumerate(LEAVES)])
    for new in range(10, 66):
        proof = consistency_proof(9, new, forged.subtree)
        new_root = root_at(new, forged.subtree)
        assert verify_consistency(9, root_at(9, forged.subtree), new, new_root, proof)
        assert not verify_consistency(9, naive_root(LEAVES[:9]), new, new_root, proof)


def test_a_path_of_the_wrong_length_never_verifies() -> None:
    """An inner node must not pass for a leaf, nor a leaf for a whole tree."""
    two, four = naive_root(LEAVES[:2]), naive_root(LEAVES[:4])
    right = naive_root(LEAVES[2:4])
    assert node_hash(two, right) == four
    assert not verify_inclusion(two, 0, 4, [right], four)
    assert verify_inclusion(two, 0, 2, [right], four)
    assert not verify_inclusion(right, 0, 1, [two], four)
    assert not verify_consistency(2, two, 5, four, [right])
    assert not verify_consistency(1, two, 4, four, [right])


hostile = st.one_of(st.binary(max_size=40), st.binary(min_size=32, max_size=32))
sizes = st.one_of(st.integers(), st.integers(-1, 70))


@given(hostile, sizes, sizes, st.lists(hostile, max_size=70), hostile)
def test_verification_never_raises(
    one: bytes, first: int, second: int, proof: list[bytes], other: bytes
) -> None:
    single_leaf = (first, second, proof) == (0, 1, []) and one == other and len(one) == 32
    assert verify_inclusion(one, first, second, proof, other) is single_leaf
    assert verify_consistency(first, one, second, other, proof) in (False, True)
