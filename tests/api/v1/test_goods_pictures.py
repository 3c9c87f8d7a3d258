"""Pictures of goods over HTTP: brought by who manages the shop, seen by everybody, fetched again only if changed."""

import io

import pytest_asyncio
from PIL import Image

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import ANY, GOODS, SHOPS, said
from tests.timebank.shops.scene import Market, open_market
from timebank.database import Database
from timebank.shops.rules import MAX_BROUGHT_BYTES

PNG = {"Content-Type": "image/png"}


def drawn(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(out, "PNG")
    return out.getvalue()


@pytest_asyncio.fixture
async def market(database: Database, cast: Cast) -> Market:
    """Return two shops without any picture."""
    return await open_market(database, cast)


async def test_a_picture_is_brought_seen_replaced_and_taken_away(as_: As, market: Market) -> None:
    path = f"{GOODS}/{market.rice}/picture"
    assert said(await as_("alice").get(path)) == (404, "unknown_picture")
    put = await as_("mia").put(path, content=drawn("red"), headers=PNG)
    assert (put.status_code, put.json()["media_type"]) == (200, "image/png"), put.text
    for by in ("alice", "carl", "till"):
        seen = await as_(by).get(path)
        assert (seen.status_code, seen.headers["Content-Type"], seen.headers["ETag"]) == (
            200,
            "image/png",
            put.headers["ETag"],
        )
        assert Image.open(io.BytesIO(seen.content)).size == (30, 20)
        assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert (await as_("alice").get(f"{GOODS}/{market.rice}")).json()["has_picture"] is True
    again = await as_("mia").put(path, content=drawn("blue"), headers=PNG)
    assert again.headers["ETag"] != put.headers["ETag"]
    assert (await as_("mia").delete(path)).status_code == 204
    assert said(await as_("mia").delete(path)) == (404, "unknown_picture")
    assert (await as_("alice").get(f"{GOODS}/{market.rice}")).json()["has_picture"] is False


async def test_who_has_it_is_told_so(as_: As, market: Market) -> None:
    path = f"{GOODS}/{market.rice}/picture"
    tag = (await as_("mia").put(path, content=drawn("red"), headers=PNG)).headers["ETag"]
    same = await as_("alice").get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert (await as_("alice").get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_only_who_manages_the_shop_brings_one(as_: As, cast: Cast, market: Market) -> None:
    path = f"{GOODS}/{market.rice}/picture"
    for by in ("carl", "alice", "adam", "till"):
        assert said(await as_(by).put(path, content=drawn("red"), headers=PNG)) == (403, "forbidden"), by
        assert said(await as_(by).delete(path)) == (403, "forbidden"), by
    assert (await as_("station").get(path)).status_code == 403
    place = {"organisation_id": cast.organisations["birch"]}
    await as_("ada").patch(f"{SHOPS}/{market.near}", json=place, headers=ANY)
    assert said(await as_("mia").put(path, content=drawn("red"), headers=PNG)) == (404, "unknown_goods")


async def test_what_is_no_picture_or_too_large_is_refused(as_: As, market: Market) -> None:
    path = f"{GOODS}/{market.rice}/picture"
    text = {"Content-Type": "text/html"}
    assert said(await as_("mia").put(path, content=b"<script>", headers=text)) == (
        415,
        "media_type_unsupported",
    )
    assert said(await as_("mia").put(path, content=b"<script>", headers=PNG)) == (422, "picture_unreadable")
    huge = drawn("red") + b"\0" * MAX_BROUGHT_BYTES
    assert said(await as_("mia").put(path, content=huge, headers=PNG)) == (413, "body_too_large")
    # More than other bodies may be, and no more than a phone's photograph.
    padded = drawn("red") + b"\0" * (MAX_BROUGHT_BYTES // 2)
    assert (await as_("mia").put(path, content=padded, headers=PNG)).status_code == 200
    wide = io.BytesIO()
    Image.new("1", (20_000, 2_000)).save(wide, "PNG")
    assert said(await as_("mia").put(path, content=wide.getvalue(), headers=PNG)) == (
        422,
        "picture_too_large",
    )
