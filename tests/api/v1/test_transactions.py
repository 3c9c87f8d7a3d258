"""Transactions as an auditor sees them, over HTTP."""

import pytest

from tests.api.books import book, credit
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database


@pytest.fixture
async def booked(database: Database, cast: Cast) -> list[int]:
    """Book three credits of Alice."""
    return await book(database, cast, *(credit(key, cast.people["alice"]) for key in "abc"))


async def test_an_auditor_sees_one_with_its_postings(as_: As, cast: Cast, booked: list[int]) -> None:
    found = (await as_("audrey").get(f"/api/v1/transactions/{booked[0]}")).json()
    assert (found["kind"], found["actor"], found["refusal"]) == ("credit", "import", None)
    assert found["effective_at"] == "2025-03-05T06:30:00Z"
    minutes, points = found["postings"]
    assert (minutes["unit"], minutes["amount"], minutes["source"]["kind"]) == ("minute", 120, "issuance")
    assert points["target"] == {
        "kind": "wallet",
        "owner": str(cast.people["alice"]),
        "expires_on": "2099-12-31",
    }
    unknown = await as_("audrey").get(f"/api/v1/transactions/{2**62}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_transaction")


async def test_the_last_decided_comes_first(as_: As, booked: list[int]) -> None:
    ids: list[int] = []
    cursor = None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await as_("adam").get("/api/v1/transactions", params=params)).json()
        ids += [line["id"] for line in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert ids == booked[::-1]


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"kind": "credit"}, 3),
        ({"kind": "award"}, 0),
        ({"from": "2025-03-05", "until": "2025-03-05"}, 3),
        ({"from": "2025-03-06"}, 0),
        ({"until": "2025-03-04"}, 0),
        ({"from": "1900-01-01", "until": "2999-12-31"}, 3),
    ],
)
async def test_they_are_found_by_kind_and_day_of_effect(
    as_: As, booked: list[int], params: dict[str, str], count: int
) -> None:
    found = (await as_("audrey").get("/api/v1/transactions", params=params)).json()["items"]
    assert len(found) == count <= len(booked)


@pytest.mark.parametrize(
    "params", [{"from": "0001-01-01"}, {"until": "9999-12-31"}, {"kind": "A"}, {"limit": 0}, {"limit": 201}]
)
async def test_what_is_no_filter_is_not_read(as_: As, params: dict[str, str]) -> None:
    answer = await as_("audrey").get("/api/v1/transactions", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("audrey", 200),
        ("adam", 200),
        ("ada", 403),
        ("olga", 403),
        ("wen", 403),
        ("alice", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_they_are_for_those_who_answer_for_the_whole_bank(
    as_: As, booked: list[int], name: str, status: int
) -> None:
    assert (await as_(name).get("/api/v1/transactions")).status_code == status
    assert (await as_(name).get(f"/api/v1/transactions/{booked[0]}")).status_code == status
