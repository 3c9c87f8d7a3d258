"""Invariant 7, the order of spending: a wallet gives from the lot that ends first, lots without end last.

The rule, for each line out of a wallet lot, in the order of (transaction id, line): just before it, no other
lot of the same owner and unit that ends earlier, and not before the effective day, holds more than its floor.
Expiring, carrying over and reversing name their lot, so they are exempt. So is a lot opened less than
`WRITER_LIMIT` before: its opener may have committed while the spender was waiting, unseen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.audit.probes import WRITER_LIMIT
from ledger.audit.violations import FINDINGS_LIMIT, Finding
from ledger.session import ReadTx
from ledger.values import CARRY_OVER, EXPIRE, REVERSAL

if TYPE_CHECKING:
    import asyncpg

PAGE = 5_000
NAMES_ITS_LOT = frozenset({EXPIRE, CARRY_OVER, REVERSAL})

# Only wallets of several lots have an order to keep; within a line, what goes out comes before what comes in.
_SIDES = """
with lots as (
  select a.id, a.owner, a.unit_id, a.expires_on, a.floor,
    count(*) over (partition by a.owner, a.unit_id) as lots_of_wallet
  from accounts a where a.bank_id = $1 and a.kind = 'wallet'
), sides as (
  select p.from_account_id as account_id, p.transaction_id, p.line, p.from_balance as balance,
    -p.amount as change
  from postings p where p.bank_id = $1
  union all
  select p.to_account_id, p.transaction_id, p.line, p.to_balance, p.amount
  from postings p where p.bank_id = $1
)
select n.owner, n.unit_id, n.id as account_id, n.expires_on, n.floor,
  s.transaction_id, s.line, s.balance, s.change,
  t.kind, (t.effective_at at time zone $2)::date as day, t.recorded_at
from sides s
join lots n on n.id = s.account_id and n.lots_of_wallet > 1
join transactions t on t.bank_id = $1 and t.id = s.transaction_id
where s.balance is not null
order by n.owner, n.unit_id, s.transaction_id, s.line, s.change
"""


@dataclass(slots=True)
class _Lot:
    """A lot as it stood at one point of the stream."""

    expires_on: date | None
    floor: int
    balance: int
    opened_at: datetime


async def check_order_of_lots(tx: ReadTx) -> list[Finding]:
    """Return the lines that spent a lot before one that ends earlier; memory is that of one wallet."""
    findings: list[Finding] = []
    wallet: dict[int, _Lot] = {}
    current: tuple[UUID, int] | None = None
    cursor = await tx.connection.cursor(_SIDES, tx.bank_id, tx.zone.key)
    while rows := await cursor.fetch(PAGE):
        for row in rows:
            if (row["owner"], row["unit_id"]) != current:
                current = row["owner"], row["unit_id"]
                wallet = {}
            if row["change"] < 0 and row["kind"] not in NAMES_ITS_LOT and _passes_over(wallet, row):
                findings.append(
                    Finding("younger_lot_spent_first", f"posting {row['transaction_id']}/{row['line']}")
                )
                if len(findings) == FINDINGS_LIMIT:
                    return findings
            lot = wallet.get(row["account_id"])
            if lot is None:
                wallet[row["account_id"]] = _Lot(
                    row["expires_on"], row["floor"], row["balance"], row["recorded_at"]
                )
            else:
                lot.balance = row["balance"]
    return findings


def _passes_over(wallet: dict[int, _Lot], spend: "asyncpg.Record") -> bool:
    """Tell whether the spend left a lot untouched that it should have emptied before."""
    own_end = spend["expires_on"] or date.max
    return any(
        lot.expires_on is not None
        and spend["day"] <= lot.expires_on < own_end
        and lot.balance > lot.floor
        and spend["recorded_at"] - lot.opened_at >= WRITER_LIMIT
        for lot in wallet.values()
    )
