"""The stored tree: hashes of perfect subtrees, read or folded from `leaves` and `nodes` in one query.

Only leaves and the levels 8, 16, 24 … are stored, so what lies between is folded from at most 128 hashes.
"""

from collections.abc import Iterable

from ledger.proof.merkle import Subtree, SubtreeHash, node_hash
from ledger.session import ReadTx

LEVEL_STEP = 8

_HASHES = """
select r.level, n.node_index, n.hash
from unnest($2::int[], $3::bigint[], $4::bigint[]) as r (level, first, last)
join nodes n on n.bank_id = $1 and n.level = r.level and n.node_index between r.first and r.last
where r.level > 0
union all
select 0, l.leaf_index, l.hash
from unnest($2::int[], $3::bigint[], $4::bigint[]) as r (level, first, last)
join leaves l on l.bank_id = $1 and l.leaf_index between r.first and r.last
where r.level = 0
"""


class IncompleteTreeError(Exception):
    """The stored tree lacks hashes that its checkpoint covers: rows were removed behind the ledger's back."""


async def load_subtrees(tx: ReadTx, subtrees: Iterable[Subtree]) -> SubtreeHash:
    """Return a lookup for the hashes of these perfect subtrees, read with one query.

    The lookup raises:
        IncompleteTreeError: a hash it needs is not stored.
    """
    ranges = sorted({_stored_range(subtree) for subtree in subtrees})
    stored: dict[tuple[int, int], bytes] = {}
    if ranges:
        columns = [list(column) for column in zip(*ranges, strict=True)]
        for level, position, hash_ in await tx.connection.fetch(_HASHES, tx.bank_id, *columns):
            stored[level, position] = hash_

    def subtree_hash(level: int, position: int) -> bytes:
        below, first, last = _stored_range(Subtree(level, position))
        try:
            hashes = [stored[below, i] for i in range(first, last + 1)]
        except KeyError:
            raise IncompleteTreeError from None
        while len(hashes) > 1:
            hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    return subtree_hash


def _stored_range(subtree: Subtree) -> tuple[int, int, int]:
    """Return the stored level at or below the subtree's, and its first and last position there."""
    rise = subtree.level % LEVEL_STEP
    first = subtree.position << rise
    return subtree.level - rise, first, first + (1 << rise) - 1
