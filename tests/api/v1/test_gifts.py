"""Time-coins given to kin and donated, over HTTP."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from ledger.balances import Lot, wallet
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.timecoins import (
    CAP,
    adopt_timecoins,
    care_fund,
    coins_of,
    earn,
    make_kin,
    refusal,
    told,
)
from tests.timebank.offices import assert_sound
from timebank.database import Database

SOON, LATE = date(2098, 6, 30), date(2099, 12, 31)


async def give(
    as_: As, cast: Cast, amount: int = 3, *, by: str = "alice", to: str = "bob", key: str = "k1"
) -> Any:
    return await as_(by).post(
        f"/api/v1/people/{cast.people['alice']}/gifts",
        json={"to_person_id": str(cast.people[to]), "amount": amount},
        headers={"Idempotency-Key": key},
    )


async def donate(as_: As, cast: Cast, amount: int, *, key: str = "d1", **body: object) -> Any:
    return await as_("alice").post(
        f"/api/v1/people/{cast.people['alice']}/donations",
        json={"amount": amount, **body},
        headers={"Idempotency-Key": key},
    )


@pytest.fixture
async def coins(database: Database, cast: Cast) -> None:
    """Let Alice have eight coins, five of which end a year before the others, and Bob be her spouse."""
    await adopt_timecoins(database, cast)
    await earn(database, cast, cast.people["alice"], 5, expires_on=SOON)
    await earn(database, cast, cast.people["alice"], 3, expires_on=LATE)
    await make_kin(database, cast, "alice", "bob")


@pytest.mark.usefixtures("coins")
async def test_a_gift_keeps_its_last_day_and_both_are_told(as_: As, cast: Cast, database: Database) -> None:
    answer = await give(as_, cast, 6)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["kind"], made["amount"], made["fund_id"], made["reason"]) == ("gift", 6, None, "")
    lots = await database.read(cast.bank, lambda tx: wallet(tx, cast.people["bob"], "timecoin"))
    assert lots == [Lot(SOON, 5), Lot(LATE, 1)]
    assert await coins_of(database, cast.bank, cast.people["alice"]) == 2
    assert await told(database, cast, "alice") == ["timecoins_given"]
    assert await told(database, cast, "bob") == ["timecoins_received"]
    for name in ("alice", "bob"):
        seen = (await as_(name).get(f"/api/v1/people/{cast.people[name]}/gifts")).json()["items"]
        assert seen == [made]
    await assert_sound(database, cast.bank)


@pytest.mark.usefixtures("coins")
async def test_the_same_key_gives_once(as_: As, cast: Cast, database: Database) -> None:
    answers = await asyncio.gather(*(give(as_, cast) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert refusal(await give(as_, cast, 4)) == (409, "idempotency_conflict")
    assert await coins_of(database, cast.bank, cast.people["bob"]) == 3


@pytest.mark.usefixtures("coins")
async def test_more_than_one_has_is_refused_for_good(as_: As, cast: Cast, database: Database) -> None:
    assert refusal(await give(as_, cast, 9)) == (422, "insufficient")
    await earn(database, cast, cast.people["alice"], 9)
    assert refusal(await give(as_, cast, 9)) == (422, "insufficient")
    assert (await give(as_, cast, 9, key="k2")).status_code == 201


@pytest.mark.usefixtures("coins")
async def test_nobody_is_given_more_than_they_may_keep(as_: As, cast: Cast, database: Database) -> None:
    await earn(database, cast, cast.people["bob"], CAP - 3)
    answer = await give(as_, cast, 4)
    assert refusal(answer) == (422, "storage_cap_reached")
    assert str(CAP - 3) not in answer.json()["detail"]  # what another has is theirs to know
    assert (await give(as_, cast, 3)).status_code == 201
    assert refusal(await give(as_, cast, 1, key="k2")) == (422, "storage_cap_reached")
    assert await coins_of(database, cast.bank, cast.people["bob"]) == CAP


@pytest.mark.usefixtures("coins")
async def test_gifts_go_to_confirmed_kin_only(as_: As, cast: Cast, database: Database) -> None:
    assert refusal(await give(as_, cast, to="carl")) == (422, "gift_not_to_kin")
    await make_kin(database, cast, "carl", "alice", "child", is_confirmed=False)
    assert refusal(await give(as_, cast, to="carl")) == (422, "gift_not_to_kin")
    assert refusal(await give(as_, cast, to="alice")) == (422, "gift_not_to_kin")
    (kin,) = (await as_("bob").get(f"/api/v1/people/{cast.people['bob']}/kinships")).json()["items"]
    await as_("bob").post(f"/api/v1/people/{cast.people['bob']}/kinships/{kin['id']}/end")
    assert refusal(await give(as_, cast)) == (422, "gift_not_to_kin")


async def test_the_pack_says_to_which_kin(as_: As, cast: Cast, database: Database) -> None:
    await adopt_timecoins(database, cast, gift_relations=["parent"])
    await earn(database, cast, cast.people["alice"], 8)
    await make_kin(database, cast, "bob", "alice", "child")  # Alice is Bob's child, so Bob is her parent
    await make_kin(database, cast, "alice", "carl", "child")
    assert refusal(await give(as_, cast, to="carl")) == (422, "gift_relation_refused")
    assert (await give(as_, cast, to="bob")).status_code == 201


async def test_a_bank_without_time_coins_gives_none(as_: As, cast: Cast, database: Database) -> None:
    assert refusal(await give(as_, cast)) == (422, "policy_missing")
    await adopt_pack(database, cast)
    await make_kin(database, cast, "alice", "bob")
    assert refusal(await give(as_, cast)) == (422, "timecoins_not_offered")
    assert refusal(await donate(as_, cast, 1)) == (422, "timecoins_not_offered")
    seen = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/timecoins")).json()
    assert seen == {"balance": 0, "held": 0, "cap": None, "room": None}


@pytest.mark.usefixtures("coins")
@pytest.mark.parametrize("by", ["bob", "wen", "olga", "adam", "carl", "max", "till"])
async def test_nobody_gives_what_is_anothers(as_: As, cast: Cast, by: str) -> None:
    assert refusal(await give(as_, cast, by=by)) == (403, "forbidden")


@pytest.mark.usefixtures("coins")
async def test_a_donation_goes_to_the_nearest_care_fund(as_: As, cast: Cast, database: Database) -> None:
    assert refusal(await donate(as_, cast, 1)) == (422, "care_fund_missing")
    _, of_root = await care_fund(database, cast, "root")
    _, of_birch = await care_fund(database, cast, "birch")
    assert (await donate(as_, cast, 1)).status_code == 201
    near, of_north = await care_fund(database, cast, "north")
    answer = await donate(as_, cast, 2, key="d2")
    assert (answer.json()["kind"], answer.json()["fund_id"]) == ("donation", near)
    assert [await coins_of(database, cast.bank, owner) for owner in (of_root, of_birch, of_north)] == [
        1,
        0,
        2,
    ]
    assert await told(database, cast, "alice") == ["timecoins_donated", "timecoins_donated"]
    seen = (await as_("olga").get(f"/api/v1/funds/{near}/gifts")).json()["items"]
    assert [(one["kind"], one["amount"]) for one in seen] == [("donation", 2)]
    await assert_sound(database, cast.bank)


@pytest.mark.usefixtures("coins")
async def test_a_donation_goes_to_the_fund_that_is_named(as_: As, cast: Cast, database: Database) -> None:
    far, owner = await care_fund(database, cast, "south")
    assert (await donate(as_, cast, 2, fund_id=far)).status_code == 201
    assert await coins_of(database, cast.bank, owner) == 2
    assert refusal(await donate(as_, cast, 1, key="d2", fund_id=999_999)) == (404, "unknown_fund")
    assert refusal(await donate(as_, cast, 7, key="d3", fund_id=far)) == (422, "insufficient")
    await _change(database, cast, "update funds set closed_on = '2026-01-01' where bank_id = $1")
    assert refusal(await donate(as_, cast, 1, key="d4", fund_id=far)) == (422, "fund_closed")
    assert refusal(await donate(as_, cast, 1, key="d5")) == (422, "care_fund_missing")


async def _change(database: Database, cast: Cast, sql: str) -> None:
    await database.write(cast.bank, lambda tx: tx.connection.execute(sql, tx.bank_id))


async def test_the_overview_is_for_who_may_know_what_a_person_has(
    as_: As, cast: Cast, database: Database
) -> None:
    await adopt_timecoins(database, cast)
    await earn(database, cast, cast.people["alice"], 4)
    mine = f"/api/v1/people/{cast.people['alice']}/timecoins"
    assert (await as_("alice").get(mine)).json() == {"balance": 4, "held": 0, "cap": CAP, "room": 6}
    for by, status in (("wen", 200), ("olga", 200), ("bob", 403), ("xu", 404), ("carl", 403), ("max", 403)):
        assert (await as_(by).get(mine)).status_code == status, by
    assert (await as_("wen").get(f"/api/v1/people/{uuid4()}/timecoins")).status_code == 404
