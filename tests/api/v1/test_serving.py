"""Service orders in the hands of workers, over HTTP: paid for what was served, or given back."""

from datetime import datetime, timedelta

import pytest

from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock
from tests.api.ordering import ORDERS, assign, balances, cancel, finish, living_in_apple, order
from tests.api.timecoins import adopt_timecoins, earn, refusal, told
from tests.timebank.offices import assert_sound
from timebank.access import load_actor
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.jobs.release_holds import release_over
from timebank.jobs.run import Run
from timebank.service_orders.actions import finish_service


@pytest.fixture(autouse=True)
async def coins(database: Database, cast: Cast) -> None:
    """Let Alice have eight coins."""
    await adopt_timecoins(database, cast, coins_per_hour=2)
    await earn(database, cast, cast.people["alice"], 8)


async def test_what_was_used_is_taken_and_the_rest_comes_back(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    await living_in_apple(as_, cast, "carl")
    made = (await order(as_, cast, clock)).json()
    assert (made["state"], made["coins"], made["version"]) == (
        "ordered",
        4,
        1,
    )  # two begun hours, two coins each
    assert made["organisation_id"] == cast.organisations["apple"]
    wanted = datetime.fromisoformat(made["wanted_at"])
    assert datetime.fromisoformat(made["until_at"]) == wanted + timedelta(days=30)
    assert await balances(database, cast, "alice") == (4, 4)
    seen = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/timecoins")).json()
    assert seen == {"balance": 4, "held": 4, "cap": 10, "room": 2}
    assert refusal(await finish(as_, made["id"])) == (422, "order_not_assigned")
    assigned = await assign(as_, cast, made["id"])
    assert (assigned.json()["state"], assigned.headers["ETag"]) == ("assigned", '"2"')
    done = await finish(as_, made["id"], 50)
    assert (done.status_code, done.json()["state"], done.json()["coins_used"]) == (200, "done", 2)
    assert (await finish(as_, made["id"], 50)).json() == done.json()
    assert refusal(await finish(as_, made["id"], 50, key="f2")) == (422, "order_state_refused")
    assert await balances(database, cast, "alice") == (6, 0)
    assert await told(database, cast, "carl") == ["service_order_assigned", "service_order_done"]
    assert await told(database, cast, "alice") == ["service_order_assigned", "service_order_done"]
    await assert_sound(database, cast.bank)


async def test_more_than_was_ordered_costs_no_more_than_is_held(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    await living_in_apple(as_, cast, "carl")
    id_ = (await order(as_, cast, clock)).json()["id"]
    await assign(as_, cast, id_)
    assert (await finish(as_, id_, 600)).json()["coins_used"] == 4
    assert await balances(database, cast, "alice") == (4, 0)


async def test_either_side_cancels_and_what_is_held_comes_back(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    await living_in_apple(as_, cast, "carl")
    mine = f"/api/v1/people/{cast.people['alice']}/service-orders"
    one = (await order(as_, cast, clock)).json()["id"]
    other = (await order(as_, cast, clock, key="o2")).json()["id"]
    await assign(as_, cast, one)
    assert refusal(await cancel(as_, f"{mine}/{one}", by="bob")) == (403, "forbidden")
    theirs = f"/api/v1/people/{cast.people['bob']}/service-orders"
    assert refusal(await cancel(as_, f"{theirs}/{one}", by="bob")) == (404, "unknown_service_order")
    assert refusal(await cancel(as_, f"{ORDERS}/{one}", by="xu")) == (404, "unknown_service_order")
    cancelled = await cancel(as_, f"{mine}/{one}", by="alice")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await cancel(as_, f"{ORDERS}/{other}", by="wen")).json()["state"] == "cancelled"
    assert refusal(await cancel(as_, f"{ORDERS}/{other}", by="wen", key="c2")) == (422, "order_state_refused")
    assert await balances(database, cast, "alice") == (8, 0)
    assert (await told(database, cast, "carl"))[-1] == "service_order_cancelled"
    listed = (await as_("alice").get(mine)).json()["items"]
    assert [(one_["id"], one_["state"]) for one_ in listed] == [(other, "cancelled"), (one, "cancelled")]
    await assert_sound(database, cast.bank)


async def test_a_worker_assigns_who_is_in_reach_and_no_party(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    id_ = (await order(as_, cast, clock)).json()["id"]
    assert refusal(await assign(as_, cast, id_, by="xu")) == (404, "unknown_service_order")
    assert refusal(await assign(as_, cast, id_, "bob")) == (404, "unknown_person")
    assert refusal(await assign(as_, cast, id_, "alice")) == (422, "server_is_party")
    assert refusal(await assign(as_, cast, 999_999)) == (404, "unknown_service_order")
    await living_in_apple(as_, cast, "carl")
    await living_in_apple(as_, cast, "mia")
    assert refusal(await assign(as_, cast, id_, **{"If-Match": '"7"'})) == (412, "version_differs")
    assert (await assign(as_, cast, id_, **{"If-Match": '"1"'})).status_code == 200
    assert (await assign(as_, cast, id_, "mia")).json()["server_id"] == str(cast.people["mia"])
    assert await told(database, cast, "carl") == ["service_order_assigned"] * 2  # the second: not any more
    bare = await as_("wen").post(f"{ORDERS}/{id_}/assign", json={"server_id": str(cast.people["mia"])})
    assert refusal(bare) == (428, "version_missing")


async def test_nobody_decides_on_an_order_they_have_a_part_in(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    await living_in_apple(as_, cast, "wen")
    await living_in_apple(as_, cast, "carl")
    await earn(database, cast, cast.people["wen"], 8)
    own = (await order(as_, cast, clock, by="wen", of="wen")).json()["id"]
    assert refusal(await assign(as_, cast, own)) == (422, "order_of_own")
    served = (await order(as_, cast, clock)).json()["id"]
    assert (await assign(as_, cast, served, "wen")).status_code == 200
    assert refusal(await finish(as_, served)) == (422, "order_of_own")


async def test_what_is_not_done_in_time_lapses_and_comes_back(
    as_: As, cast: Cast, clock: Clock, database: Database
) -> None:
    await living_in_apple(as_, cast, "carl")
    made = (await order(as_, cast, clock)).json()
    await assign(as_, cast, made["id"])
    over = datetime.fromisoformat(made["until_at"]) + timedelta(seconds=1)

    async def finish_late(tx: WriteTx) -> object:
        actor = await load_actor(tx, cast.sessions["wen"], now=clock())
        return await finish_service(tx, actor, order_id=made["id"], minutes_used=50, now=over)

    with pytest.raises(RefusalError, match="order_state_refused"):
        await database.write(cast.bank, finish_late)
    holds, lapsed = await release_over(Run(database, cast.bank, over.date(), over), before=over)
    assert (holds, lapsed["service_orders"]) == (1, 1)
    assert await balances(database, cast, "alice") == (8, 0)
    (seen,) = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/service-orders")).json()[
        "items"
    ]
    assert seen["state"] == "lapsed"
    await assert_sound(database, cast.bank)


@pytest.mark.parametrize(
    ("by", "status"),
    [("wen", 200), ("xu", 200), ("olga", 403), ("adam", 403), ("carl", 403), ("max", 403), ("alice", 403)],
)
async def test_a_worker_sees_the_orders_in_reach(
    as_: As, cast: Cast, clock: Clock, by: str, status: int
) -> None:
    made = (await order(as_, cast, clock)).json()
    answer = await as_(by).get(ORDERS, params={"state": "ordered"})
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["items"] == ([made] if by == "wen" else [])
        assert (await as_(by).get(ORDERS, params={"state": "done"})).json()["items"] == []
    one = await as_(by).get(f"{ORDERS}/{made['id']}")
    assert one.status_code == (404 if by == "xu" else status)
    if by == "wen":
        assert (one.headers["ETag"], one.json()) == ('"1"', made)
