"""Expiring: the rows are those that posting the same draft would have written."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from ledger.audit import audit
from ledger.balances import balance, wallet
from ledger.expiry import ExpiredBatch, ExpiryCursor, expire_lots
from ledger.session import WriteTx
from ledger.values import EXPIRE, EXPIRED, MAX_AMOUNT, WALLET, Draft, Move, Place
from tests.conftest import END_OF_2026
from tests.ledger.drafts import award, post_all, post_one
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

NEW_YEAR = END_OF_2026 + timedelta(1)
MIDNIGHT = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))

ROWS = """
select t.idempotency_key, t.fingerprint, t.actor, t.memo, t.metadata::text as metadata,
  octet_length(t.salt) as salt_bytes, p.line, p.amount, p.from_seq, p.from_balance,
  a.id as lot_id, a.owner, u.code as unit
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.from_account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
where t.bank_id = $1 and t.kind = 'expire'
"""


async def expire(
    database: Database, bank: Bank, as_of: date, actor: str = "calendar", limit: int = 5_000
) -> list[ExpiredBatch]:
    """Expire batch by batch to the end."""
    batches: list[ExpiredBatch] = []
    after: ExpiryCursor | None = ExpiryCursor()
    while after is not None:
        start = after

        async def work(tx: WriteTx, start: ExpiryCursor = start) -> ExpiredBatch:
            return await expire_lots(tx, as_of=as_of, actor=actor, after=start, limit=limit)

        batches.append(await database.write(bank, work))
        after = batches[-1].next
    return batches


@pytest.mark.parametrize(
    "actor",
    ["calendar", '日历 "\\', f'["wallet","{UUID(int=0).hex}","9999-12-31"]', f"{MAX_AMOUNT}]"],
    ids=["plain", "quoted", "like a lot", "like an amount"],
)
async def test_each_row_is_what_posting_its_draft_would_write(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]", actor: str
) -> None:
    owners = {uuid4(): amount for amount in (10, 20, 30)}
    await post_all(database, bank, *(award(owner, amount) for owner, amount in owners.items()))
    await post_one(database, bank, award(next(iter(owners)), 10, unit="fufen"))
    (batch,) = await expire(database, bank, NEW_YEAR, actor)
    assert (batch.lots, batch.amounts) == (4, {"point": 60, "fufen": 10})
    rows = await superuser.fetch(ROWS, bank.id)
    assert len(rows) == 4
    for row in rows:
        lot = Place(WALLET, row["owner"], END_OF_2026)
        amount = owners[lot.owner]
        move = Move(lot, Place(EXPIRED), row["unit"], amount)
        draft = Draft(EXPIRE, f"expire:{row['lot_id']}:1", MIDNIGHT, actor, (move,))
        assert (row["idempotency_key"], row["fingerprint"]) == (draft.key, draft.fingerprint())
        assert (row["actor"], row["memo"], row["metadata"], row["salt_bytes"]) == (actor, "", "{}", 16)
        assert (row["line"], row["amount"], row["from_seq"], row["from_balance"]) == (1, amount, 2, 0)


async def test_batches_go_on_where_the_last_one_ended(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(7)]
    await post_all(database, bank, *(award(owner, 5) for owner in owners))
    assert [batch.lots for batch in await expire(database, bank, NEW_YEAR, limit=3)] == [3, 3, 1]
    assert [batch.lots for batch in await expire(database, bank, NEW_YEAR, limit=3)] == [0]
    assert await database.read(bank, lambda tx: balance(tx, Place(EXPIRED), "point")) == 35
    assert await database.read(bank, lambda tx: wallet(tx, owners[0], "point")) == []
    assert await database.read(bank, lambda tx: audit(tx, verifier=None, anchors=[])) == []


async def test_a_lot_lives_through_its_last_day(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 5))
    assert [batch.lots for batch in await expire(database, bank, END_OF_2026)] == [0]
    assert [batch.lots for batch in await expire(database, bank, NEW_YEAR)] == [1]
