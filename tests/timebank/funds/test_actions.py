"""Funds in the database: what is in them, and nothing paid into one that is being closed."""

import asyncio

import pytest

from tests.timebank.shops.scene import NOW, Market
from timebank.errors import RefusalError
from timebank.funds.actions import close_fund, deposit, hold_open, open_fund
from timebank.funds.queries import Fund, Kind, fund, funds, funds_above


async def opened(market: Market, code: str, at: str) -> int:
    place = market.cast.organisations[at]
    return await market.write(
        lambda tx: open_fund(tx, code=code, name="测试金", kind="money", organisation_id=place, now=NOW)
    )


async def pay(market: Market, cents: int, key: str | None = None, *, into: int | None = None) -> int:
    return await market.write(
        lambda tx: deposit(
            tx,
            fund_id=into or market.fund,
            amount_cents=cents,
            reference="T-1",
            key=key or market.key(),
            actor="test",
            now=NOW,
        )
    )


async def close(market: Market, fund_id: int) -> Fund:
    return await market.write(lambda tx: close_fund(tx, fund_id, expected_version=None, now=NOW))


async def found(market: Market, fund_id: int) -> Fund:
    return await market.read(lambda tx: fund(tx, fund_id))


async def test_a_deposit_is_booked_once_for_its_key(market: Market) -> None:
    assert await pay(market, 100, "deposit:1") == await pay(market, 100, "deposit:1")
    assert (await found(market, market.fund)).balance == 100
    with pytest.raises(RefusalError, match="idempotency_conflict"):
        await pay(market, 101, "deposit:1")


async def test_closing_and_paying_in_at_once_never_leaves_money_in_a_closed_fund(market: Market) -> None:
    outcomes = set()
    for number in range(8):
        id_ = await opened(market, f"R{number}", "apple")
        await asyncio.gather(close(market, id_), pay(market, 5, into=id_), return_exceptions=True)
        after = await found(market, id_)
        outcomes.add((after.closed_on is None, after.balance))
    assert outcomes <= {(True, 5), (False, 0)}


async def test_what_pays_out_of_a_fund_holds_it_open(market: Market) -> None:
    async def hold(fund_id: int, kind: Kind) -> Fund:
        return await market.write(lambda tx: hold_open(tx, fund_id, kind=kind))

    held = await hold(market.fund, "money")
    assert (held.unit, held.balance) == ("cny", 0)
    with pytest.raises(RefusalError, match="fund_of_other_kind"):
        await hold(market.fund, "care")
    with pytest.raises(RefusalError, match="unknown_fund"):
        await hold(10**12, "money")
    await close(market, market.fund)
    with pytest.raises(RefusalError, match="fund_closed"):
        await hold(market.fund, "money")


async def test_funds_above_are_those_of_the_line_to_the_top(market: Market) -> None:
    places = market.cast.organisations
    for place in ("root", "birch", "grid"):
        await opened(market, place, place)
    above = await market.read(lambda tx: funds_above(tx, places["apple"]))
    assert [each.code for each in above] == ["F1", "root"]
    assert await market.read(lambda tx: funds_above(tx, None)) == []
    listed = await market.read(
        lambda tx: funds(tx, organisations=[places["birch"], places["grid"]], after_id=0, limit=10)
    )
    assert [each.code for each in listed] == ["birch", "grid"]
