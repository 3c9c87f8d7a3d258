"""Shops over HTTP: opened where one may, found by everybody, named if they came with a workbook, closed when idle."""

from uuid import uuid4

from tests.api.books import add_shop
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import ANY, SHOPS, said
from tests.timebank.shops.scene import open_market
from timebank.database import Database


async def test_a_shop_is_opened_and_found_by_everybody(as_: As, cast: Cast) -> None:
    body = {"code": "A1", "name": "苹果积分超市", "organisation_id": cast.organisations["apple"]}
    made = await as_("mia").post(SHOPS, json=body)
    assert made.status_code == 201, made.text
    assert made.json() == {**body, "id": made.json()["id"], "closed_on": None, "version": 1}
    for by in ("alice", "bob", "carl", "till", "audrey"):
        found = await as_(by).get(f"{SHOPS}/{made.json()['id']}")
        assert (found.json(), found.headers["ETag"]) == (made.json(), '"1"'), by
    assert (await as_("station").get(f"{SHOPS}/{made.json()['id']}")).status_code == 403
    assert said(await as_("mia").post(SHOPS, json=body)) == (409, "already_taken_shop_code")
    assert said(await as_("mia").get(f"{SHOPS}/999999999")) == (404, "unknown_shop")


async def test_a_shop_is_opened_only_in_reach(as_: As, cast: Cast) -> None:
    for by, place, status in (
        ("mia", "apple", 201),
        ("mia", "grid", 201),
        ("mia", "birch", 404),
        ("ada", "birch", 201),
        ("ada", "south", 404),
        ("carl", "apple", 403),
        ("alice", "apple", 403),
        ("olga", "apple", 403),
        ("till", "apple", 403),
    ):
        body = {"code": uuid4().hex[:9], "name": "店", "organisation_id": cast.organisations[place]}
        answer = await as_(by).post(SHOPS, json=body)
        assert answer.status_code == status, (by, place, answer.text)


async def test_nothing_opens_at_a_closed_organisation(as_: As, cast: Cast, database: Database) -> None:
    market = await open_market(database, cast)
    grid = cast.organisations["grid"]
    closing = {"closed_on": "2026-01-01"}
    closed = await as_("adam").post(f"/api/v1/organisations/{grid}/close", json=closing, headers=ANY)
    assert closed.status_code == 200, closed.text
    body = {"code": "G1", "name": "店", "organisation_id": grid}
    assert said(await as_("mia").post(SHOPS, json=body)) == (422, "organisation_closed")
    moved = await as_("mia").patch(f"{SHOPS}/{market.near}", json={"organisation_id": grid}, headers=ANY)
    assert said(moved) == (422, "organisation_closed")


async def test_the_list_is_filtered_and_paged(as_: As, cast: Cast, database: Database) -> None:
    market = await open_market(database, cast)
    place = cast.organisations["birch"]
    other = (await as_("ada").post(SHOPS, json={"code": "B1", "name": "店", "organisation_id": place})).json()
    of_birch = (await as_("alice").get(SHOPS, params={"organisation_id": place})).json()
    assert [shop["id"] for shop in of_birch["items"]] == [other["id"]]
    seen, cursor = [], None
    while True:
        page = (
            await as_("alice").get(SHOPS, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [shop["id"] for shop in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [market.near, market.far, other["id"]]


async def test_an_imported_shop_is_named_and_placed_by_who_reaches_the_bank(
    as_: As, cast: Cast, database: Database
) -> None:
    shop = await add_shop(database, cast, stock=3)
    edit = {"name": "旧店", "organisation_id": cast.organisations["apple"]}
    for by, status in (("mia", 404), ("ada", 404), ("carl", 403), ("olga", 403)):
        assert (await as_(by).patch(f"{SHOPS}/{shop}", json=edit, headers=ANY)).status_code == status, by
    edited = await as_("adam").patch(f"{SHOPS}/{shop}", json=edit, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"'), edited.text
    assert edited.json() == {"id": shop, "code": "S1", "closed_on": None, "version": 2, **edit}
    again = await as_("mia").patch(f"{SHOPS}/{shop}", json={"name": "东店"}, headers={"If-Match": '"2"'})
    assert (again.status_code, again.json()["organisation_id"]) == (200, edit["organisation_id"])


async def test_an_edit_says_what_was_seen_and_stays_in_reach(as_: As, cast: Cast, database: Database) -> None:
    shop = f"{SHOPS}/{(await open_market(database, cast)).near}"
    name = {"name": "新名"}
    assert said(await as_("mia").patch(shop, json=name)) == (428, "version_missing")
    assert said(await as_("mia").patch(shop, json=name, headers={"If-Match": '"7"'})) == (
        412,
        "version_differs",
    )
    assert (await as_("mia").patch(shop, json={}, headers=ANY)).status_code == 422
    to_birch = {"organisation_id": cast.organisations["birch"]}
    assert said(await as_("mia").patch(shop, json=to_birch, headers=ANY)) == (404, "unknown_organisation")
    assert (await as_("ada").patch(shop, json=to_birch, headers=ANY)).status_code == 200
    assert said(await as_("mia").patch(shop, json=name, headers=ANY)) == (404, "unknown_shop")


async def test_a_shop_is_closed_when_it_is_idle(as_: As, cast: Cast, database: Database) -> None:
    market = await open_market(database, cast)
    close = f"{SHOPS}/{market.near}/close"
    till = await market.open_till(market.near, "carl")
    assert said(await as_("mia").post(close, headers=ANY)) == (422, "shop_busy")
    await market.close_till(till)
    assert (await as_("carl").post(close, headers=ANY)).status_code == 403
    assert said(await as_("mia").post(close)) == (428, "version_missing")
    closed = await as_("mia").post(close, headers={"If-Match": '"1"'})
    assert closed.status_code == 200, closed.text
    assert closed.json()["closed_on"] is not None
    assert said(await as_("mia").post(close, headers=ANY)) == (409, "already_closed_shop")
    assert [shop["id"] for shop in (await as_("bob").get(SHOPS)).json()["items"]] == [market.far]
    all_of_them = await as_("bob").get(SHOPS, params={"closed": True})
    assert [shop["id"] for shop in all_of_them.json()["items"]] == [market.near, market.far]
    body = {"sku": "TEA", "name": "茶", "price_points": 5}
    assert said(await as_("mia").post(f"{SHOPS}/{market.near}/goods", json=body)) == (422, "shop_closed")
