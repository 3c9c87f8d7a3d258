"""Vouchers over HTTP: made once, shown as a symbol, taken back; the keys they are checked with; whose they are."""

import base64

import pytest_asyncio

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import once, said
from tests.timebank.codes.decoding import decode_zxing
from tests.timebank.offers.scene import NOW, TODAY
from tests.timebank.vouchers.scene import Booth, open_booth
from timebank.database import Database
from timebank.vouchers.offline import check

SYMBOLS = ("code.svg", "code.png")


@pytest_asyncio.fixture
async def booth(database: Database, cast: Cast, service: Service) -> Booth:
    """Return the booth, with the service's clock at its moment."""
    booth = await open_booth(database, cast)
    booth.ring = service.codes.ring
    service.now = lambda: NOW
    return booth


def path(cast: Cast, name: str = "alice", rest: str = "") -> str:
    return f"/api/v1/people/{cast.people[name]}/vouchers{rest}"


async def test_it_is_made_once(as_: As, booth: Booth) -> None:
    alice, key = as_("alice"), once("same")
    first = await alice.post(path(booth.cast), json={"offer_id": booth.offer}, headers=key)
    again = await alice.post(path(booth.cast), json={"offer_id": booth.offer}, headers=key)
    assert (first.status_code, first.json()) == (201, again.json())
    made = first.json()
    assert (made["state"], made["fufen"], made["kind"], made["value"]) == ("issued", 20, "percent_off", 20)
    assert (made["title"], made["merchant"], made["expires_on"]) == ("理发八折", "测试理发店", "2026-06-08")
    assert await booth.states() == ["issued"]
    assert (await alice.get(path(booth.cast, rest=f"/{made['id']}"))).json() == made
    assert (await alice.get(path(booth.cast))).json()["items"] == [made]
    await booth.check_whole()


async def test_its_text_is_good_with_the_published_key_alone(as_: As, booth: Booth) -> None:
    made = await new(as_, booth)
    said_of_keys = (await as_("stranger").get(f"/api/v1/banks/{booth.cast.bank.code}/voucher-keys")).json()
    found = check(
        str(made["text"]),
        public_keys=[base64.b64decode(key) for key in said_of_keys["keys"]],
        bank_id=said_of_keys["bank_id"],
        merchant_id=booth.merchant,
        today=TODAY,
    )
    assert not isinstance(found, str), found
    assert (found.number, found.fufen, said_of_keys["zone"]) == (made["id"], 20, "Asia/Shanghai")
    unknown = await as_("stranger").get("/api/v1/banks/nobody/voucher-keys")
    assert said(unknown) == (404, "unknown_bank")


async def test_its_symbol_says_its_text(as_: As, booth: Booth) -> None:
    made = await new(as_, booth)
    png = await as_("alice").get(path(booth.cast, rest=f"/{made['id']}/code.png"))
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    assert decode_zxing(png.content) == [made["text"]]
    svg = await as_("alice").get(path(booth.cast, rest=f"/{made['id']}/code.svg"))
    assert svg.headers["content-type"] == "image/svg+xml"
    # Version 7: 45 modules and the margin.
    assert 'viewBox="0 0 53 53"' in svg.text


async def test_it_is_taken_back_once(as_: As, booth: Booth) -> None:
    made = await new(as_, booth)
    where, key = path(booth.cast, rest=f"/{made['id']}/cancellation"), once("back")
    first = await as_("alice").post(where, headers=key)
    again = await as_("alice").post(where, headers=key)
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["state"], first.json()["text"]) == ("cancelled", None)
    assert said(await as_("alice").post(where, headers=once())) == (409, "already_cancelled_voucher")
    for symbol in SYMBOLS:
        answer = await as_("alice").get(path(booth.cast, rest=f"/{made['id']}/{symbol}"))
        assert said(answer) == (422, "voucher_not_open")
    listed = await as_("alice").get(path(booth.cast), params={"state": "issued"})
    assert listed.json()["items"] == []
    assert await booth.fufen("alice") == 100
    await booth.check_whole()


async def test_pages_go_from_the_newest(as_: As, booth: Booth) -> None:
    made = [(await new(as_, booth))["id"] for _ in range(3)]
    page = (await as_("alice").get(path(booth.cast), params={"limit": 2})).json()
    assert [one["id"] for one in page["items"]] == made[:0:-1]
    rest = await as_("alice").get(path(booth.cast), params={"cursor": page["next_cursor"]})
    assert [one["id"] for one in rest.json()["items"]] == made[:1]


async def test_each_refusal(as_: As, booth: Booth) -> None:
    post = as_("alice").post
    unknown = await post(path(booth.cast), json={"offer_id": 999_999}, headers=once())
    assert said(unknown) == (404, "unknown_offer")
    assert said(await post(path(booth.cast), json={"offer_id": booth.offer})) == (422, "request_invalid")
    nothing = await as_("bob").post(path(booth.cast, "bob"), json={"offer_id": booth.offer}, headers=once())
    assert said(nothing) == (422, "insufficient")
    await booth.step("olga", "suspended")
    suspended = await post(path(booth.cast), json={"offer_id": booth.offer}, headers=once())
    assert said(suspended) == (422, "merchant_not_active")
    assert said(await as_("alice").get(path(booth.cast, rest="/999999"))) == (404, "unknown_voucher")


async def test_another_ones_are_not_there(as_: As, booth: Booth) -> None:
    made = await new(as_, booth)
    for name in ("bob", "wen", "olga", "carl", "max", "adam", "mia"):
        client = as_(name)
        for rest in ("", f"/{made['id']}", *(f"/{made['id']}/{symbol}" for symbol in SYMBOLS)):
            assert (await client.get(path(booth.cast, rest=rest))).status_code in {403, 404}, (name, rest)
        back = await client.post(path(booth.cast, rest=f"/{made['id']}/cancellation"), headers=once())
        assert back.status_code in {403, 404}, name
    own = await as_("bob").post(path(booth.cast, "bob", f"/{made['id']}/cancellation"), headers=once())
    assert said(own) == (404, "unknown_voucher")
    assert await booth.states() == ["issued"]


async def new(as_: As, booth: Booth, name: str = "alice") -> dict[str, object]:
    """Make a voucher of one of the cast."""
    made = await as_(name).post(path(booth.cast, name), json={"offer_id": booth.offer}, headers=once())
    assert made.status_code == 201, made.text
    found: dict[str, object] = made.json()
    return found
