"""Stock at cost: the query agrees with a clerk who writes every box on a list and strikes out the oldest."""

import random
from collections import defaultdict

import pytest

from ledger.posting import post
from ledger.values import SHELF, SUPPLY, Draft, Move, Place
from tests.timebank.shops.scene import NOW, Market
from timebank.shops.queries import shop
from timebank.stock.queries import ShopAtCost, entries, shops_at_cost, stock_at_cost

RICE = "goods/S1/RICE"


async def valued(market: Market, shop_id: int) -> dict[int, tuple[int, int, int]]:
    """Return stock, cents and how many have no cost, by item."""
    lines = await market.read(lambda tx: stock_at_cost(tx, shop_id))
    return {line.goods_id: (line.on_shelf, line.cost_cents, line.uncosted) for line in lines}


@pytest.mark.parametrize("seed", range(4))
async def test_the_query_agrees_with_the_clerk(market: Market, seed: int) -> None:
    chance = random.Random(seed)
    boxes: dict[int, list[int]] = defaultdict(list)
    for _ in range(25):
        goods_id = chance.choice([market.rice, market.far_rice])
        other = market.far_rice if goods_id == market.rice else market.rice
        act, quantity = (
            chance.choice(["receive", "receive", "transfer", "write_off", "count"]),
            chance.randint(1, 4),
        )
        if act == "receive":
            cents = chance.choice([90, 100, 130])
            await market.receive(goods_id, quantity, cents)
            boxes[goods_id] += [cents] * quantity
        elif len(boxes[goods_id]) >= quantity:
            gone, boxes[goods_id] = boxes[goods_id][:quantity], boxes[goods_id][quantity:]
            if act == "transfer":
                await market.transfer(goods_id, other, quantity)
                boxes[other] += gone
            elif act == "write_off":
                await market.write_off(goods_id, quantity)
            else:
                await market.count(goods_id, len(boxes[goods_id]))
    for shop_id, goods_id in ((market.near, market.rice), (market.far, market.far_rice)):
        expected = (len(boxes[goods_id]), sum(boxes[goods_id]), 0)
        assert (await valued(market, shop_id))[goods_id] == expected
    sums = await market.read(lambda tx: shops_at_cost(tx, organisations=None))
    assert sums == [
        ShopAtCost(market.near, sum(boxes[market.rice]), 0),
        ShopAtCost(market.far, sum(boxes[market.far_rice]), 0),
    ]
    await market.assert_sound()


async def test_what_nobody_said_a_cost_of_is_counted_apart(market: Market) -> None:
    owner = (await market.read(lambda tx: shop(tx, market.near))).owner
    opening = Draft(
        "receipt", "opening", NOW, "import", (Move(Place(SUPPLY, owner), Place(SHELF, owner), RICE, 6),)
    )
    await market.write(lambda tx: post(tx, [opening]))
    await market.receive(market.rice, 2, None)
    await market.receive(market.rice, 3, 100)
    assert (await valued(market, market.near))[market.rice] == (11, 300, 8)
    # Six of the workbook's and one of no cost leave, which the other shop then has at no cost either.
    assert [
        (e.quantity, e.unit_cost_cents) for e in await market.transfer(market.rice, market.far_rice, 7)
    ] == [(7, None)]
    assert (await valued(market, market.far))[market.far_rice] == (7, 0, 7)
    assert (await valued(market, market.near))[market.rice] == (4, 300, 1)


async def test_what_waits_for_pick_up_is_still_the_shops(market: Market) -> None:
    await market.receive(market.rice, 5, 100)
    await market.set_aside(market.rice, 2)
    rice, *_ = await market.read(lambda tx: stock_at_cost(tx, market.near))
    assert (rice.on_shelf, rice.reserved, rice.cost_cents) == (3, 2, 500)


async def test_only_the_shops_of_some_organisations_are_valued(market: Market) -> None:
    await market.receive(market.rice, 5, 100)
    places = market.cast.organisations

    async def of(place: str) -> list[ShopAtCost]:
        return await market.read(lambda tx: shops_at_cost(tx, organisations=[places[place]]))

    assert await of("birch") == []
    assert await of("apple") == [ShopAtCost(market.near, 500, 0), ShopAtCost(market.far, 0, 0)]


async def test_the_register_is_read_newest_first_page_by_page(market: Market) -> None:
    made = [(await market.receive(market.rice, quantity)).id for quantity in (1, 2, 3)]
    await market.receive(market.oil, 1)
    first = await market.read(lambda tx: entries(tx, market.rice, before_id=2**62, limit=2))
    rest = await market.read(lambda tx: entries(tx, market.rice, before_id=first[-1].id, limit=2))
    assert [entry.id for entry in first + rest] == made[::-1]
