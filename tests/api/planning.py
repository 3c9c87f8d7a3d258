"""Activities, sessions and sign-ups for tests, planned through the door."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.api.cast import Cast
from tests.api.conftest import As

ACTIVITIES = "/api/v1/activities"
SESSIONS = "/api/v1/activity-sessions"
TODAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def at(hours: float) -> str:
    """Return the moment so many hours from this one."""
    return (TODAY + timedelta(hours=hours)).isoformat()


async def drafted(as_: As, cast: Cast, by: str = "wen", **wanted: object) -> Any:
    """Return a draft of apple, tomorrow for two days, which nothing keeps from being published."""
    body = {
        "code": uuid4().hex[:12],
        "organisation_id": cast.organisations["apple"],
        "name": "清洁日",
        "category": "environment",
        "place": "广场",
        "starts_at": at(24),
        "ends_at": at(72),
        "content": "打扫广场",
        "leader_id": str(cast.people["wen"]),
        **wanted,
    }
    answer = await as_(by).post(ACTIVITIES, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def session_of(as_: As, activity: Any, by: str = "wen", **wanted: object) -> Any:
    """Return a session of an activity, tomorrow for two hours."""
    body = {"starts_at": at(24), "ends_at": at(26), **wanted}
    answer = await as_(by).post(f"{ACTIVITIES}/{activity['id']}/sessions", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def stepped(as_: As, activity: Any, step: str, by: str = "wen") -> tuple[int, str]:
    """Lead an activity on; return the status, and its state or the code of the refusal."""
    answer = await as_(by).post(f"{ACTIVITIES}/{activity['id']}/{step}")
    body = answer.json()
    return answer.status_code, body.get("state") or body["code"]


async def published(as_: As, cast: Cast, capacity: int | None = None, **wanted: object) -> tuple[Any, Any]:
    """Return a published activity and its one session, the first two hours of it."""
    activity = await drafted(as_, cast, "wen", **wanted)
    starts_at = datetime.fromisoformat(activity["starts_at"])
    session = await session_of(
        as_,
        activity,
        starts_at=str(starts_at),
        ends_at=str(starts_at + timedelta(hours=2)),
        capacity=capacity,
    )
    assert await stepped(as_, activity, "publish") == (200, "published")
    return activity, session


async def told(as_: As, cast: Cast, name: str) -> list[str]:
    """Return what somebody was told, the newest first."""
    answer = await as_(name).get(f"/api/v1/people/{cast.people[name]}/notifications")
    return [item["kind"] for item in answer.json()["items"]]


async def edited(as_: As, path: str, by: str = "wen", **changes: object) -> tuple[int, Any]:
    """Edit what is at a path, whatever its version; return status and body."""
    answer = await as_(by).patch(path, json=changes, headers={"If-Match": "*"})
    return answer.status_code, answer.json()
