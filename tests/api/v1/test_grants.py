"""Grants of time-coins to key elders, over HTTP: by an office, never to itself, never more than a fund has."""

import asyncio
from typing import Any

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.timecoins import CAP, adopt_timecoins, care_fund, coins_of, earn, let_act, refusal, told
from tests.timebank.offices import assert_sound
from timebank.database import Database

GRANTS = "/api/v1/grants"


@pytest.fixture(autouse=True)
async def pack(database: Database, cast: Cast) -> None:
    """Adopt the pack with time-coins."""
    await adopt_timecoins(database, cast)


async def grant(
    as_: As, cast: Cast, fund: int, amount: int = 3, *, by: str = "olga", to: str = "alice", key: str = "g1"
) -> Any:
    body = {"fund_id": fund, "person_id": str(cast.people[to]), "amount": amount, "reason": "living_alone"}
    return await as_(by).post(GRANTS, json=body, headers={"Idempotency-Key": key})


async def test_an_office_grants_with_a_reason_and_the_elder_is_told(
    as_: As, cast: Cast, database: Database
) -> None:
    fund, owner = await care_fund(database, cast, "apple", coins=5)
    answer = await grant(as_, cast, fund)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["kind"], made["reason"], made["from_person_id"]) == ("grant", "living_alone", None)
    assert await coins_of(database, cast.bank, cast.people["alice"]) == 3
    assert await coins_of(database, cast.bank, owner) == 2
    assert await told(database, cast, "alice") == ["timecoins_granted"]
    assert (await as_("audrey").get(f"/api/v1/funds/{fund}/gifts")).json()["items"] == [made]
    assert (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/gifts")).json()["items"] == [made]
    assert (await grant(as_, cast, fund)).json() == made  # the same key
    assert await coins_of(database, cast.bank, owner) == 2
    await assert_sound(database, cast.bank)


async def test_nobody_grants_to_themselves_or_to_whom_they_act_for(
    as_: As, cast: Cast, database: Database
) -> None:
    fund, _ = await care_fund(database, cast, "root", coins=5)
    assert refusal(await grant(as_, cast, fund, to="olga")) == (422, "grant_to_oneself")
    await let_act(database, cast, "olga", "alice", "orders")
    assert refusal(await grant(as_, cast, fund)) == (422, "grant_to_oneself")
    assert (await grant(as_, cast, fund, to="bob")).status_code == 201


async def test_a_fund_is_never_overdrawn_whoever_grants_at_once(
    as_: As, cast: Cast, database: Database
) -> None:
    fund, owner = await care_fund(database, cast, "apple", coins=5)
    answers = await asyncio.gather(
        *(grant(as_, cast, fund, 2, to=to, key=f"{to}{n}") for to in ("alice", "bob") for n in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422, 422]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"insufficient"}
    assert await coins_of(database, cast.bank, owner) == 1
    await assert_sound(database, cast.bank)


async def test_nobody_is_granted_more_than_they_may_keep(as_: As, cast: Cast, database: Database) -> None:
    fund, _ = await care_fund(database, cast, "apple", coins=50)
    await earn(database, cast, cast.people["alice"], CAP - 2)
    assert refusal(await grant(as_, cast, fund)) == (422, "storage_cap_reached")
    assert (await grant(as_, cast, fund, 2)).status_code == 201


@pytest.mark.parametrize(
    ("by", "refused"),
    [
        ("wen", (403, "forbidden")),
        ("adam", (403, "forbidden")),
        ("carl", (403, "forbidden")),
        ("max", (403, "forbidden")),
        ("alice", (403, "forbidden")),
        ("till", (403, "forbidden")),
    ],
)
async def test_only_the_office_grants(
    as_: As, cast: Cast, database: Database, by: str, refused: tuple[int, str]
) -> None:
    fund, _ = await care_fund(database, cast, "apple", coins=5)
    assert refusal(await grant(as_, cast, fund, by=by)) == refused


async def test_the_office_of_a_part_grants_from_its_own_funds_to_its_own_people(
    as_: As, cast: Cast, database: Database
) -> None:
    body = {"person_id": str(cast.people["wen"]), "role": "office", "organisation_id": None}
    body["organisation_id"] = cast.organisations["birch"]  # type: ignore[assignment]  # a body of many types
    assert (await as_("adam").post("/api/v1/role-grants", json=body)).status_code == 201
    near, _ = await care_fund(database, cast, "birch", coins=5)
    far, _ = await care_fund(database, cast, "apple", coins=5)
    assert refusal(await grant(as_, cast, near, by="wen", to="alice")) == (404, "unknown_person")
    assert refusal(await grant(as_, cast, far, by="wen", to="bob")) == (404, "unknown_fund")
    assert refusal(await grant(as_, cast, 999_999, by="wen", to="bob")) == (404, "unknown_fund")
    assert (await grant(as_, cast, near, by="wen", to="bob")).status_code == 201
    assert refusal(await as_("wen").get(f"/api/v1/funds/{far}/gifts")) == (404, "unknown_fund")
    assert refusal(await as_("alice").get(f"/api/v1/funds/{near}/gifts")) == (403, "forbidden")


async def test_money_is_not_granted(as_: As, cast: Cast, database: Database) -> None:
    await database.write(
        cast.bank,
        lambda tx: tx.connection.execute(
            "insert into funds (bank_id, code, name, kind, organisation_id) values ($1, 'm', '测试', 'money', $2)",
            tx.bank_id,
            cast.organisations["apple"],
        ),
    )
    fund = await database.read(
        cast.bank, lambda tx: tx.connection.fetchval("select id from funds where bank_id = $1", tx.bank_id)
    )
    assert refusal(await grant(as_, cast, fund)) == (422, "fund_of_other_kind")


async def test_a_reason_is_one_of_those_there_are(as_: As, cast: Cast, database: Database) -> None:
    fund, _ = await care_fund(database, cast, "apple", coins=5)
    body = {"fund_id": fund, "person_id": str(cast.people["alice"]), "amount": 1, "reason": "测试甲病了"}
    answer = await as_("olga").post(GRANTS, json=body, headers={"Idempotency-Key": "k"})
    assert refusal(answer) == (422, "request_invalid")
