"""Handing vouchers in over HTTP: by a merchant's staff only, each use with its answer, and nobody is named."""

from datetime import datetime, timedelta

import pytest_asyncio

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.markets import said
from tests.timebank.offers.scene import NOW
from tests.timebank.vouchers.scene import DAY, Booth, open_booth
from timebank.database import Database

USES = "/api/v1/vouchers/uses"


@pytest_asyncio.fixture
async def booth(database: Database, cast: Cast, service: Service) -> Booth:
    """Return the booth, with the service's clock at its moment."""
    booth = await open_booth(database, cast)
    booth.ring = service.codes.ring
    service.now = lambda: NOW
    return booth


def body(booth: Booth, *uses: tuple[str, datetime], merchant: int = 0) -> dict[str, object]:
    return {
        "merchant_id": merchant or booth.merchant,
        "uses": [{"text": text, "used_at": used_at.isoformat()} for text, used_at in uses],
    }


async def test_each_use_has_its_answer(as_: As, booth: Booth, service: Service) -> None:
    made, cancelled = await booth.issue(), await booth.issue()
    text, back = booth.text(made), booth.text(cancelled)
    await booth.cancel(cancelled.id)
    service.now = lambda: NOW + timedelta(hours=1)
    answer = await as_("max").post(USES, json=body(booth, (text, NOW), (back, NOW), ("NOTHING", NOW)))
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "uses": [
                {"outcome": "honoured", "voucher_id": made.id, "fufen": 20},
                {"outcome": "voucher_cancelled", "voucher_id": cancelled.id, "fufen": None},
                {"outcome": "voucher_unreadable", "voucher_id": None, "fufen": None},
            ]
        },
    )
    again = await as_("max").post(USES, json=body(booth, (text, NOW)))
    assert again.json()["uses"][0]["outcome"] == "repeat"
    await booth.check_whole()


async def test_only_the_merchants_own_staff_hand_in(as_: As, booth: Booth) -> None:
    text = booth.text(await booth.issue())
    other = await booth.open(staff=None)
    for name in ("alice", "wen", "olga", "carl", "mia", "adam", "till"):
        refused = await as_(name).post(USES, json=body(booth, (text, NOW)))
        assert said(refused) == (403, "forbidden"), name
    for merchant in (other, 999_999):
        refused = await as_("max").post(USES, json=body(booth, (text, NOW), merchant=merchant))
        assert said(refused) == (404, "unknown_merchant")
    assert await booth.states() == ["issued"]


async def test_what_is_no_batch(as_: As, booth: Booth) -> None:
    wrong = [
        body(booth),
        body(booth, *[("A", NOW)] * 501),
        body(booth, ("", NOW)),
        body(booth, ("兑换", NOW)),
        {**body(booth, ("A", NOW)), "surprise": 1},
        {"merchant_id": booth.merchant, "uses": [{"text": "A", "used_at": "2026-05-09T04:00:00"}]},
    ]
    for asked in wrong:
        assert said(await as_("max").post(USES, json=asked)) == (422, "request_invalid")


async def test_the_office_sees_what_came_of_them_and_nobodys_name(
    as_: As, booth: Booth, service: Service
) -> None:
    made = await booth.issue()
    text = booth.text(made)
    service.now = lambda: NOW + DAY
    await as_("max").post(USES, json=body(booth, (text, NOW), (text, NOW + timedelta(hours=1))))
    where = f"/api/v1/merchants/{booth.merchant}/voucher-uses"
    for name in ("olga", "wen", "audrey", "adam"):
        found = (await as_(name).get(where)).json()
        assert [one["outcome"] for one in found["items"]] == ["voucher_used_before", "honoured"]
        assert [one["is_offline"] for one in found["items"]] == [True, True]
        assert str(booth.cast.people["alice"]) not in str(found)
    only = await as_("olga").get(where, params={"outcome": "honoured", "limit": 1})
    assert [one["voucher_id"] for one in only.json()["items"]] == [made.id]
    page = (await as_("olga").get(where, params={"limit": 1})).json()
    rest = (await as_("olga").get(where, params={"cursor": page["next_cursor"]})).json()
    assert [one["outcome"] for one in rest["items"]] == ["honoured"]
    counts = (await as_("olga").get(f"{where}/counts")).json()
    assert counts == {
        "first": "2026-04-10",
        "last": "2026-05-10",
        "counts": {"honoured": 1, "voucher_used_before": 1},
    }
    before = await as_("olga").get(f"{where}/counts", params={"from": "2026-05-01", "until": "2026-05-09"})
    assert before.json()["counts"] == {}
    told = await as_("olga").get(f"/api/v1/people/{booth.cast.people['olga']}/notifications")
    newest = told.json()["items"][0]
    assert newest["kind"] == "voucher_uses_refused"
    assert newest["params"] == {"merchant": booth.merchant, "voucher_used_before": 1}


async def test_who_has_the_merchant_not_in_reach_sees_nothing(as_: As, booth: Booth) -> None:
    where = f"/api/v1/merchants/{booth.merchant}/voucher-uses"
    for what in (where, f"{where}/counts"):
        assert said(await as_("xu").get(what)) == (404, "unknown_merchant")
        for name in ("alice", "max", "carl", "mia"):
            assert said(await as_(name).get(what)) == (403, "forbidden"), name
