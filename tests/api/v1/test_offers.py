"""Offers over HTTP: drafted and published by the merchant's staff, seen by everybody, shown as a code to be scanned."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import (
    ANY,
    HAIRCUT,
    MERCHANTS,
    OFFERS,
    Bazaar,
    draft_offer,
    open_bazaar,
    publish_offer,
    said,
    step,
)
from timebank.database import Database


@pytest.fixture
async def bazaar(as_: As, cast: Cast, database: Database) -> Bazaar:
    """Return a merchant with an offer."""
    return await open_bazaar(as_, cast, database)


async def test_an_offer_goes_from_draft_to_withdrawn(as_: As, bazaar: Bazaar) -> None:
    id_ = await draft_offer(as_, bazaar.merchant, member_limit=3)
    one = f"{OFFERS}/{id_}"
    assert said(await as_("alice").get(one)) == (404, "unknown_offer")
    edited = await as_("max").patch(
        one, json={"price_fufen": 30, "member_limit": None}, headers={"If-Match": '"1"'}
    )
    assert (edited.json()["price_fufen"], edited.json()["member_limit"]) == (30, None)
    published = await as_("max").post(f"{one}/publish", headers={"If-Match": '"2"'})
    assert (published.json()["state"], published.headers["ETag"]) == ("published", '"3"')
    seen = (await as_("alice").get(one)).json()
    assert seen == published.json()
    assert {name: seen[name] for name in HAIRCUT} == {**HAIRCUT, "price_fufen": 30}
    again = await as_("max").patch(one, json={"price_fufen": 1}, headers=ANY)
    assert said(again) == (422, "offer_state_refused")
    assert (await as_("max").post(f"{one}/withdraw", headers=ANY)).json()["state"] == "withdrawn"
    assert said(await as_("alice").get(one)) == (404, "unknown_offer")
    assert said(await as_("max").get(f"{one}/code")) == (422, "offer_not_published")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"minutes": 60}, "offer_value_mismatch"),
        ({"percent": None}, "offer_value_mismatch"),
        ({"ends_on": "2024-12-31"}, "offer_ends_early"),
        ({"percent": 101}, "request_invalid"),
        ({"price_fufen": 0}, "request_invalid"),
        ({"kind": "cash"}, "request_invalid"),
    ],
)
async def test_a_draft_is_whole(as_: As, bazaar: Bazaar, changes: dict[str, object], code: str) -> None:
    path = f"{MERCHANTS}/{bazaar.merchant}/offers"
    assert said(await as_("max").post(path, json={**HAIRCUT, **changes})) == (422, code)


async def test_only_its_staff_has_it_in_hand(as_: As, bazaar: Bazaar) -> None:
    for by, status in (("wen", 403), ("olga", 403), ("carl", 403), ("alice", 403), ("station", 403)):
        drafted = await as_(by).post(f"{MERCHANTS}/{bazaar.merchant}/offers", json=HAIRCUT)
        assert drafted.status_code == status, by
        assert (await as_(by).post(f"{OFFERS}/{bazaar.offer}/withdraw", headers=ANY)).status_code == status
        assert (await as_(by).get(f"{OFFERS}/{bazaar.offer}/code")).status_code == status


async def test_everybody_sees_what_active_merchants_offer_today(as_: As, cast: Cast, bazaar: Bazaar) -> None:
    later = await publish_offer(as_, bazaar.merchant, starts_on="2999-01-01")
    cleaning = await publish_offer(
        as_, bazaar.merchant, kind="housekeeping", percent=None, minutes=120, title="家政两小时"
    )

    async def ids(by: str, path: str = OFFERS, **wanted: str | int) -> list[int]:
        return [one["id"] for one in (await as_(by).get(path, params=wanted)).json()["items"]]

    own = f"{MERCHANTS}/{bazaar.merchant}/offers"
    assert await ids("bob") == [bazaar.offer, cleaning]
    assert await ids("bob", kind="housekeeping") == [cleaning]
    assert await ids("bob", merchant_id=bazaar.merchant + 1) == []
    assert await ids("bob", own) == [bazaar.offer, cleaning]
    assert await ids("max", own) == await ids("olga", own) == [bazaar.offer, later, cleaning]
    assert (await step(as_, bazaar.merchant, "suspended")).status_code == 201
    assert await ids("bob") == []
    assert said(await as_("bob").get(own)) == (404, "unknown_merchant")
    assert await ids("max", own) == [bazaar.offer, later, cleaning]
    assert said(await as_("max").get(f"{OFFERS}/{bazaar.offer}/code")) == (422, "merchant_not_active")
    assert (await as_("till").get(OFFERS)).status_code == 403
    assert cast.bank.id
