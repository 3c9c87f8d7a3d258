"""Budgets over HTTP: who sets a ceiling, who sees what is left of it and what waits."""

from typing import Any

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.budgets.scene import credit
from tests.timebank.notices.scene import Scene, earning_pack
from tests.timebank.offices import assert_sound
from timebank.database import Database


@pytest.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return the cast's bank with a pack."""
    scene = Scene(database, cast)
    await scene.adopt(earning_pack())
    return scene


async def change(as_: As, cast: Cast, by: int, who: str = "adam", at: str = "apple", **changes: Any) -> Any:
    """Raise or lower a ceiling."""
    body = {
        "organisation_id": cast.organisations[at],
        "unit": "point",
        "change": by,
        "reason": "测试：〔2025〕1 号",
        **changes,
    }
    return await as_(who).post(
        "/api/v1/ceilings", json=body, headers={"Idempotency-Key": f"{who} {at} {by}".replace(" ", "-")}
    )


async def items(as_: As, who: str, what: str, **params: Any) -> list[Any]:
    answer = await as_(who).get(f"/api/v1/{what}", params=params)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def test_a_ceiling_is_set_once_for_its_key(as_: As, cast: Cast, scene: Scene) -> None:
    made = await change(as_, cast, 50)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("change", "ceiling", "left")} == {
        "change": 50,
        "ceiling": 50,
        "left": 50,
    }
    assert (await change(as_, cast, 50)).json() == made.json()
    other = await change(as_, cast, 50, unit="fufen")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (await change(as_, cast, -20)).json()["ceiling"] == 30
    (entry, first) = await items(as_, "olga", "ceilings", organisation_id=cast.organisations["apple"])
    assert (entry["change"], first["change"], first["reason"]) == (-20, 50, "测试：〔2025〕1 号")
    assert first["made_by"] == f"person:{cast.people['adam']}"
    assert first["transaction_id"] == made.json()["transaction_id"]
    await assert_sound(scene.database, cast.bank)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"by": -1}, 422, "ceiling_below_issued"),
        ({"by": 0}, 422, "ceiling_change_refused"),
        ({"by": 5, "unit": "minute"}, 422, "budget_unit_refused"),
        ({"by": 5, "unit": "gold"}, 404, "unknown_unit"),
        ({"by": 5, "who": "olga"}, 403, "forbidden"),
        ({"by": 5, "who": "ada", "at": "south"}, 404, "unknown_organisation"),
    ],
)
async def test_what_is_refused(
    as_: As, cast: Cast, scene: Scene, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = await change(as_, cast, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await items(as_, "adam", "ceilings") == []
    await assert_sound(scene.database, cast.bank)


async def test_a_refused_change_may_be_tried_again_with_its_key(as_: As, cast: Cast, scene: Scene) -> None:
    assert (await change(as_, cast, -30)).status_code == 422
    await change(as_, cast, 30)
    assert (await change(as_, cast, -30)).json()["left"] == 0
    await assert_sound(scene.database, cast.bank)


async def test_what_waits_is_seen_and_credited_once_the_ceiling_is_raised(
    as_: As, cast: Cast, scene: Scene
) -> None:
    await change(as_, cast, 25, at="north")
    records = [await scene.record("alice", points=20), await scene.record("bob", points=10, at="birch")]
    done = await credit(scene, *records)
    assert (done.credited, done.waiting) == (1, 1)
    north = cast.organisations["north"]
    (budget,) = await items(as_, "olga", "budgets")
    assert budget == {
        "organisation_id": north,
        "organisation": "测试north",
        "unit": "point",
        "ceiling": 25,
        "issued": 20,
        "left": 5,
        "waiting_records": 1,
        "waiting_amount": 10,
        "missing": 5,
    }
    (wait,) = await items(as_, "audrey", "waiting-credits")
    assert {name: wait[name] for name in ("record_id", "organisation_id", "amount", "left", "missing")} == {
        "record_id": records[1],
        "organisation_id": north,
        "amount": 10,
        "left": 5,
        "missing": 5,
    }
    for who in ("alice", "wen", "carl", "max", "mia"):
        assert (await as_(who).get("/api/v1/waiting-credits")).status_code == 403
        assert (await as_(who).get("/api/v1/budgets")).status_code == 403
    await change(as_, cast, 5, at="north")
    assert (await credit(scene, records[1])).credited == 1
    assert await items(as_, "olga", "waiting-credits") == []
    await assert_sound(scene.database, cast.bank)


async def test_budgets_come_page_by_page_and_only_those_in_reach(as_: As, cast: Cast, scene: Scene) -> None:
    for at in ("apple", "north", "south"):
        for unit in ("point", "fufen"):
            headers = {"Idempotency-Key": f"{at}-{unit}"}
            body = {"organisation_id": cast.organisations[at], "unit": unit, "change": 9, "reason": "测试"}
            made = await as_("adam").post("/api/v1/ceilings", json=body, headers=headers)
            assert made.status_code == 201
    seen, cursor = [], None
    while True:
        params = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        answer = (await as_("olga").get("/api/v1/budgets", params=params)).json()
        seen += [(one["organisation"], one["unit"]) for one in answer["items"]]
        cursor = answer.get("next_cursor")
        if cursor is None:
            break
    both = ("fufen", "point")
    assert seen == [(f"测试{at}", unit) for at in ("north", "south", "apple") for unit in both]
    assert len(await items(as_, "ada", "budgets")) == 4
    await assert_sound(scene.database, cast.bank)
