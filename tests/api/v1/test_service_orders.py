"""Service ordered with time-coins, over HTTP: for whom, when, and what is held for it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock
from tests.api.ordering import balances, cancel, order
from tests.api.timecoins import adopt_timecoins, earn, let_act, make_kin, refusal, told
from timebank.database import Database


@pytest.fixture(autouse=True)
async def coins(database: Database, cast: Cast) -> None:
    """Let Alice have eight coins."""
    await adopt_timecoins(database, cast, coins_per_hour=2)
    await earn(database, cast, cast.people["alice"], 8)


async def test_the_same_key_orders_once_and_too_few_coins_order_nothing(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    first = await order(as_, cast, clock)
    assert (await order(as_, cast, clock)).json() == first.json()
    assert refusal(await order(as_, cast, clock, minutes=30)) == (409, "idempotency_conflict")
    assert refusal(await order(as_, cast, clock, key="o2", minutes=121)) == (422, "insufficient")
    assert await balances(database, cast, "alice") == (4, 4)


async def test_service_is_ordered_for_oneself_or_confirmed_kin(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    for_bob = {"served_id": str(cast.people["bob"])}
    assert refusal(await order(as_, cast, clock, **for_bob)) == (422, "order_not_for_kin")
    await make_kin(database, cast, "bob", "alice", "grandchild", is_confirmed=False)
    assert refusal(await order(as_, cast, clock, **for_bob)) == (422, "order_not_for_kin")
    (kin,) = (await as_("bob").get(f"/api/v1/people/{cast.people['bob']}/kinships")).json()["items"]
    assert (
        await as_("xu").post(f"/api/v1/people/{cast.people['bob']}/kinships/{kin['id']}/confirm")
    ).status_code == 200
    made = (await order(as_, cast, clock, **for_bob)).json()
    assert (made["served_id"], made["organisation_id"]) == (
        str(cast.people["bob"]),
        cast.organisations["birch"],  # where Bob lives
    )
    assert (await told(database, cast, "bob"))[-1] == "service_ordered"


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"wanted_at": "2020-01-01T09:00:00+08:00"}, (422, "order_moment_refused")),
        ({"wanted_at": "2999-01-01T09:00:00+08:00"}, (422, "order_moment_refused")),
        ({"organisation_id": 999_999}, (404, "unknown_organisation")),
        ({"minutes": 0}, (422, "request_invalid")),
        ({"minutes": 1441}, (422, "request_invalid")),
        ({"category": "张三"}, (422, "request_invalid")),
        ({"wish": ""}, (422, "request_invalid")),
    ],
)
async def test_what_cannot_be_wished_for_is_refused(
    as_: As, cast: Cast, clock: Clock, body: dict[str, Any], refused: tuple[int, str]
) -> None:
    assert refusal(await order(as_, cast, clock, **body)) == refused


async def test_who_belongs_nowhere_says_where(as_: As, cast: Cast, clock: Clock, database: Database) -> None:
    await earn(database, cast, cast.people["max"], 8)
    mine = {"by": "max", "of": "max"}
    assert refusal(await order(as_, cast, clock, **mine)) == (422, "order_place_missing")
    made = await order(as_, cast, clock, **mine, organisation_id=cast.organisations["birch"])
    assert made.status_code == 201


async def test_an_order_stands_no_longer_than_its_coins(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    ends = (clock() + timedelta(days=5)).astimezone(cast.bank.zone)
    await earn(database, cast, cast.people["alice"], 1, expires_on=ends.date())
    made = (await order(as_, cast, clock)).json()
    end_of_day = ends.replace(hour=23, minute=59, second=59, microsecond=0)
    assert datetime.fromisoformat(made["until_at"]) == end_of_day
    later = (clock() + timedelta(days=7)).isoformat()
    await cancel(as_, f"/api/v1/people/{cast.people['alice']}/service-orders/{made['id']}", by="alice")
    assert refusal(await order(as_, cast, clock, key="o2", wanted_at=later)) == (422, "coins_end_before")


async def test_an_agent_orders_for_whom_they_act(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    assert refusal(await order(as_, cast, clock, by="bob")) == (403, "forbidden")
    await let_act(database, cast, "bob", "alice", "orders")
    made = await order(as_, cast, clock, by="bob")
    assert (made.status_code, made.json()["person_id"]) == (201, str(cast.people["alice"]))
