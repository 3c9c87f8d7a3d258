"""Awarding by hand and taking it back, over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.api.books import adopt_pack, book, credit, spend
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock
from tests.timebank.offices import assert_sound
from timebank.database import Database

AWARDS = "/api/v1/awards"


@pytest.fixture(autouse=True)
async def pack(database: Database, cast: Cast) -> None:
    """Adopt the default pack: points end on 31 December of the next year."""
    await adopt_pack(database, cast)


async def give(as_: As, cast: Cast, by: str, key: str = "k1", **changes: Any) -> Any:
    """Award Alice 50 points."""
    body = {
        "person_id": str(cast.people["alice"]),
        "unit": "point",
        "amount": 50,
        "reason": "抗洪",
        **changes,
    }
    return await as_(by).post(AWARDS, json=body, headers={"Idempotency-Key": key})


async def take_back(as_: As, by: str, id_: int, key: str = "r1", reason: str = "mistake") -> Any:
    return await as_(by).post(
        f"/api/v1/transactions/{id_}/reversal", json={"reason": reason}, headers={"Idempotency-Key": key}
    )


async def points(as_: As, cast: Cast) -> int:
    answer = await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/standing")
    found: int = answer.json()["points"]
    return found


async def test_an_award_is_a_lot_that_ends_as_the_policy_says(as_: As, cast: Cast, clock: Clock) -> None:
    answer = await give(as_, cast, "olga")
    assert answer.status_code == 201
    made = answer.json()
    assert made["expires_on"] == f"{clock.at.astimezone(cast.bank.zone).year + 1}-12-31"
    assert (made["unit"], made["amount"], made["policy_version"]) == ("point", 50, 1)
    assert await points(as_, cast) == 50
    (told,) = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/notifications")).json()["items"]
    assert told["kind"] == "awarded"
    assert told["params"] == {"unit": "point", "amount": 50, "transaction": made["transaction_id"]}
    (line,) = (await as_("olga").get(AWARDS)).json()["items"]
    assert (line["transaction_id"], line["title"], line["reversed_by"]) == (
        made["transaction_id"],
        "抗洪",
        None,
    )


async def test_what_it_was_for_is_not_in_the_ledger(as_: As, cast: Cast) -> None:
    made = (await give(as_, cast, "olga")).json()
    read = await as_("audrey").get(f"/api/v1/transactions/{made['transaction_id']}")
    assert "抗洪" not in read.text
    assert read.json()["metadata"] == {"policy": 1}


async def test_the_same_key_awards_once_and_answers_alike(as_: As, cast: Cast, database: Database) -> None:
    answers = await asyncio.gather(*(give(as_, cast, "olga") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await points(as_, cast) == 50
    conflict = await give(as_, cast, "olga", amount=51)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")
    assert (await give(as_, cast, "olga", "k2")).status_code == 201
    assert await points(as_, cast) == 100
    acts = (await as_("audrey").get("/api/v1/acts", params={"action": "award"})).json()["items"]
    assert {act["subject"] for act in acts} == {str(cast.people["alice"])}
    assert len(acts) == 2
    await assert_sound(database, cast.bank)


async def test_without_a_key_nothing_is_awarded(as_: As, cast: Cast) -> None:
    answer = await as_("olga").post(
        AWARDS, json={"person_id": str(cast.people["alice"]), "unit": "point", "amount": 1, "reason": "x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("olga", 201),
        ("adam", 403),
        ("audrey", 403),
        ("wen", 403),
        ("alice", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_only_the_office_awards(as_: As, cast: Cast, by: str, status: int) -> None:
    assert (await give(as_, cast, by)).status_code == status
    assert await points(as_, cast) == (50 if status == 201 else 0)


async def test_the_office_of_a_part_awards_there_only(as_: As, cast: Cast) -> None:
    body = {
        "person_id": str(cast.people["wen"]),
        "role": "office",
        "organisation_id": cast.organisations["birch"],
    }
    assert (await as_("adam").post("/api/v1/role-grants", json=body)).status_code == 201
    answer = await give(as_, cast, "wen")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_person")
    assert (await give(as_, cast, "wen", "k2", person_id=str(cast.people["bob"]))).status_code == 201
    assert (await give(as_, cast, "olga")).status_code == 201
    seen = (await as_("wen").get(AWARDS)).json()["items"]
    assert [line["person_id"] for line in seen] == [str(cast.people["bob"])]
    everything = (await as_("olga").get(AWARDS)).json()["items"]
    assert [line["person_id"] for line in everything] == [str(cast.people["alice"]), str(cast.people["bob"])]
    of_alice = await as_("olga").get(AWARDS, params={"person_id": str(cast.people["alice"])})
    assert len(of_alice.json()["items"]) == 1
    later = await as_("olga").get(AWARDS, params={"from": "2999-01-01"})
    assert later.json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"unit": "minute"}, 422, "award_unit_refused"),
        ({"unit": "fufen"}, 422, "award_unit_refused"),
        ({"unit": "goods/rice"}, 422, "award_unit_refused"),
        ({"unit": "nothing"}, 404, "unknown_unit"),
        ({"amount": 1_001}, 422, "award_too_large"),
        ({"amount": 0}, 422, "request_invalid"),
        ({"amount": 2**53}, 422, "request_invalid"),
        ({"person_id": str(uuid4())}, 404, "unknown_person"),
        ({"person": "olga"}, 422, "award_to_oneself"),
        ({"reason": "  "}, 422, "request_invalid"),
    ],
)
async def test_what_is_not_awarded(
    as_: As, cast: Cast, changes: dict[str, Any], status: int, code: str
) -> None:
    if "person" in changes:
        changes = {"person_id": str(cast.people[changes["person"]])}
    answer = await give(as_, cast, "olga", **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await give(as_, cast, "olga")).status_code == 201


async def test_other_units_end_by_their_own_rule(as_: As, cast: Cast) -> None:
    answer = await give(as_, cast, "olga", unit="party_score")
    assert (answer.status_code, answer.json()["expires_on"]) == (201, None)


async def test_an_administrator_takes_an_award_back_once(as_: As, cast: Cast, database: Database) -> None:
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    answer = await take_back(as_, "adam", made)
    assert answer.status_code == 201
    reversal = answer.json()
    assert (reversal["reverses_id"], reversal["reason"]) == (made, "mistake")
    assert (await take_back(as_, "adam", made)).json() == reversal
    assert await points(as_, cast) == 0
    again = await take_back(as_, "adam", made, "r2")
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")
    assert (await take_back(as_, "adam", made, "r2")).json() == again.json()
    whole = (await as_("audrey").get(f"/api/v1/transactions/{made}")).json()
    assert whole["reversed_by"] == reversal["transaction_id"]
    (line,) = (await as_("olga").get(AWARDS)).json()["items"]
    assert line["reversed_by"] == reversal["transaction_id"]
    told = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/notifications")).json()["items"]
    assert [line["kind"] for line in told] == ["reversed", "awarded"]
    await assert_sound(database, cast.bank)


async def test_what_is_spent_does_not_come_back(as_: As, cast: Cast, database: Database) -> None:
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    await book(database, cast, spend("s", cast.people["alice"], uuid4(), 1))
    answer = await take_back(as_, "adam", made)
    assert (answer.status_code, answer.json()["code"]) == (422, "insufficient")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "49" in answer.json()["detail_en"]
    await book(database, cast, credit("c", cast.people["alice"]))
    assert (await take_back(as_, "adam", made)).json() == answer.json()
    refused = (await as_("audrey").get("/api/v1/transactions", params={"kind": "reversal"})).json()["items"]
    assert [line["refusal"] for line in refused] == ["insufficient"]


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("ada", 403),
        ("olga", 403),
        ("audrey", 403),
        ("wen", 403),
        ("alice", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_only_an_administrator_of_the_whole_bank_takes_back(
    as_: As, cast: Cast, by: str, status: int
) -> None:
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    assert (await take_back(as_, by, made)).status_code == status
    assert await points(as_, cast) == 50


async def test_who_awarded_does_not_take_back(as_: As, cast: Cast) -> None:
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    body = {
        "person_id": str(cast.people["olga"]),
        "role": "administrator",
        "organisation_id": cast.organisations["root"],
    }
    assert (await as_("adam").post("/api/v1/role-grants", json=body)).status_code == 201
    answer = await take_back(as_, "olga", made)
    assert (answer.status_code, answer.json()["code"]) == (422, "reversal_of_own")
    assert (await take_back(as_, "adam", made)).status_code == 201


async def test_what_cannot_be_taken_back(as_: As, cast: Cast) -> None:
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    unknown = await take_back(as_, "adam", 2**62)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_transaction")
    reversal = (await take_back(as_, "adam", made, "r2")).json()["transaction_id"]
    body = {
        "person_id": str(cast.people["bob"]),
        "role": "administrator",
        "organisation_id": cast.organisations["root"],
    }
    await as_("adam").post("/api/v1/role-grants", json=body)
    answer = await take_back(as_, "bob", reversal)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_reversible")
    assert (await take_back(as_, "adam", made, "r3", "because")).json()["code"] == "request_invalid"


async def test_of_two_who_take_back_at_once_one_does(as_: As, cast: Cast, database: Database) -> None:
    body = {
        "person_id": str(cast.people["bob"]),
        "role": "administrator",
        "organisation_id": cast.organisations["root"],
    }
    assert (await as_("adam").post("/api/v1/role-grants", json=body)).status_code == 201
    made = (await give(as_, cast, "olga")).json()["transaction_id"]
    answers = await asyncio.gather(
        *(take_back(as_, name, made, f"{name}{n}") for name in ("adam", "bob") for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert await points(as_, cast) == 0
    await assert_sound(database, cast.bank)


async def test_what_a_record_credited_goes_back_with_the_record(
    as_: As, cast: Cast, database: Database
) -> None:
    (credited,) = await book(database, cast, credit("record:7", cast.people["alice"]))
    answer = await take_back(as_, "adam", credited)
    assert (answer.status_code, answer.json()["code"]) == (422, "reversal_of_record")
