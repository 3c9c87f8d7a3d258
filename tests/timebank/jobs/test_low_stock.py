"""Low stock: the managers of a shop hear of it once, and again only after it was restocked."""

import asyncio
import json
from datetime import timedelta

import pytest_asyncio

from tests.api.cast import enter
from tests.timebank.shops.scene import NOW, Market, open_market
from timebank.database import Bank, Database
from timebank.jobs.low_stock import run_low_stock
from timebank.jobs.run import Run
from timebank.jobs.running import run_now
from timebank.shops.actions import close_shop, edit_goods
from timebank.stock.queries import LowStock, low_stock

NOTHING = {"told": 0, "restocked": 0, "unmanaged": 0}


@pytest_asyncio.fixture
async def market(database: Database, bank: Bank) -> Market:
    """Return two shops; the rice of one is low with three left."""
    return await open_market(database, await enter(database, bank))


async def run(market: Market) -> dict[str, object]:
    return await run_now(market.database, market.bank, "low_stock", as_of=NOW.date(), now=NOW)


async def told(market: Market) -> list[tuple[str, dict[str, object]]]:
    rows = await market.read(
        lambda tx: tx.connection.fetch(
            "select person_id, params::text from notifications where bank_id = $1 and kind = 'low_stock' order by id",
            tx.bank_id,
        )
    )
    names = {person_id: name for name, person_id in market.cast.people.items()}
    return [(names[person_id], json.loads(params)) for person_id, params in rows]


async def low(market: Market) -> list[LowStock]:
    return await market.read(
        lambda tx: low_stock(tx, on=NOW.date(), organisations=None, after_id=0, limit=10)
    )


async def test_the_manager_is_told_once_until_it_is_restocked(market: Market) -> None:
    await market.receive(market.rice, 4)
    assert await run(market) == NOTHING
    await market.write_off(market.rice, 1)
    assert await run(market) == NOTHING | {"told": 1}
    assert await told(market) == [("mia", {"shop": market.near, "count": 1, "goods": [market.rice]})]
    assert [(line.goods_id, line.on_shelf, line.told_at) for line in await low(market)] == [
        (market.rice, 3, NOW)
    ]
    assert await run(market) == NOTHING
    await market.receive(market.rice, 1)
    assert await run(market) == NOTHING | {"restocked": 1}
    await market.write_off(market.rice, 1)
    assert await run(market) == NOTHING | {"told": 1}
    assert len(await told(market)) == 2


async def test_what_is_not_offered_or_of_a_closed_shop_is_not_low(market: Market) -> None:
    await market.write(
        lambda tx: edit_goods(tx, market.rice, changes={"is_listed": False}, expected_version=None)
    )
    assert await run(market) == NOTHING
    await market.write(
        lambda tx: edit_goods(tx, market.rice, changes={"is_listed": True}, expected_version=None)
    )
    await market.write(lambda tx: close_shop(tx, market.near, expected_version=None, now=NOW))
    assert (await run(market), await low(market)) == (NOTHING, [])


async def test_what_nobody_manages_is_told_of_when_somebody_does(market: Market) -> None:
    revoke = "update role_grants set revoked_at = $2, revoked_by = 'test' where bank_id = $1 and role = 'shop_manager'"
    await market.write(lambda tx: tx.connection.execute(revoke, tx.bank_id, NOW - timedelta(days=1)))
    assert await run(market) == NOTHING | {"unmanaged": 1}
    # The office appoints Adam, for the whole district.
    grant = """
    insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)
    values ($1, $2, 'shop_manager', $3, $4, 'test')
    """
    cast = market.cast
    await market.write(
        lambda tx: tx.connection.execute(
            grant, tx.bank_id, cast.people["adam"], cast.organisations["root"], NOW - timedelta(days=1)
        )
    )
    assert await run(market) == NOTHING | {"told": 1}
    assert [name for name, _ in await told(market)] == ["adam"]


async def test_two_runs_at_once_tell_once(market: Market) -> None:
    results = await asyncio.gather(
        *(run_low_stock(Run(market.database, market.bank, NOW.date(), NOW)) for _ in range(4))
    )
    assert sorted(str(result["told"]) for result in results) == ["0", "0", "0", "1"]
    assert len(await told(market)) == 1
