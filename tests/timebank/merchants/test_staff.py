"""A merchant's staff: the role there and a place on the staff, both now."""

from datetime import timedelta

import pytest
import pytest_asyncio

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.timebank.offers.scene import NOW, Market
from timebank.access import Actor
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.merchants.access import check_staff
from timebank.merchants.queries import merchants_of_staff, staff_of
from timebank.merchants.staff import add_staff, remove_staff

SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def market(database: Database, bank: Bank) -> Market:
    """Return a market with an active merchant in apple that nobody accepts for yet."""
    market = Market(database, await enter(database, bank))
    market.merchant = await market.open(staff=None)
    return market


async def add(market: Market, name: str, *, by: str = "wen", merchant: int = 0) -> str | None:
    person, at = market.cast.people[name], merchant or market.merchant
    try:
        await market.act(
            by, lambda tx, actor: add_staff(tx, actor, merchant_id=at, person_id=person, now=NOW)
        )
    except RefusalError as refused:
        return refused.code
    return None


async def checked(market: Market, name: str, *, merchant: int = 0, later: timedelta = SECOND) -> str | None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        await check_staff(tx, actor, merchant or market.merchant, now=NOW + later)

    try:
        await market.act(name, work)
    except RefusalError as refused:
        return refused.code
    return None


async def test_who_has_the_role_there_is_added_once(market: Market) -> None:
    assert await checked(market, "max") == "unknown_merchant"
    assert await add(market, "max") is None
    assert await checked(market, "max") is None
    assert await add(market, "max") == "already_staff"
    assert await add(market, "alice") == "unknown_staff"
    assert await add(market, "carl") == "unknown_staff"
    assert await add(market, "max", by="max") == "staff_of_oneself"


async def test_a_role_elsewhere_is_none_here(market: Market) -> None:
    in_birch = await market.open(place="birch", staff=None)
    assert await add(market, "max", merchant=in_birch) == "unknown_staff"


async def test_without_the_role_a_place_on_the_staff_is_nothing(market: Market) -> None:
    assert await add(market, "max") is None
    await market.act(
        "adam",
        lambda tx, _: tx.connection.execute(
            "update role_grants set revoked_at = $3, revoked_by = 'test' where bank_id = $1 and person_id = $2",
            tx.bank_id,
            market.cast.people["max"],
            NOW,
        ),
    )
    assert await checked(market, "max") == "forbidden"


async def test_who_left_accepts_no_more_and_may_come_back(market: Market) -> None:
    max_ = market.cast.people["max"]
    assert await add(market, "max") is None
    leave = NOW + SECOND

    async def remove(tx: WriteTx, _: Actor) -> None:
        await remove_staff(tx, merchant_id=market.merchant, person_id=max_, now=leave)

    await market.act("wen", remove)
    assert await checked(market, "max") == "unknown_merchant"
    with pytest.raises(RefusalError) as refused:
        await market.act("wen", remove)
    assert refused.value.code == "unknown_staff"
    (kept,) = await market.read(lambda tx: staff_of(tx, market.merchant))
    assert (kept.person_id, kept.until_at) == (max_, leave)
    await market.act(
        "wen",
        lambda tx, actor: add_staff(
            tx, actor, merchant_id=market.merchant, person_id=max_, now=leave + SECOND
        ),
    )
    assert await checked(market, "max", later=3 * SECOND) is None


async def test_one_finds_the_merchants_one_accepts_for(market: Market) -> None:
    assert await add(market, "max") is None
    other = await market.open(staff=None)

    async def own() -> list[int]:
        person = market.cast.people["max"]
        found = await market.read(lambda tx: merchants_of_staff(tx, person, now=NOW, after=0, limit=9))
        return [one.id for one in found]

    assert await own() == [market.merchant]
    assert await add(market, "max", merchant=other) is None
    assert await own() == [market.merchant, other]


async def test_a_closed_merchant_gets_nobody(market: Market) -> None:
    await market.step("olga", "closed")
    assert await add(market, "max") == "merchant_state_refused"
