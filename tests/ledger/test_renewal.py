"""Renewing lots in place of expiring them: the rows are those that posting the same draft would have written."""

import asyncio
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from ledger.audit import audit
from ledger.balances import wallet
from ledger.expiry import ExpiredBatch, ExpiryCursor, PeriodClosedError, Renews, expire_lots
from ledger.holds import hold, release
from ledger.periods import close_period
from ledger.session import WriteTx
from ledger.values import CARRY_OVER, WALLET, Draft, InvalidDraftError, Move, Place, Renewal
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, spend
from timebank.database import Bank, Database

if TYPE_CHECKING:
    import asyncpg

NEW_YEAR = END_OF_2026 + timedelta(1)
MIDNIGHT = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
MARCH = date(2027, 3, 31)
WHY: Mapping[str, object] = {"policy": 3, "rule": "grace", "说明": '"引号"]'}

ROWS = """
select t.idempotency_key, t.fingerprint, t.effective_at, t.actor, t.memo, t.metadata::text::jsonb = $2::jsonb as says,
  octet_length(t.salt) as salt_bytes, p.line, p.amount, p.from_seq, p.from_balance, p.to_seq, p.to_balance,
  a.id as lot_id, a.owner, a.expires_on, u.code as unit, f.expires_on as until, f.owner as filled_owner
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id
join accounts a on a.bank_id = $1 and a.id = p.from_account_id
join accounts f on f.bank_id = $1 and f.id = p.to_account_id
join units u on u.bank_id = $1 and u.id = a.unit_id
where t.bank_id = $1 and t.kind = 'carry_over' order by t.id
"""


def until(table: Mapping[tuple[str, date], date]) -> Renews:
    """Renew by a table of units and last days."""
    return lambda unit, day: Renewal(table[unit, day], WHY) if (unit, day) in table else None


async def end(
    database: Database,
    bank: Bank,
    as_of: date,
    renews: Renews,
    *,
    actor: str = "calendar",
    limit: int = 5_000,
) -> list[ExpiredBatch]:
    """Let lots end batch by batch."""
    batches: list[ExpiredBatch] = []
    after: ExpiryCursor | None = ExpiryCursor()
    while after is not None:
        start = after

        async def work(tx: WriteTx, start: ExpiryCursor = start) -> ExpiredBatch:
            return await expire_lots(tx, as_of=as_of, actor=actor, after=start, limit=limit, renews=renews)

        batches.append(await database.write(bank, work))
        after = batches[-1].next
    return batches


async def lots(database: Database, bank: Bank, owner: UUID, unit: str = "point") -> dict[date | None, int]:
    """Return what is in a wallet, by last day."""
    found = await database.read(bank, lambda tx: wallet(tx, owner, unit))
    return {lot.expires_on: lot.balance for lot in found}


async def assert_sound(database: Database, bank: Bank) -> None:
    assert await database.read(bank, lambda tx: audit(tx, verifier=None, anchors=[])) == []


@pytest.mark.parametrize("actor", ["calendar", f'日历 "\\ ["wallet","{UUID(int=0).hex}","0001-01-01"]'])
async def test_each_row_is_what_posting_its_draft_would_write(
    database: Database, bank: Bank, superuser: "asyncpg.Connection[asyncpg.Record]", actor: str
) -> None:
    owners = {uuid4(): amount for amount in (10, 20, 30)}
    first = next(iter(owners))
    await post_all(database, bank, *(award(owner, amount) for owner, amount in owners.items()))
    await post_one(database, bank, award(first, 10, unit="fufen"))
    # One of them has a lot already that ends when the renewed one does.
    await post_one(database, bank, award(first, 7, expires_on=MARCH))
    (batch,) = await end(database, bank, NEW_YEAR, until({("point", END_OF_2026): MARCH}), actor=actor)
    assert (batch.lots, batch.amounts) == (1, {"fufen": 10})
    assert (batch.renewed_lots, batch.renewed_amounts) == (3, {"point": 60})
    rows = await superuser.fetch(ROWS, bank.id, json.dumps(WHY))
    assert len(rows) == 3
    for row in rows:
        owner, amount = row["owner"], owners[row["owner"]]
        move = Move(Place(WALLET, owner, END_OF_2026), Place(WALLET, owner, MARCH), "point", amount)
        draft = Draft(CARRY_OVER, f"carry_over:{row['lot_id']}:1", MIDNIGHT, actor, (move,), metadata=WHY)
        assert (row["idempotency_key"], row["fingerprint"]) == (draft.key, draft.fingerprint())
        assert (row["effective_at"], row["actor"], row["memo"]) == (MIDNIGHT, actor, "")
        assert (row["says"], row["salt_bytes"], row["filled_owner"]) == (True, 16, owner)
        assert (row["line"], row["amount"], row["from_seq"], row["from_balance"]) == (1, amount, 2, 0)
        before = (1, 7) if owner == first else (0, 0)
        assert (row["to_seq"], row["to_balance"]) == (before[0] + 1, before[1] + amount)
        # Posting it once more finds it done, and neither doubled nor differing.
        assert await post_one(database, bank, draft)
    await assert_sound(database, bank)


