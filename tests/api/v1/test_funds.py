"""Funds over HTTP: opened and paid into by an administrator, read by the office, closed when empty."""

import pytest_asyncio

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import ANY, FUNDS, once, said
from tests.timebank.shops.scene import Market, open_market
from timebank.database import Database


@pytest_asyncio.fixture
async def market(database: Database, cast: Cast) -> Market:
    """Return a market with an empty fund of apple."""
    return await open_market(database, cast)


async def test_a_fund_is_opened_in_reach_and_read_by_the_office(as_: As, cast: Cast) -> None:
    body = {
        "code": "F9",
        "name": "街道公益金",
        "kind": "money",
        "organisation_id": cast.organisations["north"],
    }
    made = await as_("ada").post(FUNDS, json=body)
    assert made.status_code == 201, made.text
    assert made.json() == {
        **body,
        "id": made.json()["id"],
        "unit": "cny",
        "balance": 0,
        "closed_on": None,
        "version": 1,
    }
    for by in ("ada", "adam", "olga", "audrey"):
        seen = await as_(by).get(f"{FUNDS}/{made.json()['id']}")
        assert (seen.json(), seen.headers["ETag"]) == (made.json(), '"1"'), by
    for by in ("mia", "carl", "wen", "alice", "till"):
        assert said(await as_(by).get(f"{FUNDS}/{made.json()['id']}")) == (403, "forbidden"), by
    assert said(await as_("ada").post(FUNDS, json=body)) == (409, "already_taken_fund_code")
    south = body | {"code": "F8", "organisation_id": cast.organisations["south"]}
    assert said(await as_("ada").post(FUNDS, json=south)) == (404, "unknown_organisation")
    assert said(await as_("olga").post(FUNDS, json=south)) == (403, "forbidden")
    assert (await as_("adam").post(FUNDS, json=south)).status_code == 201
    codes = [fund["code"] for fund in (await as_("ada").get(FUNDS)).json()["items"]]
    assert codes == ["F9"]


async def test_a_fund_holds_what_was_paid_into_it_once(as_: As, market: Market) -> None:
    path, body = f"{FUNDS}/{market.fund}/deposits", {"amount_cents": 500_000, "reference": "2026-05/17"}
    first = await as_("adam").post(path, json=body, headers=once("slip-17"))
    assert first.status_code == 201, first.text
    assert (first.json()["amount_cents"], first.json()["balance"]) == (500_000, 500_000)
    again = await as_("adam").post(path, json=body, headers=once("slip-17"))
    assert again.json() == first.json()
    await as_("adam").post(path, json=body | {"amount_cents": 1}, headers=once())
    fund = (await as_("olga").get(f"{FUNDS}/{market.fund}")).json()
    assert (fund["balance"], fund["version"]) == (500_001, 1)
    assert await market.balances("cny") == {"wallet": 500_001, "supply": -500_001}
    await market.assert_sound()


async def test_a_deposit_names_a_paper_and_is_an_administrators(as_: As, market: Market) -> None:
    path, body = f"{FUNDS}/{market.fund}/deposits", {"amount_cents": 100, "reference": "T-1"}
    for by in ("olga", "mia", "carl", "alice"):
        assert said(await as_(by).post(path, json=body, headers=once())) == (403, "forbidden"), by
    for wrong in ({"amount_cents": 0}, {"reference": "张三 捐赠"}, {"reference": ""}, {"amount_cents": -5}):
        assert (await as_("adam").post(path, json=body | wrong, headers=once())).status_code == 422, wrong
    assert (await as_("adam").post(path, json=body)).status_code == 422
    missing = await as_("adam").post(f"{FUNDS}/999999999/deposits", json=body, headers=once())
    assert said(missing) == (404, "unknown_fund")


async def test_money_goes_into_a_fund_of_money(as_: As, cast: Cast) -> None:
    body = {"code": "CARE", "name": "关爱池", "kind": "care", "organisation_id": cast.organisations["root"]}
    care = (await as_("adam").post(FUNDS, json=body)).json()
    assert care["unit"] == "timecoin"
    deposit = {"amount_cents": 100, "reference": "T-1"}
    answer = await as_("adam").post(f"{FUNDS}/{care['id']}/deposits", json=deposit, headers=once())
    assert said(answer) == (422, "fund_of_other_kind")
    assert [f["id"] for f in (await as_("olga").get(FUNDS, params={"kind": "care"})).json()["items"]] == [
        care["id"]
    ]
    assert (await as_("olga").get(FUNDS, params={"kind": "money"})).json()["items"] == []


async def test_a_fund_is_renamed_and_moved_by_version(as_: As, cast: Cast, market: Market) -> None:
    path = f"{FUNDS}/{market.fund}"
    assert said(await as_("ada").patch(path, json={"name": "新名"})) == (428, "version_missing")
    renamed = await as_("ada").patch(path, json={"name": "新名"}, headers={"If-Match": '"1"'})
    assert (renamed.json()["name"], renamed.headers["ETag"]) == ("新名", '"2"')
    late = await as_("ada").patch(path, json={"name": "再名"}, headers={"If-Match": '"1"'})
    assert said(late) == (412, "version_differs")
    assert (await as_("ada").patch(path, json={}, headers=ANY)).status_code == 422
    south = {"organisation_id": cast.organisations["south"]}
    assert said(await as_("ada").patch(path, json=south, headers=ANY)) == (404, "unknown_organisation")
    assert (await as_("adam").patch(path, json=south, headers=ANY)).status_code == 200
    assert said(await as_("ada").get(path)) == (404, "unknown_fund")


async def test_a_fund_is_closed_when_it_is_empty(as_: As, cast: Cast, market: Market) -> None:
    path = f"{FUNDS}/{market.fund}"
    deposit = {"amount_cents": 100, "reference": "T-1"}
    await as_("adam").post(f"{path}/deposits", json=deposit, headers=once())
    full = await as_("adam").post(f"{path}/close", headers=ANY)
    assert said(full) == (422, "fund_not_empty")
    body = {"code": "F2", "name": "空", "kind": "money", "organisation_id": cast.organisations["apple"]}
    empty = f"{FUNDS}/{(await as_('adam').post(FUNDS, json=body)).json()['id']}"
    assert said(await as_("olga").post(f"{empty}/close", headers=ANY)) == (403, "forbidden")
    closed = await as_("adam").post(f"{empty}/close", headers={"If-Match": '"1"'})
    assert closed.json()["closed_on"] is not None, closed.text
    assert said(await as_("adam").post(f"{empty}/close", headers=ANY)) == (409, "already_closed_fund")
    late = await as_("adam").post(f"{empty}/deposits", json=deposit, headers=once())
    assert said(late) == (422, "fund_closed")
