"""What is left behind by a credit that is taken back after some of it was spent: a debt, and a ceiling that holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from ledger.posting import post
from ledger.session import WriteTx
from ledger.shortfalls import Shortfall
from ledger.values import BUDGET, ISSUANCE, WALLET, Draft, Move, Place, Posted
from timebank.errors import RefusalError
from timebank.records.storing import By

DEBT: Final = "debt"
"""The kind of the transaction that stands in for what was spent of a credit that is taken back."""

_PAYING = """
select distinct u.code, a.owner from postings p
join accounts a on a.bank_id = $1 and a.id = p.from_account_id and a.kind = 'budget'
join units u on u.bank_id = $1 and u.id = p.unit_id
where p.bank_id = $1 and p.transaction_id = $2
"""


async def keep_ceilings(
    tx: WriteTx,
    key: str,
    record_id: int,
    transaction_id: int,
    owed: Mapping[str, int],
    *,
    by: By,
    now: datetime,
) -> None:
    """Take out of the budgets what was spent of a credit: the reversal gave all back to them, and that is still out."""
    rows = await tx.connection.fetch(_PAYING, tx.bank_id, transaction_id)
    moves = [
        Move(Place(BUDGET, row["owner"]), Place(ISSUANCE), row["code"], owed[row["code"]])
        for row in rows
        if row["code"] in owed
    ]
    if not moves:
        return
    metadata = {"record": record_id, "credit": transaction_id}
    (outcome,) = await post(tx, [Draft(DEBT, key, now, by.text, tuple(moves), metadata=metadata)])
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")


def debt_draft(
    key: str, record_id: int, transaction_id: int, missing: Sequence[Shortfall], *, by: By, now: datetime
) -> Draft:
    """Return the draft that issues what was spent of a credit again, each to the lot it is missing from."""
    return Draft(
        DEBT,
        key,
        now,
        by.text,
        tuple(
            Move(Place(ISSUANCE), Place(WALLET, one.owner, one.expires_on), one.unit, one.amount)
            for one in missing
        ),
        metadata={"record": record_id, "credit": transaction_id},
    )
