"""Reserving over HTTP: one's own only, once for the key, with the code that picks it up."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE
from tests.timebank.reservations.scene import END_OF_2027, Counter, open_counter
from timebank.database import Database
from timebank.reservations.queries import resolve_pick_up


@pytest.fixture
async def counter(database: Database, cast: Cast) -> Counter:
    """Return the shop, and Alice with 200 points for as long as a test may run."""
    counter = await open_counter(database, cast)
    await counter.give(200, END_OF_2027.replace(year=2099))
    return counter


def of(cast: Cast, name: str = "alice") -> str:
    return f"{PEOPLE}/{cast.people[name]}/reservations"


async def reserve(
    as_: As, counter: Counter, by: str = "alice", *, key: str = "k1", quantity: int = 1, **changes: Any
) -> httpx2.Response:
    """Reserve rice for Alice."""
    market = counter.market
    body = {
        "shop_id": market.near,
        "lines": [{"goods_id": market.rice, "quantity": quantity}],
        **changes,
    }
    return await as_(by).post(of(market.cast), json=body, headers={"Idempotency-Key": key})


async def test_a_member_reserves_reads_and_cancels(as_: As, cast: Cast, counter: Counter) -> None:
    made = await reserve(as_, counter, quantity=2)
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["points"], body["state"], body["shop"]) == (60, "reserved", "东门积分超市")
    assert [(line["name"], line["quantity"]) for line in body["lines"]] == [("大米 5kg", 2)]
    assert "person_id" not in body
    assert (await as_("alice").get(of(cast))).json()["items"] == [body]
    assert (await as_("alice").get(f"{of(cast)}/{body['id']}")).json() == body
    cancelled = await as_("alice").post(f"{of(cast)}/{body['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await as_("alice").post(f"{of(cast)}/{body['id']}/cancel")).json() == cancelled.json()
    code = await as_("alice").get(f"{of(cast)}/{body['id']}/code")
    assert (code.status_code, code.json()["code"]) == (422, "reservation_over")


async def test_the_code_finds_the_reservation(
    as_: As, cast: Cast, counter: Counter, service: Service
) -> None:
    made = (await reserve(as_, counter)).json()
    shown = (await as_("alice").get(f"{of(cast)}/{made['id']}/code")).json()
    assert shown["until_at"] == made["until_at"]
    found = await counter.market.read(
        lambda tx: resolve_pick_up(tx, service.codes, shown["code"], now=service.now())
    )
    assert (found.id, found.person_id) == (made["id"], cast.people["alice"])
    later = service.now() + timedelta(hours=49)
    await counter.market.write(
        lambda tx: tx.connection.execute(
            "update sessions set expires_at = $2 where bank_id = $1", tx.bank_id, later + timedelta(days=1)
        )
    )
    service.now = lambda: later
    token, _ = service.tokens.issue(cast.bank.code, cast.sessions["alice"], now=later)
    lapsed = await as_("alice").get(
        f"{of(cast)}/{made['id']}/code", headers={"Authorization": f"Bearer {token}"}
    )
    assert lapsed.json()["code"] == "reservation_over"


async def test_the_same_key_reserves_once(as_: As, cast: Cast, counter: Counter) -> None:
    answers = await asyncio.gather(*(reserve(as_, counter) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len((await as_("alice").get(of(cast))).json()["items"]) == 1
    conflict = await reserve(as_, counter, quantity=2)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")


async def test_a_refusal_leaves_the_key_free(as_: As, counter: Counter) -> None:
    poor = await reserve(as_, counter, quantity=7)
    assert (poor.status_code, poor.json()["code"]) == (422, "insufficient_points")
    assert "200" in poor.json()["detail"]
    empty = await reserve(as_, counter, quantity=11)
    assert empty.json()["code"] == "insufficient_points"
    await counter.give(200, None)
    assert (await reserve(as_, counter, quantity=11)).json()["code"] == "out_of_stock"
    assert (await reserve(as_, counter, quantity=7)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"shop_id": 999_999_999}, 404, "unknown_shop"),
        ({"lines": [{"goods_id": 999_999_999, "quantity": 1}]}, 422, "goods_not_sold"),
        ({"lines": []}, 422, "request_invalid"),
        ({"lines": [{"goods_id": 1, "quantity": 0}]}, 422, "request_invalid"),
        ({"person_id": "x"}, 422, "request_invalid"),
    ],
)
async def test_what_cannot_be_reserved(
    as_: As, counter: Counter, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await reserve(as_, counter, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("by", ["bob", "carl", "max", "mia", "wen", "olga", "adam", "till"])
async def test_nobody_else_reserves_sees_or_cancels(as_: As, cast: Cast, counter: Counter, by: str) -> None:
    assert (await reserve(as_, counter, by)).status_code == 403
    made = (await reserve(as_, counter)).json()
    for method, path in (("GET", ""), ("GET", f"/{made['id']}"), ("GET", f"/{made['id']}/code")):
        assert (await as_(by).request(method, of(cast) + path)).status_code == 403
    assert (await as_(by).post(f"{of(cast)}/{made['id']}/cancel")).status_code == 403
    if by == "bob":
        others = await as_("bob").post(f"{of(cast, 'bob')}/{made['id']}/cancel")
        assert (others.status_code, others.json()["code"]) == (404, "unknown_reservation")


async def test_an_agent_reserves_for_whom_they_act_for(
    as_: As, cast: Cast, counter: Counter, service: Service
) -> None:
    proxy = {
        "agent_id": str(cast.people["bob"]),
        "scopes": ["spending"],
        "reason": "代办",
        "until_at": (service.now() + timedelta(days=30)).isoformat(),
    }
    made = await as_("alice").post(f"{PEOPLE}/{cast.people['alice']}/proxies", json=proxy)
    assert made.status_code == 201, made.text
    assert (await reserve(as_, counter, "bob")).status_code == 201
    assert len((await as_("bob").get(of(cast))).json()["items"]) == 1
    looks = await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/look-ups")
    assert looks.json()["items"]
