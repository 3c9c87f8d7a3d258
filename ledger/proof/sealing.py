"""Sealing: appending decided transactions to the bank's Merkle tree and signing its new head.

Only what lies before the *horizon* is sealed: the oldest database transaction still under way. Everything
before it has been decided and can be seen, so however commits interleave, nothing is left out and nothing is
sealed twice; what was held open meanwhile is sealed by a later run. The order of the leaves is (xact, id).

Statements of `seal`, each its own so that it sees what the one before waited for:

1. the lock that sealers of one bank take in turn;
2. the horizon and the last checkpoint;
3. the frontier of the tree, which must lead to that checkpoint's root;
4. batch by batch: transactions, postings, accounts; then leaves and completed nodes, in one statement;
5. the checkpoint.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.proof.checkpoints import Coverage, StoredCheckpoint, latest_checkpoint, unverified
from ledger.proof.content import STORED, Contents
from ledger.proof.merkle import CompactRange, Node, frontier
from ledger.proof.note import Checkpoint, NoteError, SigningKey, sign_note
from ledger.proof.tree import LEVEL_STEP, IncompleteTreeError, load_subtrees
from ledger.session import WriteTx

if TYPE_CHECKING:
    import asyncpg

SEALERS_LOCK = 0x7473 << 48
"""Advisory lock of a bank: sealers take it in turn."""

BATCH = 4_000

_LOCK = "select pg_advisory_xact_lock($1), clock_timestamp()"
_HORIZON = """
select $1 + pg_snapshot_xmin(s.snapshot)::text::bigint as horizon,
  pg_snapshot_xmin(s.snapshot) = pg_snapshot_xmax(s.snapshot) as is_quiet
from (select pg_current_snapshot() as snapshot) s
"""
_BATCH = f"""
select {STORED}
from transactions t where t.bank_id = $1 and (t.xact, t.id) > ($2, $3) and t.xact < $4
order by t.xact, t.id limit $5
"""  # noqa: S608 -- STORED is a constant of ours
_APPEND = """
with new_leaves as (
  insert into leaves (bank_id, leaf_index, transaction_id, hash)
  select $1, $2 + n.position - 1, n.id, n.hash
  from unnest($3::bigint[], $4::bytea[]) with ordinality as n (id, hash, position)
  returning 1
), new_nodes as (
  insert into nodes (bank_id, level, node_index, hash)
  select $1, n.level, n.node_index, n.hash
  from unnest($5::int[], $6::bigint[], $7::bytea[]) as n (level, node_index, hash)
  returning 1
)
select 1
"""
_CHECKPOINT = """
insert into checkpoints (bank_id, tree_size, root, sealed_before, sealed_at, note)
values ($1, $2, $3, $4, $5, $6)
"""


class TamperedTreeError(Exception):
    """The stored tree or note is not what was signed last: nothing is sealed on top of that."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run sealed: None when nothing was new; `is_complete` if it came as far as the horizon."""

    checkpoint: StoredCheckpoint | None
    transactions: int
    is_complete: bool


async def seal(
    tx: WriteTx, key: SigningKey, *, origin: str, sealed_at: datetime, limit: int = 200_000
) -> Sealed:
    """Seal what was decided since the last checkpoint, and sign one new checkpoint over all of it.

    Stops after `limit` transactions, at the end of the database transaction it is in; memory is bounded
    whatever the limit. `origin` names the log, such as `timebank/<bank code>`.

    Raises:
        TamperedTreeError: the stored tree is not the one that was signed last.
    """
    locked = await tx.connection.fetchrow(_LOCK, SEALERS_LOCK + tx.bank_id)
    assert locked is not None  # noqa: S101 -- a SELECT without FROM has one row
    horizon, is_quiet = await tx.connection.fetchrow(_HORIZON, tx.base)  # type: ignore[misc]  # the statement has one row
    last = await latest_checkpoint(tx)
    tree = await _restore(tx, last)
    settled_at = None if last is None else _settled_at(last)
    before, count = await _append_leaves(tx, tree, 0 if last is None else last.sealed_before, horizon, limit)
    if not count:
        return Sealed(None, 0, is_complete=True)
    if is_quiet and before == horizon:
        settled_at = max(settled_at or locked[1], locked[1])
    coverage = Coverage(sealed_at, before, settled_at)
    head = Checkpoint(origin, tree.size, tree.root(), coverage.extensions())
    checkpoint = StoredCheckpoint(tree.size, head.root, before, sealed_at, sign_note(head.text(), key))
    await tx.connection.execute(
        _CHECKPOINT, tx.bank_id, checkpoint.tree_size, checkpoint.root, before, sealed_at, checkpoint.note
    )
    return Sealed(checkpoint, count, is_complete=before == horizon)


async def _restore(tx: WriteTx, last: StoredCheckpoint | None) -> CompactRange:
    if last is None:
        return CompactRange()
    subtrees = frontier(last.tree_size)
    lookup = await load_subtrees(tx, subtrees)
    try:
        tree = CompactRange.restore((subtree.level, lookup(*subtree)) for subtree in subtrees)
    except IncompleteTreeError as error:
        raise TamperedTreeError from error
    if tree.root() != last.root:
        raise TamperedTreeError
    return tree


def _settled_at(last: StoredCheckpoint) -> datetime | None:
    try:
        return Coverage.parse(unverified(last.note).extensions).settled_at
    except (NoteError, ValueError) as error:
        raise TamperedTreeError from error


async def _append_leaves(
    tx: WriteTx, tree: CompactRange, since: int, before: int, limit: int
) -> tuple[int, int]:
    """Append the leaves of [since, before) and return where it stopped, and how many they were."""
    xact, id_, count = since, 0, 0
    wanted = min(BATCH, limit)
    while rows := await tx.connection.fetch(_BATCH, tx.bank_id, xact, id_, before, wanted):
        await _append_batch(tx, tree, rows)
        count += len(rows)
        xact, id_ = rows[-1]["xact"], rows[-1]["id"]
        if count >= limit:
            # A database transaction is sealed whole, so that `before` parts what is sealed from what is not.
            before, wanted = xact + 1, BATCH
        elif len(rows) < wanted:
            break
        else:
            wanted = min(BATCH, limit - count)
    return before, count


async def _append_batch(tx: WriteTx, tree: CompactRange, rows: "list[asyncpg.Record]") -> None:
    ids = [row["id"] for row in rows]
    contents = await Contents.load(tx, ids)
    first = tree.size
    hashes = [contents.leaf(row) for row in rows]
    nodes = [node for hash_ in hashes for node in stored_nodes(tree.append(hash_))]
    await tx.connection.execute(
        _APPEND,
        tx.bank_id,
        first,
        ids,
        hashes,
        [node.subtree.level for node in nodes],
        [node.subtree.position for node in nodes],
        [node.hash for node in nodes],
    )


def stored_nodes(completed: list[Node]) -> list[Node]:
    """Return which of the subtrees that a leaf completed are kept: those of level 8, 16, 24 and so on."""
    return completed[LEVEL_STEP::LEVEL_STEP]
