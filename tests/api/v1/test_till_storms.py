"""Two cashiers who try everything at once at their tills, confirm, change, refund and close; and another bank's."""

import asyncio
from collections import Counter as Tally

import httpx2
import pytest
from fastapi import FastAPI

from api.service import Service
from tests.api.cast import Cast, enter
from tests.api.conftest import As
from tests.api.v1.counter import QUOTES, TILLS, Counter
from tests.api.v1.markets import ANY, once, said
from tests.conftest import new_bank
from tests.timebank.tills.scene import CODE, open_desk
from timebank.database import Database


@pytest.fixture
async def counter(as_: As, database: Database, cast: Cast, service: Service) -> Counter:
    """Return a till that Carl opened in a shop with ten bags of rice; Alice has 300 points."""
    counter = Counter(as_, service, await open_desk(database, cast))
    service.now = lambda: counter.at
    await counter.open()
    return counter


async def test_one_code_at_two_tills_is_one_quote_and_one_receipt(counter: Counter) -> None:
    await counter.desk.enter_cashier("max")
    tills = {"carl": counter.till}
    await counter.open("max", "till:max")
    tills["max"] = counter.till
    counter.at += CODE
    shown = {"code": await counter.desk.code("alice", counter.at)}
    quoted = await asyncio.gather(
        *(counter.quote(counter.rice(1), shown=shown, by=by, till=till) for by, till in tills.items())
    )
    assert sorted(answer.status_code for answer in quoted) == [201, 422]
    quote = next(answer.json() for answer in quoted if answer.status_code == 201)
    seller, other = ("carl", "max") if quote["till_id"] == tills["carl"] else ("max", "carl")
    path = f"{QUOTES}/{quote['id']}"
    for answer in (
        await counter.confirm(quote["id"], by=other),
        await counter.as_(other).get(path),
        await counter.as_(other).put(path, json={"lines": []}, headers=ANY),
    ):
        assert said(answer) == (404, "unknown_quote")
    change = {"lines": [counter.rice(5)]}
    stormed = await asyncio.gather(
        *(counter.confirm(quote["id"], by=seller, cents=cents) for cents in range(10)),
        *(counter.as_(seller).put(path, json=change, headers=ANY) for _ in range(4)),
    )
    receipts = [answer.json()["receipt"] for answer in stormed[:10]]
    assert all(receipt == receipts[0] for receipt in receipts)
    assert receipts[0]["points"] in {30, 150}  # what was in the basket when it was confirmed
    assert {said(answer)[1] for answer in stormed[10:] if answer.status_code != 200} <= {"quote_expired"}
    assert await counter.desk.points() == 300 - receipts[0]["points"]
    back = {"receipt": receipts[0]["number"], "reason": "other"}
    later = f"/api/v1/redemptions/{receipts[0]['redemption_id']}/refund"
    refunds = await asyncio.gather(
        *(
            counter.as_(by).post(f"{TILLS}/{till}/refunds", json=back, headers=once())
            for by, till in tills.items()
        ),
        counter.as_("mia").post(later, json={"reason": "other"}, headers=once()),
    )
    assert Tally(answer.status_code for answer in refunds) == {201: 1, 409: 2}
    assert (await counter.confirm(quote["id"], by=seller)).json()["receipt"]["refunded_at"] is not None
    assert (await counter.desk.points(), await counter.desk.market.stock(counter.desk.market.rice)) == (
        300,
        10,
    )
    await counter.desk.market.assert_sound()


@pytest.mark.parametrize("end", ["close", "revoke"])
async def test_nothing_is_sold_after_the_end_of_a_till(counter: Counter, end: str) -> None:
    for _ in range(5):
        quoted = (await counter.quote(counter.rice(1))).json()
        ended = (
            counter.as_("carl").post(f"{TILLS}/{counter.till}/close", json={"cash_cents": 0})
            if end == "close"
            else counter.as_("mia").post(f"/api/v1/devices/{counter.desk.devices['till']}/revoke", json={})
        )
        confirmed, done = await asyncio.gather(counter.confirm(quoted["id"]), ended)
        assert done.is_success, done.text
        assert confirmed.status_code == 201 or said(confirmed) == (422, "till_closed")
        again = await counter.confirm(quoted["id"])
        assert (again.status_code, again.json().get("receipt")) == (
            confirmed.status_code,
            confirmed.json().get("receipt"),
        )
        assert said(await counter.quote(counter.rice(1))) == (422, "till_closed")
        if end == "revoke":
            break
        await counter.open()
    await counter.desk.market.assert_sound()


async def test_another_banks_cashier_finds_nothing(
    counter: Counter, app: FastAPI, service: Service, database: Database
) -> None:
    quoted = (await counter.quote(counter.rice(1))).json()
    strangers = await enter(database, await new_bank(database))
    path, shown = f"{TILLS}/{counter.till}", {"code": await counter.desk.code("alice", counter.at)}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    token, _ = service.tokens.issue(strangers.bank.code, strangers.sessions["carl"], now=counter.at)
    headers = {"Authorization": f"Bearer {token}", **once(), **ANY}
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers) as carl:
        for answer in (
            await carl.get(path),
            await carl.post(f"{path}/quotes", json={"shown": shown, "lines": []}),
            await carl.post(f"{path}/refunds", json={"receipt": "S1-20260509-0001", "reason": "other"}),
            await carl.post(f"{path}/close", json={"cash_cents": 0}),
            await carl.post(f"{QUOTES}/{quoted['id']}/confirm", json={}),
            await carl.put(f"{QUOTES}/{quoted['id']}", json={"lines": []}),
        ):
            assert answer.status_code == 404, answer.text
    assert (await counter.confirm(quoted["id"])).status_code == 201
