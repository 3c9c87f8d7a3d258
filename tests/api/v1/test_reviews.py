"""The review queue and bulk review over HTTP, and how good the service was."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.records.scene import Scene
from timebank.database import Database

PATH = "/api/v1/reviews"


@pytest.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return the scene of records, with its pack adopted."""
    scene = Scene(database, cast)
    await scene.adopt()
    return scene


async def test_the_queue_and_a_batch(as_: As, scene: Scene) -> None:
    plain, own = await scene.served("alice"), await scene.served("bob", creator="wen")
    queue = (await as_("wen").get(PATH, params={"limit": 1})).json()
    (first,) = queue["items"]
    assert first["record"]["id"] == plain
    assert (first["why_second"], first["approver_id"], first["is_disputed"], first["signs"]) == (
        [],
        None,
        False,
        [],
    )
    rest = (await as_("wen").get(PATH, params={"cursor": queue["next_cursor"]})).json()
    assert [line["record"]["id"] for line in rest["items"]] == [own]
    decisions = [{"record_id": id_, "decision": "approve"} for id_ in (plain, own, 2**62)]
    answer = await as_("wen").post(PATH, json={"decisions": decisions})
    assert answer.status_code == 200, answer.text
    assert [(line["state"], line["refusal"]) for line in answer.json()["answers"]] == [
        ("approved", None),
        (None, "review_by_creator"),
        (None, "unknown_record"),
    ]
    assert answer.json()["answers"][1]["detail_en"]
    left = (await as_("olga").get(PATH)).json()
    assert [line["record"]["id"] for line in left["items"]] == [own]
    assert (await as_("xu").get(PATH, params={"activity_id": 1})).json()["items"] == []


@pytest.mark.parametrize(
    "decisions",
    [
        [],
        [{"record_id": 1, "decision": "maybe"}],
        [{"record_id": 1, "decision": "reject", "reason": "he was ill"}],
        [{"record_id": 1, "decision": "approve"}] * 201,
    ],
)
async def test_what_is_no_decision(as_: As, scene: Scene, decisions: list[object]) -> None:
    assert scene.cast.people
    answer = await as_("wen").post(PATH, json={"decisions": decisions})
    assert answer.status_code == 422


async def test_evaluating(as_: As, scene: Scene) -> None:
    record = await scene.served("alice")
    path = f"/api/v1/records/{record}/evaluation"
    answer = await as_("wen").put(path, json={"evaluation": "excellent"})
    assert answer.json() == {"record_id": record, "evaluation": "excellent"}
    assert (await as_("alice").get(f"/api/v1/records/{record}")).json()["evaluation"] == "excellent"
    assert (await as_("xu").put(path, json={"evaluation": "good"})).status_code == 404
    assert (await as_("alice").put(path, json={"evaluation": "good"})).status_code == 403
    assert (await as_("wen").put(path, json={"evaluation": "superb"})).status_code == 422
