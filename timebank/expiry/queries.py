"""Reading which lots end."""

from datetime import date

from ledger.expiry import ExpiryCursor
from ledger.session import ReadTx

_NEXT = """
select a.expires_on, a.id from accounts a
where a.bank_id = $1 and (a.expires_on, a.id) > ($2, $3) and a.expires_on <= $4
  and a.kind = 'wallet' and a.balance > a.floor
order by a.expires_on, a.id limit 1
"""


async def next_lot(tx: ReadTx, *, after: ExpiryCursor, until: date) -> ExpiryCursor | None:
    """Return the place of the first lot after another, of those with something in them that end by a day."""
    row = await tx.connection.fetchrow(_NEXT, tx.bank_id, after.expires_on, after.account_id, until)
    return None if row is None else ExpiryCursor(row["expires_on"], row["id"])