async def test_running_again_renews_nothing_twice(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(7)]
    await post_all(database, bank, *(award(owner, 5) for owner in owners))
    renews = until({("point", END_OF_2026): MARCH})
    assert [b.renewed_lots for b in await end(database, bank, NEW_YEAR, renews, limit=3)] == [3, 3, 1]
    assert [b.renewed_lots for b in await end(database, bank, NEW_YEAR, renews, limit=3)] == [0]
    assert [await lots(database, bank, owner) for owner in owners] == [{MARCH: 5}] * 7
    await post_one(database, bank, spend(owners[0], 3, at=MIDNIGHT + timedelta(days=40)))
    assert [b.amounts for b in await end(database, bank, MARCH + timedelta(1), renews)] == [{"point": 32}]
    await assert_sound(database, bank)


async def test_several_lots_of_a_wallet_go_into_one(database: Database, bank: Bank) -> None:
    owner, days = uuid4(), [END_OF_2026 - timedelta(days=n) for n in range(3)]
    await post_all(database, bank, *(award(owner, 5 + n, expires_on=day) for n, day in enumerate(days)))
    (batch,) = await end(database, bank, NEW_YEAR, until({("point", day): MARCH for day in days}))
    assert batch.renewed_amounts == {"point": 18}
    assert await lots(database, bank, owner) == {MARCH: 18}
    await assert_sound(database, bank)


@pytest.mark.parametrize("limit", [1, 2, 100])
async def test_a_late_run_ends_what_a_timely_one_would_have_ended(
    database: Database, bank: Bank, limit: int
) -> None:
    # The first goes on in the second, which has something of its own; that goes on to the third, which ends too.
    owner = uuid4()
    first, second, third = (END_OF_2026 - timedelta(days=days) for days in (60, 30, 5))
    await post_all(
        database,
        bank,
        award(owner, 1, expires_on=first),
        award(owner, 10, expires_on=second),
        award(owner, 100),
    )
    table = {("point", first): second, ("point", second): third}
    batches = await end(database, bank, END_OF_2026, until(table), limit=limit)
    assert sum(batch.renewed_lots for batch in batches) == 2
    assert [batch.amounts for batch in batches if batch.amounts] == [{"point": 11}]
    assert await lots(database, bank, owner) == {END_OF_2026: 100}
    await assert_sound(database, bank)


async def test_what_comes_back_to_a_renewed_lot_is_renewed_as_well(database: Database, bank: Bank) -> None:
    owner, ends_at = uuid4(), MIDNIGHT + timedelta(days=10)
    await post_one(database, bank, award(owner, 50))
    held = hold("h", owner=owner, unit="point", amount=20, until=ends_at, effective_at=SPRING, actor="test")
    hold_id = await post_one(database, bank, held)
    renews = until({("point", END_OF_2026): MARCH})
    await end(database, bank, NEW_YEAR, renews)
    assert await lots(database, bank, owner) == {MARCH: 30}
    await post_one(database, bank, release("r", hold_id=hold_id, effective_at=ends_at, actor="test"))
    await end(database, bank, NEW_YEAR + timedelta(days=10), renews)
    assert await lots(database, bank, owner) == {MARCH: 50}
    await assert_sound(database, bank)


async def test_spending_beside_it_neither_waits_in_a_circle_nor_loses_anything(
    database: Database, bank: Bank
) -> None:
    owners = [uuid4() for _ in range(30)]
    await post_all(database, bank, *(award(owner, 5, expires_on=MARCH) for owner in reversed(owners)))
    await post_all(database, bank, *(award(owner, 5) for owner in owners))
    at = MIDNIGHT - timedelta(hours=1)
    await asyncio.gather(
        end(database, bank, NEW_YEAR, until({("point", END_OF_2026): MARCH}), limit=4),
        *(post_all(database, bank, spend(owner, 7, at=at)) for owner in owners),
    )
    assert [await lots(database, bank, owner) for owner in owners] == [{MARCH: 3}] * 30
    await assert_sound(database, bank)


async def test_a_renewal_in_a_closed_period_is_refused(database: Database, bank: Bank) -> None:
    await post_one(database, bank, award(uuid4(), 5))
    before = MIDNIGHT + timedelta(days=1)
    await database.write(bank, lambda tx: close_period(tx, before=before, actor="test"))
    with pytest.raises(PeriodClosedError):
        await end(database, bank, NEW_YEAR, until({("point", END_OF_2026): MARCH}))


async def test_a_renewal_ends_later_than_what_it_renews(database: Database, bank: Bank) -> None:
    await post_one(database, bank, award(uuid4(), 5))
    with pytest.raises(ValueError, match="later"):
        await end(database, bank, NEW_YEAR, until({("point", END_OF_2026): END_OF_2026}))


def test_the_keys_of_renewals_are_their_own() -> None:
    move = award(uuid4(), 1).moves
    with pytest.raises(InvalidDraftError, match="lots that end"):
        Draft("award", "carry_over:7:1", MIDNIGHT, "test", move)
