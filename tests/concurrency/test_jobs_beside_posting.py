"""The jobs of the calendar beside people who go on posting: expiring, folding, sealing, closing, changing rules."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from ledger.balances import balance, wallet
from ledger.exchanges import set_exchanges
from ledger.expiry import ExpiryCursor, expire_lots
from ledger.folding import fold
from ledger.periods import close_period
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Outcome, Place, Refused
from tests.concurrency.crowd import (
    check_books,
    each_posts,
    held_up,
    in_turn_until,
    sealed,
    somebody_waits,
    tally,
)
from tests.conftest import END_OF_2026, SPRING
from tests.ledger.drafts import award, post_all, post_one, spend
from tests.sealing import unsealed
from timebank.database import Bank, Database

AFTER_ALL = END_OF_2026 + timedelta(days=1)


async def expire_all(database: Database, bank: Bank, limit: int = 3) -> int:
    """Expire everything in small batches and return the points."""
    cursor: ExpiryCursor | None = ExpiryCursor()
    amount = 0
    while cursor is not None:
        batch = await database.write(
            bank,
            lambda tx, c=cursor: expire_lots(tx, as_of=AFTER_ALL, actor="test", after=c, limit=limit),  # type: ignore[misc]  # a lambda with a default has no type
        )
        amount += batch.amounts.get("point", 0)
        cursor = batch.next
    return amount


async def test_what_expires_is_not_spent_too(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(10)]
    await post_all(database, bank, *(award(owner, 10) for owner in owners))
    last_day = SPRING.replace(year=2026, month=12, day=31)
    drafts = [spend(owner, 6, at=last_day) for owner in owners for _ in range(2)]
    first, second, outcomes = await asyncio.gather(
        expire_all(database, bank), expire_all(database, bank), each_posts(database, bank, drafts)
    )
    spent = 6 * tally(outcomes)["posted"]
    assert first + second + spent == 100
    assert tally(outcomes)["posted"] <= 10
    await check_books(database, bank)


async def test_expiring_and_spending_never_wait_in_a_circle(database: Database, bank: Bank) -> None:
    """Lots whose numbers run against their days: whoever locked them by day would meet a spender head-on."""
    owners = [uuid4() for _ in range(3)]
    ends = [END_OF_2026 - timedelta(days=n) for n in range(3)]
    for owner, end in zip(owners, ends, strict=True):
        await post_one(database, bank, award(owner, 10, expires_on=end))
    runs = []

    async def expire(tx: WriteTx) -> int:
        runs.append("expire")
        return (await expire_lots(tx, as_of=AFTER_ALL, actor="test", after=ExpiryCursor())).lots

    async def spend_all(tx: WriteTx) -> list[Outcome]:
        runs.append("spend")
        return await post(tx, [spend(owner, 1, key=str(owner)) for owner in owners])

    go, ready = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(held_up(database, bank, [spend(owners[1], 1)], go, ready))]
    await ready.wait()
    expiring = asyncio.create_task(database.write(bank, expire))
    await somebody_waits(database, 1)
    spending = asyncio.create_task(database.write(bank, spend_all))
    await somebody_waits(database, 2)
    go.set()
    await asyncio.gather(*tasks)
    assert await expiring == 3
    assert tally(await spending) == {"insufficient": 3}
    assert sorted(runs) == ["expire", "spend"]
    await check_books(database, bank)


async def test_folding_and_sealing_beside_posting_lose_nothing(database: Database, bank: Bank) -> None:
    owners = [uuid4() for _ in range(8)]
    over = asyncio.Event()

    async def crowd() -> None:
        for round_ in range(6):
            await each_posts(database, bank, [award(owner, 2) for owner in owners for _ in range(3)])
            await each_posts(database, bank, [spend(owner, 5, key=f"{owner}{round_}") for owner in owners])
        over.set()

    async def shown() -> int:
        return await database.read(bank, lambda tx: balance(tx, Place(ISSUANCE), "point"))

    _, _, runs, seen = await asyncio.gather(
        crowd(),
        in_turn_until(over, lambda: database.write(bank, fold)),
        in_turn_until(over, lambda: sealed(database, bank, 20)),
        in_turn_until(over, shown),
    )
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == -8 * 6 * 6
    while await unsealed(database, bank):
        runs.append(await sealed(database, bank))
    assert sum(run.transactions for run in runs) == 8 * 6 * 4
    await check_books(database, bank)


async def test_a_period_closes_before_or_after_a_posting(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_one(database, bank, award(owner, 100))

    async def close() -> None:
        await asyncio.sleep(0.02)
        await asyncio.gather(
            *(
                database.write(
                    bank, lambda tx: close_period(tx, before=SPRING + timedelta(days=1), actor="test")
                )
                for _ in range(3)
            )
        )

    drafts = [spend(owner, 1) for _ in range(60)]
    outcomes, _ = await asyncio.gather(each_posts(database, bank, drafts), close())
    counted = tally(outcomes)
    assert counted["posted"] + counted["period_closed"] == 60
    (late,) = await post_all(database, bank, spend(owner, 1))
    assert isinstance(late, Refused)
    assert late.code == "period_closed"
    await check_books(database, bank)


async def test_a_rule_that_changes_meanwhile_is_in_force_or_not(database: Database, bank: Bank) -> None:
    owner = uuid4()
    await post_all(database, bank, award(owner, 100), award(owner, 1, unit="timecoin"))
    convert = [
        Draft(
            "conversion",
            f"k{n}",
            SPRING,
            "test",
            (spend(owner, 1).moves[0], Move(Place("converted"), Place(WALLET, owner), "fufen", 1)),
        )
        for n in range(30)
    ]
    since = SPRING - timedelta(days=1)
    outcomes, _ = await asyncio.gather(
        each_posts(database, bank, convert),
        database.write(bank, lambda tx: set_exchanges(tx, [("point", "class:goods")], effective_from=since)),
    )
    counted = tally(outcomes)
    assert counted["posted"] + counted["exchange_not_allowed"] == 30
    lots = await database.read(bank, lambda tx: wallet(tx, owner, "fufen"))
    assert sum(lot.balance for lot in lots) == counted["posted"]
    (after,) = await post_all(database, bank, Draft("conversion", "last", SPRING, "test", convert[0].moves))
    assert isinstance(after, Refused)
    await check_books(database, bank)
