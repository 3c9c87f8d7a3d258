"""Redemptions over HTTP: a till's to its cashier, a shop's to who reads them, one's own to oneself."""

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.counter import NAME, TILLS, Counter
from tests.api.v1.markets import said
from tests.api.v1.residents import PEOPLE
from tests.timebank.tills.scene import open_desk
from timebank.database import Database
from timebank.vault.actions import put_fields


@pytest.fixture
async def counter(as_: As, database: Database, cast: Cast, service: Service) -> Counter:
    """Return an open till at which Alice, who has a name, redeemed rice three times."""
    desk = await open_desk(database, cast)
    await desk.market.write(lambda tx: put_fields(tx, service.cipher, [(cast.people["alice"], "name", NAME)]))
    counter = Counter(as_, service, desk)
    service.now = lambda: counter.at
    await counter.open()
    for quantity in (1, 2, 3):
        await counter.redeem(quantity)
    return counter


async def test_a_till_tells_its_cashier_what_was_redeemed_and_no_more(as_: As, counter: Counter) -> None:
    path = f"{TILLS}/{counter.till}/redemptions"
    first = await as_("carl").get(path, params={"limit": 2})
    assert [(item["points"], item["masked_name"]) for item in first.json()["items"]] == [
        (90, "示*"),
        (60, "示*"),
    ]
    rest = (await as_("carl").get(path, params={"cursor": first.json()["next_cursor"]})).json()
    assert ([item["points"] for item in rest["items"]], rest["next_cursor"]) == ([30], None)
    assert [line["quantity"] for line in rest["items"][0]["lines"]] == [1]
    for private in (NAME, str(counter.desk.person("alice"))):
        assert private not in first.text
    await counter.desk.enter_cashier("max")
    assert said(await as_("max").get(path)) == (404, "unknown_till")
    for by in ("alice", "mia", "till"):
        assert said(await as_(by).get(path)) == (403, "forbidden")


async def test_a_shop_tells_who_reads_its_redemptions(as_: As, counter: Counter) -> None:
    path = f"/api/v1/shops/{counter.desk.market.near}/redemptions"
    for by in ("mia", "audrey", "adam"):
        found = await as_(by).get(path)
        assert [item["number"][-4:] for item in found.json()["items"]] == ["0003", "0002", "0001"]
        assert str(counter.desk.person("alice")) not in found.text
    for by in ("carl", "alice", "olga", "wen", "till"):
        assert said(await as_(by).get(path)) == (403, "forbidden")
    far = f"/api/v1/shops/{counter.desk.market.far}/redemptions"
    assert (await as_("mia").get(far)).json()["items"] == []
    birch = counter.desk.market.cast.organisations["birch"]
    await counter.desk.do("update shops set organisation_id = $2 where bank_id = $1", birch)
    assert said(await as_("mia").get(path)) == (404, "unknown_shop")


@pytest.mark.usefixtures("counter")
async def test_ones_own_redemptions_are_ones_own(as_: As, cast: Cast) -> None:
    path = f"{PEOPLE}/{cast.people['alice']}/redemptions"
    page = (await as_("alice").get(path, params={"limit": 1})).json()
    (last,) = page["items"]
    assert (last["shop"], last["points"], "masked_name" in last) == ("东门积分超市", 90, False)
    assert [(line["name"], line["quantity"], line["points"]) for line in last["lines"]] == [
        ("大米 5kg", 3, 90)
    ]
    rest = (await as_("alice").get(path, params={"cursor": page["next_cursor"]})).json()["items"]
    assert [item["points"] for item in rest] == [60, 30]
    assert (await as_("bob").get(f"{PEOPLE}/{cast.people['bob']}/redemptions")).json()["items"] == []
    for by in ("bob", "carl", "wen", "mia", "adam"):
        assert said(await as_(by).get(path)) == (403, "forbidden")
    told = (await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/notifications")).json()["items"]
    assert [(one["kind"], one["params"]["points"]) for one in told if one["kind"] == "redeemed"] == [
        ("redeemed", points) for points in (90, 60, 30)
    ]
