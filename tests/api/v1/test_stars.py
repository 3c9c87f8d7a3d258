"""Stars over HTTP: one's own with the way on, who stands above their hours, and lowering once."""

from datetime import date, timedelta
from typing import Any

import pytest

from api.service import Service
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.stars.scene import SPRING, adopt_stars, recognise, serve, take_back
from timebank.database import Database

RISEN, BACK = date(2026, 3, 6), date(2026, 3, 20)
NOW = SPRING + timedelta(days=20)


@pytest.fixture
async def alice(database: Database, cast: Cast, service: Service) -> str:
    """Let Alice have two stars and 70 minutes left, 30 more of papers that count for none; return her address."""
    person_id = cast.people["alice"]
    service.now = lambda: NOW
    await adopt_stars(database, cast.bank)

    async def begin(tx: WriteTx) -> int:
        await tx.connection.execute(
            "update sessions set expires_at = $2 where bank_id = $1", tx.bank_id, NOW + timedelta(days=1)
        )
        await serve(tx, person_id, 70)
        await serve(tx, person_id, 30, at=SPRING + timedelta(hours=5), grade="E")
        return await serve(tx, person_id, 60, at=SPRING + timedelta(hours=2))

    last = await database.write(cast.bank, begin)
    await recognise(database, cast.bank, RISEN)
    await database.write(cast.bank, lambda tx: take_back(tx, last, at=SPRING + timedelta(days=5)))
    await recognise(database, cast.bank, BACK)
    return f"/api/v1/people/{person_id}"


async def lower(as_: As, alice: str, by: str = "olga", key: str = "k1", **changes: Any) -> Any:
    body = {"to_star": 1, "reason": "mistake", **changes}
    return await as_(by).post(f"{alice}/stars", json=body, headers={"Idempotency-Key": key})


async def test_one_s_own_star_is_explained(as_: As, alice: str, cast: Cast) -> None:
    found = (await as_("alice").get(f"{alice}/stars")).json()
    (change,) = found.pop("items")
    assert found == {
        "person_id": str(cast.people["alice"]),
        "star": 2,
        "minutes": 70,
        "next_star": {"star": 3, "minutes": 300, "missing_minutes": 230},
        "next_cursor": None,
    }
    assert (change["from_star"], change["to_star"], change["minutes"]) == (0, 2, 130)
    assert (change["needed_minutes"], change["as_of"], change["policy_version"]) == (120, "2026-03-06", 1)
    assert change["reason"] is None


async def test_the_standing_shows_the_star_held_and_the_way_on(as_: As, alice: str) -> None:
    found = (await as_("alice").get(f"{alice}/standing")).json()
    assert (found["minutes"], found["star_minutes"], found["star"]) == (100, 70, 2)
    assert (found["next_star_minutes"], found["missing_minutes"]) == (300, 230)


async def test_who_has_none_has_the_way_to_the_first(as_: As, alice: str, cast: Cast) -> None:
    found = (await as_("bob").get(f"/api/v1/people/{cast.people['bob']}/stars")).json()
    assert (found["star"], found["minutes"], found["items"]) == (0, 0, [])
    assert found["next_star"] == {"star": 1, "minutes": 60, "missing_minutes": 60}
    assert (await as_("bob").get(f"{alice}/stars")).status_code == 403


async def test_who_stands_above_their_hours_is_listed_in_reach(as_: As, alice: str) -> None:
    for name in ("olga", "wen", "audrey", "ada"):
        (found,) = (await as_(name).get("/api/v1/star-reviews")).json()["items"]
        assert alice.endswith(found["person_id"])
        assert (found["star"], found["by_hours"], found["minutes"]) == (2, 1, 70)
        assert found["as_of"] == "2026-03-20"
    assert (await as_("xu").get("/api/v1/star-reviews")).json()["items"] == []
    assert (await as_("alice").get("/api/v1/star-reviews")).status_code == 403


async def test_a_star_is_lowered_once_for_its_key(as_: As, alice: str) -> None:
    first, again = await lower(as_, alice), await lower(as_, alice)
    assert (first.status_code, first.text) == (201, again.text)
    assert (first.json()["to_star"], first.json()["reason"]) == (1, "mistake")
    other = await lower(as_, alice, reason="fraud")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    found = (await as_("alice").get(f"{alice}/stars", params={"limit": 1})).json()
    assert (found["star"], found["items"][0]["id"]) == (1, first.json()["id"])
    following = await as_("alice").get(f"{alice}/stars", params={"cursor": found["next_cursor"]})
    assert [each["to_star"] for each in following.json()["items"]] == [2]
    assert (await as_("olga").get("/api/v1/star-reviews")).json()["items"] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to_star": 2}, "star_not_lower"),
        ({"to_star": 0}, "star_below_hours"),
        ({"to_star": -1}, "request_invalid"),
        ({"reason": "because"}, "request_invalid"),
        ({"note": "张三"}, "request_invalid"),
    ],
)
async def test_what_cannot_be_is_refused(as_: As, alice: str, changes: dict[str, Any], code: str) -> None:
    answer = await lower(as_, alice, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_only_an_office_lowers(as_: As, alice: str) -> None:
    for name in ("alice", "wen", "audrey", "adam"):
        assert (await lower(as_, alice, by=name)).status_code == 403
