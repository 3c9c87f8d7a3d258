"""Activities and service records over HTTP."""

from datetime import timedelta

import pytest

from tests.api.books import SPRING, add_activity, add_record, adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database


@pytest.fixture
async def records(database: Database, cast: Cast) -> dict[str, int]:
    """Let Alice and Bob serve in apple, and Bob in birch the day after; the last waits for review."""
    await adopt_pack(database, cast)
    apple = await add_activity(database, cast, "A1", "apple")
    birch = await add_activity(database, cast, "B1", "birch", starts_at=SPRING + timedelta(days=1))
    return {
        "apple": apple,
        "birch": birch,
        "alice": await add_record(database, cast, apple, "alice"),
        "bob": await add_record(database, cast, apple, "bob"),
        "bob_in_birch": await add_record(database, cast, birch, "bob", outcome="needs_review"),
    }


async def seen(as_: As, name: str, path: str = "/api/v1/records", **params: object) -> list[int]:
    answer = await as_(name).get(path, params=params)  # type: ignore[arg-type]  # arguments of many types
    assert answer.status_code == 200, answer.text
    return [line["id"] for line in answer.json()["items"]]


async def test_one_sees_one_s_own(as_: As, cast: Cast, records: dict[str, int]) -> None:
    path = f"/api/v1/people/{cast.people['bob']}/records"
    assert await seen(as_, "bob", path) == [records["bob"], records["bob_in_birch"]]
    assert await seen(as_, "bob", path, outcome="needs_review") == [records["bob_in_birch"]]
    assert await seen(as_, "bob", path, **{"from": "2025-03-06"}) == [records["bob_in_birch"]]
    assert await seen(as_, "bob", path, until="2025-03-05") == [records["bob"]]
    one = (await as_("bob").get(f"/api/v1/records/{records['bob']}")).json()
    assert (one["activity_code"], one["minutes"], one["points"]) == ("A1", 120, 20)
    assert (await as_("bob").get("/api/v1/records")).status_code == 403
    assert (await as_("bob").get(f"/api/v1/people/{cast.people['alice']}/records")).status_code == 403


async def test_a_worker_sees_those_of_their_people_and_of_their_activities(
    as_: As, records: dict[str, int]
) -> None:
    assert await seen(as_, "wen") == [records["alice"], records["bob"]]
    assert await seen(as_, "xu") == [records["bob"], records["bob_in_birch"]]
    assert await seen(as_, "olga") == [records["alice"], records["bob"], records["bob_in_birch"]]
    assert await seen(as_, "olga", activity_id=records["birch"]) == [records["bob_in_birch"]]
    assert await seen(as_, "audrey", outcome="accepted") == [records["alice"], records["bob"]]
    first = (await as_("olga").get("/api/v1/records", params={"limit": 2})).json()
    assert await seen(as_, "olga", limit=2, cursor=first["next_cursor"]) == [records["bob_in_birch"]]


@pytest.mark.parametrize(
    ("name", "which", "status"),
    [
        ("alice", "alice", 200),
        ("alice", "bob", 403),
        ("wen", "alice", 200),
        ("wen", "bob", 200),
        ("wen", "bob_in_birch", 404),
        ("xu", "alice", 404),
        ("xu", "bob", 200),
        ("adam", "bob", 200),
        ("carl", "bob", 403),
        ("till", "bob", 403),
        ("stranger", "bob", 401),
    ],
)
async def test_who_sees_one_record(
    as_: As, records: dict[str, int], name: str, which: str, status: int
) -> None:
    answer = await as_(name).get(f"/api/v1/records/{records[which]}")
    assert answer.status_code == status
    if status in (403, 404):
        nothing = await as_(name).get(f"/api/v1/records/{records['bob_in_birch'] + 1_000_000}")
        assert nothing.status_code == status
        assert nothing.json()["code"] == answer.json()["code"]


async def test_everybody_sees_the_activities(as_: As, cast: Cast, records: dict[str, int]) -> None:
    path = "/api/v1/activities"
    both = [records["apple"], records["birch"]]
    for name in ("alice", "wen", "station"):
        assert await seen(as_, name, path) == both
    assert await seen(as_, "alice", path, organisation_id=cast.organisations["apple"]) == [records["apple"]]
    assert await seen(as_, "alice", path, organisation_id=cast.organisations["north"]) == both
    assert await seen(as_, "alice", path, organisation_id=cast.organisations["south"]) == []
    assert await seen(as_, "alice", path, **{"from": "2025-03-06"}) == [records["birch"]]
    assert await seen(as_, "alice", path, until="2025-03-05") == [records["apple"]]
    one = (await as_("alice").get(f"{path}/{records['apple']}")).json()
    assert (one["code"], one["starts_at"], one["is_volunteer_service"]) == (
        "A1",
        "2025-03-05T06:30:00Z",
        True,
    )
    unknown = await as_("alice").get(f"{path}/{2**62}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_activity")
    assert (await as_("till").get(path)).status_code == 403
    assert (await as_("stranger").get(path)).status_code == 401
