"""Merchants from application to closing: two people let one in, its own staff decides nothing, each step is entered."""

from dataclasses import replace

import pytest
import pytest_asyncio

from tests.api.cast import Cast, enter
from tests.timebank.offers.scene import NOW, Market, plan
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.merchants.actions import edit_merchant, enter_merchant, take_step
from timebank.merchants.queries import Filter, Merchant, entries_of, merchant, merchants


@pytest_asyncio.fixture
async def market(database: Database, bank: Bank) -> Market:
    """Return a market without any merchant."""
    return Market(database, await enter(database, bank))


async def entered(market: Market) -> int:
    said = plan(market.cast)
    return (await market.act("wen", lambda tx, actor: enter_merchant(tx, actor, said, now=NOW))).id


async def seen(market: Market, merchant_id: int) -> Merchant:
    return await market.read(lambda tx: merchant(tx, merchant_id))


async def refused_step(market: Market, name: str, step: str, merchant_id: int) -> str:
    with pytest.raises(RefusalError) as refused:
        await market.step(name, step, merchant=merchant_id)  # type: ignore[arg-type]  # named in the test
    return refused.value.code


async def test_from_application_to_closing(market: Market) -> None:
    id_ = await entered(market)
    assert (await seen(market, id_)).state == "applied"
    states = []
    for name, step in (
        ("olga", "vetted"),
        ("adam", "activated"),
        ("olga", "suspended"),
        ("olga", "resumed"),
        ("adam", "closed"),
    ):
        await market.step(name, step, merchant=id_)  # type: ignore[arg-type]  # named above
        states.append((await seen(market, id_)).state)
    assert states == ["vetted", "active", "suspended", "active", "closed"]
    assert (await seen(market, id_)).version == 6
    kept = await market.read(lambda tx: entries_of(tx, id_, after=0, limit=50))
    assert [entry.kind for entry in kept] == [
        "applied", "vetted", "activated", "suspended", "resumed", "closed",
    ]  # fmt: skip
    assert kept[1].actor == f"person:{market.cast.people['olga']}"
    assert await refused_step(market, "olga", "resumed", id_) == "merchant_state_refused"


async def test_who_vetted_does_not_activate(market: Market) -> None:
    id_ = await entered(market)
    await market.step("olga", "vetted", merchant=id_)
    assert await refused_step(market, "olga", "activated", id_) == "activation_by_vetter"
    await market.step("adam", "activated", merchant=id_)
    assert (await seen(market, id_)).state == "active"


async def test_its_own_staff_decides_nothing(market: Market) -> None:
    id_ = await market.open(staff="max")
    assert await refused_step(market, "max", "suspended", id_) == "decision_by_staff"
    await market.step("olga", "suspended", merchant=id_)
    assert await refused_step(market, "max", "resumed", id_) == "decision_by_staff"
    assert await market.told("max") == ["merchant_suspended"]


async def test_a_rejected_one_stays_out(market: Market) -> None:
    id_ = await entered(market)
    await market.step("olga", "rejected", merchant=id_)
    assert await refused_step(market, "olga", "vetted", id_) == "merchant_state_refused"


async def test_a_licence_is_registered_once(market: Market) -> None:
    said = plan(market.cast)
    first = await market.act("wen", lambda tx, actor: enter_merchant(tx, actor, said, now=NOW))
    with pytest.raises(RefusalError) as refused:
        await market.act(
            "wen", lambda tx, actor: enter_merchant(tx, actor, replace(said, name="另一家"), now=NOW)
        )
    assert refused.value.code == "already_known_licence"
    assert (await seen(market, first.id)).name == "测试理发店"


async def test_a_licence_is_corrected_only_before_vetting(market: Market) -> None:
    id_ = await entered(market)

    async def edit(**changes: object) -> str | None:
        try:
            await market.act(
                "wen", lambda tx, _: edit_merchant(tx, id_, changes=changes, expected_version=None)
            )
        except RefusalError as refused:
            return refused.code
        return None

    assert await edit(licence="L-2", name="新店名") is None
    await market.step("olga", "vetted", merchant=id_)
    assert await edit(licence="L-3") == "merchant_state_refused"
    assert await edit(address="西门路 1 号") is None
    found = await seen(market, id_)
    assert (found.name, found.licence, found.address, found.version) == ("新店名", "L-2", "西门路 1 号", 4)
    await market.step("olga", "rejected", merchant=id_)
    assert await edit(address="北门") == "merchant_state_refused"


async def test_a_step_names_the_version_it_saw(market: Market) -> None:
    id_ = await entered(market)
    with pytest.raises(RefusalError) as refused:
        await market.act(
            "olga",
            lambda tx, actor: take_step(
                tx, actor, id_, step="vetted", reason="测试", expected_version=7, now=NOW
            ),
        )
    assert refused.value.code == "version_differs"
    assert (await seen(market, id_)).state == "applied"


async def test_the_list_is_by_state_and_place(market: Market) -> None:
    cast: Cast = market.cast
    active, applied = await market.open(staff=None), await entered(market)

    async def ids(wanted: Filter) -> list[int]:
        return [one.id for one in await market.read(lambda tx: merchants(tx, wanted, after=0, limit=9))]

    assert await ids(Filter()) == [active]
    assert await ids(Filter("applied", [cast.organisations["apple"]])) == [applied]
    assert await ids(Filter("applied", [cast.organisations["birch"]])) == []
    assert await ids(Filter(category="餐饮")) == []
