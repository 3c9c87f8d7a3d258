"""Closing sessions, voiding and correcting records over HTTP, and what a record then says of itself."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.records.scene import NINE, Scene
from tests.timebank.records.test_correcting import credited, spend
from timebank.database import Database

TIMES = {"check_in_at": "2025-05-08T09:00:00+08:00", "check_out_at": "2025-05-08T10:00:00+08:00"}


@pytest.fixture
async def scene(database: Database, cast: Cast) -> Scene:
    """Return the scene of records, with its pack adopted."""
    scene = Scene(database, cast)
    await scene.adopt()
    return scene


def keyed(key: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_closing_makes_records_with_what_the_law_asks(as_: As, cast: Cast, scene: Scene) -> None:
    session = await scene.session()
    await scene.attend(session, "alice", 9, 10.75)
    await scene.scan(session, "bob", "out", 11)
    path = f"/api/v1/activity-sessions/{session}/close"
    closed = await as_("stella").post(path)
    assert closed.status_code == 200, closed.text
    (made,) = closed.json()["records"]
    assert closed.json()["missing_time"] == [str(cast.people["bob"])]
    record = (await as_("alice").get(f"/api/v1/records/{made['id']}")).json()
    assert {
        "activity_name": "清洁日",
        "place": "广场东",
        "content": "清扫广场",
        "organisation": "测试apple",
        "leader_id": str(cast.people["adam"]),
        "minutes": 90,
        "hours": "1.50",
        "session_id": session,
        "grade": "B",
        "origin": "scans",
        "state": "pending",
        "outcome": "accepted",
    }.items() <= record.items()
    assert record["starts_at"] == "2025-05-08T01:00:00Z"
    again = await as_("wen").post(path)
    assert (again.status_code, again.json()["code"]) == (409, "already_closed_session")
    later = await as_("wen").post(f"/api/v1/activity-sessions/{session}/reconsideration")
    assert (later.status_code, later.json()["records"]) == (200, [])
    entries = (await as_("alice").get(f"/api/v1/records/{made['id']}/entries")).json()["items"]
    assert [(entry["kind"], entry["detail"]["grade"]) for entry in entries] == [("made", "B")]
    assert (await as_("bob").get(f"/api/v1/records/{made['id']}/entries")).status_code == 403
    found = (
        await as_("wen").get("/api/v1/records", params={"session_id": session, "state": "pending"})
    ).json()
    assert [line["id"] for line in found["items"]] == [made["id"]]
    none = (await as_("wen").get("/api/v1/records", params={"state": "approved"})).json()
    assert none["items"] == []


async def test_what_is_late_is_listed(as_: As, scene: Scene) -> None:
    sessions = [await scene.session(starts_at=NINE.replace(day=day)) for day in (8, 9)]
    page = (await as_("olga").get("/api/v1/records/overdue", params={"limit": 1})).json()
    assert [(line["session_id"], line["due_on"]) for line in page["items"]] == [(sessions[0], "2025-05-22")]
    more = (await as_("olga").get("/api/v1/records/overdue", params={"cursor": page["next_cursor"]})).json()
    assert [line["session_id"] for line in more["items"]] == [sessions[1]]
    assert (await as_("xu").get("/api/v1/records/overdue")).json()["items"] == []
    for cursor in ("WyJ4IiwxXQ", "WyIyMDI1LTA1LTA4VDAxOjAwOjAwIiwxXQ"):
        refused = await as_("olga").get("/api/v1/records/overdue", params={"cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid")


async def test_voiding_once_for_a_key(as_: As, scene: Scene) -> None:
    record = await credited(scene)
    path = f"/api/v1/records/{record}/void"
    done = await as_("olga").post(path, json={"reason": "fraud"}, headers=keyed())
    assert done.status_code == 201, done.text
    assert done.json()["reversal_id"]
    again = await as_("olga").post(path, json={"reason": "fraud"}, headers=keyed())
    assert again.json() == done.json()
    other = await as_("olga").post(path, json={"reason": "fraud"}, headers=keyed("k2"))
    assert (other.status_code, other.json()["code"]) == (409, "already_voided")
    assert await scene.balance("alice", "minute") == 0


async def test_a_debt_is_answered_and_on_record(as_: As, scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    done = await as_("olga").post(f"/api/v1/records/{record}/void", json={"reason": "fraud"}, headers=keyed())
    assert (done.status_code, done.json()["debt"]) == (201, {"point": 20})
    entries = (await as_("olga").get(f"/api/v1/records/{record}/entries")).json()["items"]
    assert (entries[-1]["kind"], entries[-1]["detail"]["debt"]) == ("voided", {"point": 20})
    assert (await as_("olga").get(f"/api/v1/records/{record}")).json()["state"] == "voided"


async def test_a_correction_of_what_is_spent_is_refused_and_on_record(as_: As, scene: Scene) -> None:
    record = await credited(scene)
    await spend(scene, "alice", 20)
    refused = await as_("olga").post(
        f"/api/v1/records/{record}/corrections", json={"reason": "mistake", "times": TIMES}, headers=keyed()
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "insufficient")
    entries = (await as_("olga").get(f"/api/v1/records/{record}/entries")).json()["items"]
    assert (entries[-1]["kind"], entries[-1]["detail"]["void_refused"]) == ("noted", "insufficient")
    assert (await as_("olga").get(f"/api/v1/records/{record}")).json()["state"] == "credited"


async def test_correcting(as_: As, scene: Scene) -> None:
    record = await scene.served("alice")
    path = f"/api/v1/records/{record}/corrections"
    done = await as_("olga").post(path, json={"reason": "mistake", "times": TIMES}, headers=keyed())
    assert done.status_code == 201, done.text
    assert (done.json()["corrects_id"], done.json()["minutes"]) == (record, 60)
    backwards = {"check_in_at": TIMES["check_out_at"], "check_out_at": TIMES["check_in_at"]}
    refused = await as_("olga").post(
        path, json={"reason": "mistake", "times": backwards}, headers=keyed("k2")
    )
    assert refused.status_code == 422
    assert (
        await as_("wen").post(path, json={"reason": "mistake", "times": TIMES}, headers=keyed())
    ).status_code == 403
