"""One code of a phone, shown at a till and at a merchant at the same instant: it pays at one of them."""

import asyncio
from datetime import UTC, datetime

import pytest

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.concurrency.crowd import somebody_waits
from tests.timebank.offers.scene import KEYS, NOW, Market, open_market
from tests.timebank.tills.crew import new_till
from timebank.access import load_actor
from timebank.codes.rules import MemberCode, read_code
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.offers.actions import Accepted, take_from_member
from timebank.passes.spending import spending_proof
from timebank.shops.actions import open_shop
from timebank.tills.queries import till
from timebank.tills.quotes import Quote, make_quote
from timebank.tills.showing import Shown


async def at_a_till(tx: WriteTx, market: Market, till_id: int, code: MemberCode) -> Quote:
    """Quote an empty basket to Alice, whose code was read and found good just before."""
    shown = Shown(market.cast.people["alice"], "code", spending_proof(code))
    return await make_quote(tx, await till(tx, till_id), shown, wanted=(), now=NOW)


@pytest.mark.parametrize("first", ["till", "merchant"])
async def test_the_second_waits_and_is_told(database: Database, bank: Bank, first: str) -> None:
    market = await open_market(database, await enter(database, bank))
    text = market.shown_by("alice")
    code = read_code(text)
    assert isinstance(code, MemberCode)
    ready, go = asyncio.Event(), asyncio.Event()

    async def open_till(tx: WriteTx) -> int:
        apple = market.cast.organisations["apple"]
        shop = await open_shop(tx, code="S1", name="东门积分超市", organisation_id=apple, now=NOW)
        return (await new_till(tx, organisation=apple, shop=shop, now=NOW)).id

    till_id = await database.write(bank, open_till)

    async def pay(tx: WriteTx, where: str) -> object:
        if where == "till":
            return await at_a_till(tx, market, till_id, code)
        actor = await load_actor(tx, market.cast.sessions["max"], now=datetime.now(UTC))
        return await take_from_member(
            tx, actor, KEYS, offer_id=market.offer, code=text, key="merchant", now=NOW
        )

    async def slowly(tx: WriteTx) -> object:
        done = await pay(tx, first)
        ready.set()
        await go.wait()
        return done

    one = asyncio.create_task(database.write(bank, slowly))
    await ready.wait()
    other = "merchant" if first == "till" else "till"
    two = asyncio.create_task(database.write(bank, lambda tx: pay(tx, other)))
    await somebody_waits(database, 1)
    go.set()
    assert isinstance(await one, Quote if first == "till" else Accepted)
    with pytest.raises(RefusalError) as refused:
        await two
    assert refused.value.code == "code_used"
    assert await market.fufen("alice") == (100 if first == "till" else 80)
