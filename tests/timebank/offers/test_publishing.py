"""Offers from draft to withdrawal, by the merchant's own staff; everybody sees those of active merchants of today."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.session import WriteTx
from tests.timebank.offers.scene import HAIRCUT, NOW, TODAY, Market
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.offers.access import shown_offer
from timebank.offers.publishing import draft_offer, edit_offer, publish_offer, withdraw_offer
from timebank.offers.queries import Offer, newest_offers_of, offer, offers_of, shown_offers
from timebank.offers.rules import OfferPlan

DAY = timedelta(days=1)


async def drafted(market: Market, plan: OfferPlan = HAIRCUT, *, by: str = "max") -> Offer:
    return await market.act(
        by, lambda tx, actor: draft_offer(tx, actor, merchant_id=market.merchant, plan=plan, now=NOW)
    )


async def edit(market: Market, offer_id: int, changes: Mapping[str, Any], *, by: str = "max") -> str | None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        await edit_offer(tx, actor, offer_id, changes=changes, expected_version=None, now=NOW)

    return await outcome(market, by, work)


async def publish(market: Market, offer_id: int, *, version: int | None = None) -> str | None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        await publish_offer(tx, actor, offer_id, expected_version=version, now=NOW)

    return await outcome(market, "max", work)


async def withdraw(market: Market, offer_id: int) -> str | None:
    async def work(tx: WriteTx, actor: Actor) -> None:
        await withdraw_offer(tx, actor, offer_id, expected_version=None, now=NOW)

    return await outcome(market, "max", work)


async def outcome(market: Market, by: str, work: Any) -> str | None:
    try:
        await market.act(by, work)
    except RefusalError as refused:
        return refused.code
    return None


async def shown(market: Market, day: date = TODAY) -> list[int]:
    found = await market.read(lambda tx: shown_offers(tx, day=day, after=0, limit=9))
    return [one.id for one in found]


async def test_a_draft_is_edited_published_and_withdrawn(market: Market) -> None:
    draft = await drafted(market)
    assert (draft.state, draft.plan, draft.version) == ("draft", HAIRCUT, 1)
    assert await edit(market, draft.id, {"price_fufen": 30, "member_limit": 2, "title": "洗剪吹"}) is None
    assert await publish(market, draft.id) is None
    found = await market.read(lambda tx: offer(tx, draft.id))
    assert found.plan == replace(HAIRCUT, price_fufen=30, member_limit=2, title="洗剪吹")
    assert (found.state, found.version) == ("published", 3)
    assert await edit(market, draft.id, {"price_fufen": 1}) == "offer_state_refused"
    assert await publish(market, draft.id) == "offer_state_refused"
    assert await withdraw(market, draft.id) is None
    assert await withdraw(market, draft.id) == "offer_state_refused"


async def test_an_edit_keeps_the_plan_whole(market: Market) -> None:
    draft = await drafted(market)
    assert await edit(market, draft.id, {"minutes": 30}) == "offer_value_mismatch"
    assert await edit(market, draft.id, {"ends_on": date(2026, 4, 1)}) == "offer_ends_early"
    assert (await market.read(lambda tx: offer(tx, draft.id))).plan == HAIRCUT


async def test_only_its_staff_has_an_offer_in_hand(market: Market) -> None:
    draft = await drafted(market)
    assert await edit(market, draft.id, {"title": "改"}, by="olga") == "forbidden"
    with pytest.raises(RefusalError) as refused:
        await drafted(market, by="carl")
    assert refused.value.code == "forbidden"
    assert await publish(market, draft.id, version=9) == "version_differs"


async def test_only_an_active_merchant_publishes(market: Market) -> None:
    draft = await drafted(market)
    await market.step("olga", "suspended")
    assert await publish(market, draft.id) == "merchant_not_active"
    await market.step("olga", "closed")
    with pytest.raises(RefusalError) as refused:
        await drafted(market)
    assert refused.value.code == "merchant_state_refused"


async def test_what_is_over_is_not_published(market: Market) -> None:
    draft = await drafted(market, replace(HAIRCUT, ends_on=TODAY - DAY))
    assert await publish(market, draft.id) == "offer_ends_early"


async def test_the_last_ones_of_a_merchant_are_found_however_many_there_were(market: Market) -> None:
    drafts = [(await drafted(market)).id for _ in range(3)]
    found = await market.read(lambda tx: newest_offers_of(tx, market.merchant, limit=2))
    assert [one.id for one in found] == drafts[1:]


async def test_everybody_sees_what_is_good_today(market: Market) -> None:
    draft = await drafted(market)
    assert await shown(market) == [market.offer]
    assert await shown(market, HAIRCUT.starts_on - DAY) == []
    assert await shown(market, HAIRCUT.ends_on) == [market.offer]
    assert await shown(market, HAIRCUT.ends_on + DAY) == []
    assert [
        one.id for one in await market.read(lambda tx: offers_of(tx, market.merchant, after=0, limit=9))
    ] == [
        market.offer,
        draft.id,
    ]
    await market.step("olga", "suspended")
    assert await shown(market) == []


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("max", True),
        ("olga", True),
        ("wen", True),
        ("audrey", True),
        ("alice", False),
        ("xu", False),
        ("carl", False),
    ],
)
async def test_a_draft_is_seen_from_inside_only(market: Market, name: str, sees: bool) -> None:
    draft = await drafted(market)

    async def work(tx: WriteTx, actor: Actor) -> None:
        await shown_offer(tx, actor, draft.id, now=NOW)

    assert await outcome(market, name, work) == (None if sees else "unknown_offer")
