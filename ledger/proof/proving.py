"""Proofs from the stored tree: that a transaction is in it, and that one checkpoint continues another."""

from typing import Literal

from ledger.proof.content import STORED, Contents
from ledger.proof.document import ProofDocument
from ledger.proof.merkle import consistency_plan, inclusion_plan
from ledger.proof.tree import load_subtrees
from ledger.session import ReadTx

_SEALED = f"""
select {STORED}, l.leaf_index, c.tree_size, c.note
from transactions t
left join leaves l on l.bank_id = $1 and l.transaction_id = t.id
left join lateral (
  select k.tree_size, k.note from checkpoints k
  where k.bank_id = $1 and k.tree_size > l.leaf_index order by k.tree_size desc limit 1
) c on true
where t.bank_id = $1 and t.id = $2
"""  # noqa: S608 -- STORED is a constant of ours


class NoProofError(Exception):
    """There is no proof to give: `unknown_transaction`, or `not_sealed` (yet)."""

    def __init__(self, code: Literal["unknown_transaction", "not_sealed"]) -> None:
        """Carry the code."""
        super().__init__(code)
        self.code = code


async def prove(tx: ReadTx, transaction_id: int, *, record: str) -> ProofDocument:
    """Return the proof that a transaction is in the tree of the newest checkpoint; `record` is its label.

    Raises:
        NoProofError: `unknown_transaction`, `not_sealed`.
        IncompleteTreeError: the stored tree is damaged.
    """
    row = await tx.connection.fetchrow(_SEALED, tx.bank_id, transaction_id)
    if row is None:
        raise NoProofError("unknown_transaction")
    if row["note"] is None:
        raise NoProofError("not_sealed")
    plan = inclusion_plan(row["leaf_index"], row["tree_size"])
    return ProofDocument(
        record=record,
        transaction=(await Contents.load(tx, [transaction_id])).of(row),
        salt=row["salt"],
        leaf_index=row["leaf_index"],
        tree_size=row["tree_size"],
        inclusion=tuple(plan.assemble(await load_subtrees(tx, plan.subtrees))),
        checkpoint=row["note"],
    )


async def consistency(tx: ReadTx, old_size: int, new_size: int) -> list[bytes]:
    """Return the proof that the tree of `new_size` leaves only appended to that of `old_size`.

    Raises:
        ValueError: the old tree is larger than the new.
        IncompleteTreeError: there is no tree of that size, or the stored one is damaged.
    """
    plan = consistency_plan(old_size, new_size)
    return plan.assemble(await load_subtrees(tx, plan.subtrees))
