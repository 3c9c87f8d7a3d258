"""Refunds: who takes what back until when, to which lots it returns, and that nothing goes back twice."""

from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import Draft, Posted
from tests.api.cast import Cast
from tests.timebank.reservations.scene import END_OF_2027, STOCK, TODAY
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import MINUTE, Desk, open_desk
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.policy.spending import RedemptionRule
from timebank.redemptions.refunding import Reason, Refund, refund_at_till, refund_later
from timebank.redemptions.requests import Receipt
from timebank.tills.queries import Till
from timebank.tills.report import expected_cash

DAY = timedelta(days=1)
SOON, LATER = TODAY + 3 * DAY, TODAY + 9 * DAY
"""Last days of lots."""


async def bought(desk: Desk, till: Till, *lines: tuple[int | str, int], cents: int = 0) -> Receipt:
    """Redeem for Alice: two bags of rice if nothing is named."""
    answer = await desk.redeem(till, *(lines or ((desk.market.rice, 2),)), cents=cents)
    assert answer.receipt is not None, answer
    return answer.receipt


async def at_till(
    desk: Desk,
    till: Till,
    number: str,
    *,
    name: str = "carl",
    now: datetime = NOW,
    reason: Reason = "damaged",
) -> Refund:
    """Let a cashier take back what a receipt names."""

    async def work(tx: WriteTx) -> Refund:
        actor = await desk.actor(tx, name, now)
        return await refund_at_till(tx, actor, till_id=till.id, receipt=number, reason=reason, now=now)

    return await desk.market.write(work)


async def later(desk: Desk, receipt: Receipt, *, name: str = "mia", now: datetime = NOW) -> Refund:
    """Let a manager take a redemption back."""

    async def work(tx: WriteTx) -> Refund:
        actor = await desk.actor(tx, name, now)
        return await refund_later(
            tx, actor, redemption_id=receipt.redemption_id, reason="not_wanted", now=now
        )

    return await desk.market.write(work)


async def in_drawer(desk: Desk, till: Till) -> int:
    """Return what should be in a till's drawer, in cents."""
    return await desk.market.read(lambda tx: expected_cash(tx, till.id))


async def refusal(work: Awaitable[object]) -> str:
    with pytest.raises(RefusalError) as refused:
        await work
    return refused.value.code


async def opened(database: Database, cast: Cast, *lots: tuple[int, date | None], **rule: Any) -> Desk:
    """Set the desk with Alice's points in these lots, under a rule."""
    desk = await open_desk(database, cast, rule=RedemptionRule(**rule), points=0)
    for points, expires_on in lots:
        await desk.counter.give(points, expires_on)
    return desk


async def test_a_cashier_takes_back_what_was_redeemed_today(desk: Desk) -> None:
    till = await desk.open(cents=1_000)
    receipt = await bought(desk, till, (desk.market.rice, 2), (desk.market.oil, 1), cents=550)
    done = await at_till(desk, till, f" {receipt.number} ", now=NOW + MINUTE)
    assert (done.receipt, done.points, done.cash_cents, done.by_manager) == (receipt.number, 110, 550, False)
    assert await desk.points() == 300
    assert (await desk.market.stock(desk.market.rice), await desk.market.stock(desk.market.oil)) == (
        STOCK,
        STOCK,
    )
    assert await desk.booked() == 0
    assert await in_drawer(desk, till) == 1_000
    assert [kind for kind, _ in await desk.counter.told()] == ["redeemed", "refunded"]
    await desk.market.assert_sound()


async def test_it_goes_back_once_and_a_refund_never(desk: Desk) -> None:
    till = await desk.open()
    receipt = await bought(desk, till)
    await at_till(desk, till, receipt.number)
    assert await refusal(at_till(desk, till, receipt.number, now=NOW + MINUTE)) == "already_refunded"
    assert await refusal(later(desk, receipt)) == "already_refunded"

    async def refund_of(tx: ReadTx) -> int:
        id_: int = await tx.connection.fetchval(
            "select transaction_id from refunds where bank_id = $1", tx.bank_id
        )
        return id_

    refund_id = await desk.market.read(refund_of)
    draft = Draft("reversal", "again", NOW, "test", reverses=refund_id)
    (outcome,) = await desk.market.write(lambda tx: post(tx, [draft]))
    assert getattr(outcome, "code", None) == "not_reversible"
    assert await desk.points() == 300


async def test_what_the_ledger_reversed_already_is_refunded_no_more(desk: Desk) -> None:
    receipt = await bought(desk, await desk.open())

    async def work(tx: WriteTx) -> None:
        id_ = await tx.connection.fetchval(
            "select transaction_id from redemptions where bank_id = $1 and id = $2",
            tx.bank_id,
            receipt.redemption_id,
        )
        (outcome,) = await post(tx, [Draft("reversal", "by hand", NOW, "test", reverses=id_)])
        assert isinstance(outcome, Posted)

    await desk.market.write(work)
    assert await refusal(later(desk, receipt)) == "already_refunded"
    assert await desk.points() == 300


async def test_a_cashier_takes_back_at_their_own_open_till_in_the_same_shop(desk: Desk) -> None:
    till = await desk.open()
    receipt = await bought(desk, till)
    await desk.enter_cashier("max")
    far = await desk.open("max", device="till:max", shop=desk.market.far)
    assert await refusal(at_till(desk, far, receipt.number, name="max")) == "unknown_receipt"
    assert await refusal(at_till(desk, till, receipt.number, name="max")) == "unknown_till"
    assert await refusal(at_till(desk, till, receipt.number, name="mia")) == "forbidden"
    assert await refusal(at_till(desk, till, "S1-20260509-0002")) == "unknown_receipt"
    await desk.close(far, name="max")
    near = await desk.open("max", device="till:max", cents=100)
    await desk.close(till)
    assert await refusal(at_till(desk, till, receipt.number)) == "till_closed"
    assert (await at_till(desk, near, receipt.number, name="max")).redemption_id == receipt.redemption_id


