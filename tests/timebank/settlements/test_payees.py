"""A merchant's own staff decides nothing about its statement, and nobody who sells waits for a draft."""

import asyncio
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ledger.session import WriteTx
from ledger.values import ISSUANCE, MAX_AMOUNT, TAKINGS, WALLET, Draft, Move, Place, Posted, Wallet
from tests.timebank.settlements.test_actions import (
    IN_MARCH,
    JOB,
    MARCH,
    NOW,
    approve,
    draft,
    pay,
    put_in,
    take,
)
from tests.timebank.shops.scene import Market
from timebank.errors import RefusalError
from timebank.jobs.running import run_now
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack
from timebank.settlements.actions import draft_statements, payees_of
from timebank.settlements.queries import Filter, settlements

if TYPE_CHECKING:
    import asyncpg

_MERCHANT = """
insert into merchants (bank_id, organisation_id, name, category, address, licence, state, created_at)
values ($1, $2, '测试理发店', '理发', '东门路 9 号', 'L-1', 'active', $3) returning id, owner
"""
_STAFF = """
insert into merchant_staff (bank_id, merchant_id, person_id, since_at, added_by) values ($1, $2, $3, $4, 'test')
"""
_HOLD = """
select s.id, m.id from shops s, merchants m where s.bank_id = $1 and m.bank_id = $1 for no key update of s, m
"""


async def enter_merchant(market: Market, *staff: str) -> None:
    """Enter a merchant with some staff that took ten fufen in March."""

    async def work(tx: WriteTx) -> UUID:
        apple = market.cast.organisations["apple"]
        (row,) = await tx.connection.fetch(_MERCHANT, tx.bank_id, apple, IN_MARCH)
        id_, owner = row
        for name in staff:
            await tx.connection.execute(_STAFF, tx.bank_id, id_, market.cast.people[name], IN_MARCH)
        found: UUID = owner
        return found

    owner, alice = await market.write(work), market.cast.people["alice"]
    given = Move(Place(ISSUANCE), Place(WALLET, alice), "fufen", 10)
    taken = Move(Wallet(alice), Place(TAKINGS, owner), "fufen", 10)
    drafts = [
        Draft(kind, market.key(), IN_MARCH, "test", (move,))
        for kind, move in (("credit", given), ("acceptance", taken))
    ]
    for outcome in await market.database.post(market.bank, drafts):
        assert isinstance(outcome, Posted)


async def test_who_takes_fufen_there_neither_approves_nor_pays_it(market: Market) -> None:
    await enter_merchant(market, "olga", "adam")
    (found,) = await draft(market, MARCH)
    with pytest.raises(RefusalError, match="decision_by_staff"):
        await approve(market, found.id, "olga")
    await approve(market, found.id, "wen")
    await put_in(market, found.cents or 1)
    with pytest.raises(RefusalError, match="decision_by_staff"):
        await pay(market, found.id, "adam")
    assert (await pay(market, found.id, "ada")).state == "paid"


async def test_shops_and_merchants_go_on_selling_while_statements_are_drafted(market: Market) -> None:
    await enter_merchant(market)
    await take(market, 30, IN_MARCH)
    drafted, go_on = asyncio.Event(), asyncio.Event()

    async def work(tx: WriteTx) -> list[int]:
        ids = await draft_statements(tx, month_on=MARCH, payees=await payees_of(tx, None), by=JOB, now=NOW)
        drafted.set()
        await go_on.wait()
        return ids

    drafting = asyncio.create_task(market.write(work))
    await drafted.wait()
    try:
        # As a till holds its shop and an offer's taking its merchant.
        async with asyncio.timeout(60):
            await market.write(lambda tx: tx.connection.execute(_HOLD, tx.bank_id))
        second = asyncio.create_task(draft(market, MARCH))
        await asyncio.sleep(0.1)
        assert not second.done()
    finally:
        go_on.set()
    assert (len(await drafting), await second) == (2, [])


async def test_takings_that_come_to_no_sum_keep_nobody_else_waiting(
    market: Market, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    pack = default_pack()
    dear = pack.settlement.model_copy(
        update={"unit_cents": {**pack.settlement.unit_cents, "point": 1_000_000}}
    )
    pack = pack.model_copy(update={"settlement": dear})
    await market.write(lambda tx: adopt(tx, pack, effective_from=MARCH, actor="test"))
    await enter_merchant(market)
    await take(market, MAX_AMOUNT, IN_MARCH)  # more cents than a column holds
    await take(market, 30, IN_MARCH, shop=market.far)
    day = date(2026, 4, 1)
    for drafted in (2, 0):
        result = await run_now(market.database, market.bank, "settle", as_of=day, now=NOW)
        assert result == {"month": "2026-03", "drafted": drafted}
    found = await market.read(lambda tx: settlements(tx, Filter(), organisations=None, after_id=0, limit=10))
    assert [(one.shop_id, one.unit, one.amount) for one in found] == [
        (market.far, "point", 30),
        (None, "fufen", 10),
    ]
    faults = await superuser.fetch("select item, problem from job_faults where bank_id = $1", market.bank.id)
    assert {tuple(fault) for fault in faults} == {(f"shop {market.near}", "22003")}
