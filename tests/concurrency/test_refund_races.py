"""The same redemption refunded by many at once, beside a till that is closed and members who spend: once, exactly."""

import asyncio
from collections import Counter as Tally
from datetime import timedelta

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.concurrency.crowd import check_books, somebody_waits
from tests.timebank.reservations.scene import STOCK
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import Desk, open_desk
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.refunding import Refund, refund_at_till, refund_later
from timebank.redemptions.requests import Receipt
from timebank.tills.queries import Till
from timebank.tills.report import expected_cash

ROUNDS = 10


@pytest.fixture
async def desk(database: Database, bank: Bank) -> Desk:
    """Return a shop with goods, and Alice with 3000 points that may all be spent in a month."""
    cast = await enter(database, bank)
    return await open_desk(database, cast, rule=RedemptionRule(), points=3_000)


async def bought(desk: Desk, till: Till) -> Receipt:
    answer = await desk.redeem(till, (desk.market.rice, 2), cents=100)
    assert answer.receipt is not None
    return answer.receipt


async def refund(desk: Desk, till: Till | None, receipt: Receipt) -> str:
    """Refund at a till as Carl, without one as Mia, and return what came of it."""

    async def work(tx: WriteTx) -> Refund:
        if till is None:
            mia = await desk.actor(tx, "mia", NOW)
            return await refund_later(tx, mia, redemption_id=receipt.redemption_id, reason="mistake", now=NOW)
        carl = await desk.actor(tx, "carl", NOW)
        return await refund_at_till(
            tx, carl, till_id=till.id, receipt=receipt.number, reason="mistake", now=NOW
        )

    try:
        await desk.market.write(work)
    except RefusalError as refused:
        return refused.code
    return "refunded"


async def test_one_of_many_refunds_at_once_is_done(desk: Desk, database: Database, bank: Bank) -> None:
    till = await desk.open()
    for _ in range(ROUNDS):
        receipt = await bought(desk, till)
        answers = Tally(await asyncio.gather(*(refund(desk, (till, None)[n % 2], receipt) for n in range(8))))
        assert answers == {"refunded": 1, "already_refunded": 7}
    assert await desk.points() == 3_000
    assert await desk.booked() == 0
    assert await desk.market.stock(desk.market.rice) == STOCK
    told = Tally(kind for kind, _ in await desk.counter.told())
    assert told == {"redeemed": ROUNDS, "refunded": ROUNDS}
    await check_books(database, bank)


async def test_refunds_beside_redemptions_leave_nothing_over(
    desk: Desk, database: Database, bank: Bank
) -> None:
    till = await desk.open()
    receipts = [await bought(desk, till) for _ in range(4)]
    await desk.market.receive(desk.market.rice, 4)
    quotes = [await desk.quote(till, (desk.market.rice, 1)) for _ in range(4)]
    confirming = [desk.confirm(found, now=NOW + timedelta(minutes=4)) for found in quotes]
    refunding = [refund(desk, None, receipt) for receipt in receipts]
    redeemed, refunded = await asyncio.gather(asyncio.gather(*confirming), asyncio.gather(*refunding))
    assert all(answer.receipt is not None for answer in redeemed)
    assert refunded == ["refunded"] * 4
    assert await desk.points() == 3_000 - 4 * 30
    assert await desk.market.stock(desk.market.rice) == STOCK
    assert await desk.booked() == 4 * 30
    await check_books(database, bank)


async def test_a_till_that_is_being_closed_gives_no_cash_back(desk: Desk, database: Database) -> None:
    """What the drawer should hold is reckoned after the last refund, or the refund finds it closed."""
    till = await desk.open(cents=500)
    receipt = await bought(desk, till)
    go, ready = asyncio.Event(), asyncio.Event()

    async def held(tx: WriteTx) -> None:
        carl = await desk.actor(tx, "carl", NOW)
        await refund_at_till(tx, carl, till_id=till.id, receipt=receipt.number, reason="mistake", now=NOW)
        ready.set()
        await go.wait()

    holding = asyncio.create_task(desk.market.write(held))
    await ready.wait()
    closing = asyncio.create_task(desk.close(till, cents=500))
    await somebody_waits(database, 1)
    go.set()
    await holding
    closed = await closing
    assert closed.closing is not None
    assert closed.closing.expected_cash_cents == 500
    assert await desk.market.read(lambda tx: expected_cash(tx, till.id)) == 500


async def test_a_refund_waits_for_the_close_and_is_refused(desk: Desk, database: Database) -> None:
    till = await desk.open(cents=500)
    receipt = await bought(desk, till)
    go, ready = asyncio.Event(), asyncio.Event()

    async def held(tx: WriteTx) -> None:
        await tx.connection.execute(
            "select id from tills where bank_id = $1 and id = $2 for no key update", tx.bank_id, till.id
        )
        ready.set()
        await go.wait()
        await tx.connection.execute(
            "update tills set closed_at = $3, closed_by = 'test' where bank_id = $1 and id = $2",
            tx.bank_id,
            till.id,
            NOW,
        )

    holding = asyncio.create_task(desk.market.write(held))
    await ready.wait()
    waiting = asyncio.create_task(refund(desk, till, receipt))
    await somebody_waits(database, 1)
    go.set()
    await holding
    assert await waiting == "till_closed"
    assert await refund(desk, None, receipt) == "refunded"