async def test_the_drawer_that_gave_the_cash_back_is_the_one_that_misses_it(desk: Desk) -> None:
    first = await desk.open(cents=1_000)
    receipt = await bought(desk, first, cents=300)
    await desk.enter_cashier("max")
    second = await desk.open("max", device="till:max", cents=500)
    await at_till(desk, second, receipt.number, name="max")
    drawers = [await in_drawer(desk, till) for till in (first, second)]
    assert drawers == [1_300, 200]


async def test_the_day_is_the_banks(desk: Desk) -> None:
    """It is 10 o'clock in Shanghai: the day ends 14 hours later."""
    till = await desk.open()
    first, second = await bought(desk, till), await bought(desk, till)
    midnight = NOW + timedelta(hours=14)
    await at_till(desk, till, first.number, now=midnight - MINUTE)
    assert await refusal(at_till(desk, till, second.number, now=midnight)) == "refund_not_today"


async def test_a_manager_takes_back_for_as_long_as_the_pack_says(database: Database, cast: Cast) -> None:
    desk = await opened(database, cast, (300, END_OF_2027), manager_refund_days=7)
    till = await desk.open()
    today, first, second = [await bought(desk, till) for _ in range(3)]
    assert (await later(desk, today)).by_manager
    assert (await later(desk, first, now=NOW + 7 * DAY)).points == 60
    assert await refusal(later(desk, second, now=NOW + 8 * DAY)) == "refund_too_late"
    assert await desk.points() == 240


async def test_only_who_keeps_the_shop_takes_back_later(desk: Desk) -> None:
    receipt = await bought(desk, await desk.open())
    for name in ("carl", "wen", "olga", "adam", "audrey", "max", "alice", "bob"):
        assert await refusal(later(desk, receipt, name=name)) == "forbidden", name
    await desk.do(
        "update shops set organisation_id = $2 where bank_id = $1", desk.market.cast.organisations["birch"]
    )
    assert await refusal(later(desk, receipt)) == "unknown_redemption"


async def test_nobody_refunds_to_themselves(desk: Desk) -> None:
    await desk.counter.give(100, name="mia")
    till = await desk.open()
    found = await desk.quote(till, (desk.market.rice, 1), code=await desk.code("mia"))
    answer = await desk.confirm(found)
    assert answer.receipt is not None
    assert await refusal(later(desk, answer.receipt)) == "refund_to_oneself"
    await at_till(desk, till, answer.receipt.number)


async def test_what_was_settled_goes_back_too(desk: Desk) -> None:
    receipt = await bought(desk, await desk.open())
    market = desk.market

    async def settle(tx: WriteTx) -> None:
        id_ = await tx.connection.fetchval(
            "insert into settlements (bank_id, shop_id, unit, month_on, amount, unit_cents, cents, state,"
            " policy_version, drafted_by, drafted_at)"
            " values ($1, $2, 'point', '2026-05-01', 60, 10, 600, 'drafted', 1, 'test', $3) returning id",
            tx.bank_id,
            market.near,
            NOW,
        )
        await tx.connection.execute(
            "insert into settlement_items (bank_id, transaction_id, settlement_id, amount)"
            " select $1, r.transaction_id, $2, 60 from redemptions r where r.bank_id = $1 and r.id = $3",
            tx.bank_id,
            id_,
            receipt.redemption_id,
        )

    await market.write(settle)
    await later(desk, receipt, now=NOW + 20 * DAY)
    assert (await desk.points(), await desk.booked()) == (300, 0)


async def test_a_refund_gives_the_limit_back(database: Database, cast: Cast) -> None:
    desk = await opened(database, cast, (300, END_OF_2027), member_day_points=60)
    till = await desk.open()
    receipt = await bought(desk, till)
    assert (await desk.redeem(till, (desk.market.rice, 1))).refusal == "limit_reached"
    await at_till(desk, till, receipt.number)
    await bought(desk, till)


async def test_the_goods_of_a_closed_shop_go_back_to_its_shelf(desk: Desk) -> None:
    till = await desk.open()
    receipt = await bought(desk, till)
    await desk.do("update shops set closed_on = $2 where bank_id = $1", TODAY)
    assert await refusal(at_till(desk, till, receipt.number)) == "shop_closed"
    await later(desk, receipt)
    assert await desk.market.stock(desk.market.rice) == STOCK


async def test_an_erased_members_redemption_goes_back_and_nobody_is_told(desk: Desk) -> None:
    receipt = await bought(desk, await desk.open())
    before = await desk.counter.told()
    await desk.do(
        "update people set erased_at = $2 where bank_id = $1 and id = $3", NOW, desk.person("alice")
    )
    await later(desk, receipt)
    assert await desk.counter.told() == before
    assert await desk.points() == 300


async def test_the_books_say_why_and_by_which_rules(desk: Desk) -> None:
    receipt = await bought(desk, await desk.open())
    await later(desk, receipt)

    async def kept(tx: ReadTx) -> tuple[object, ...]:
        row = await tx.connection.fetchrow(
            "select f.reason, f.by_manager, f.till_id, f.made_by, t.metadata::text from refunds f"
            " join transactions t on t.bank_id = $1 and t.id = f.transaction_id where f.bank_id = $1",
            tx.bank_id,
        )
        assert row is not None
        return tuple(row)

    assert await desk.market.read(kept) == (
        "not_wanted",
        True,
        None,
        f"person:{desk.person('mia')}",
        f'{{"policy": 1, "reason": "not_wanted", "receipt": "{receipt.number}"}}',
    )
