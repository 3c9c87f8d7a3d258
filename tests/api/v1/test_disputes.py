"""Disputes over HTTP: from what the volunteer says to what is decided."""

import pytest

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.records.scene import Scene
from timebank.database import Database

STATEMENT = {"statement": "测试：我十点就走了"}
TIMES = {"check_in_at": "2025-05-08T09:00:00+08:00", "check_out_at": "2025-05-08T10:00:00+08:00"}


@pytest.fixture
async def record(database: Database, cast: Cast) -> int:
    """Return a record of Alice's that waits for review."""
    scene = Scene(database, cast)
    await scene.adopt()
    return await scene.served("alice")


async def test_from_statement_to_decision(as_: As, cast: Cast, record: int) -> None:
    path = f"/api/v1/records/{record}/disputes"
    raised = await as_("alice").post(path, json=STATEMENT)
    assert raised.status_code == 201, raised.text
    dispute = raised.json()["id"]
    assert (await as_("alice").post(path, json=STATEMENT)).json()["code"] == "already_disputed"
    own = f"/api/v1/people/{cast.people['alice']}/disputes"
    assert [line["id"] for line in (await as_("alice").get(own)).json()["items"]] == [dispute]
    assert (await as_("wen").get(own)).status_code == 403
    open_ = (await as_("wen").get("/api/v1/disputes", params={"is_open": True})).json()["items"]
    assert [(line["id"], line["statement"]) for line in open_] == [(dispute, STATEMENT["statement"])]
    assert (await as_("xu").get("/api/v1/disputes")).json()["items"] == []
    review = {"decisions": [{"record_id": record, "decision": "approve"}]}
    answer = (await as_("wen").post("/api/v1/reviews", json=review)).json()
    assert answer["answers"][0]["refusal"] == "record_disputed"
    body = {"decision": "upheld", "answer": "测试：属实", "times": TIMES}
    decision = f"/api/v1/disputes/{dispute}/decision"
    done = await as_("olga").post(decision, json=body, headers={"Idempotency-Key": "k"})
    assert done.status_code == 201, done.text
    correction = done.json()["correction_id"]
    assert (await as_("alice").get(f"/api/v1/records/{correction}")).json()["minutes"] == 60
    again = await as_("olga").post(decision, json=body, headers={"Idempotency-Key": "k2"})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    # What was said stays out of the answer kept for repetition: an erasure could not reach it there.
    assert "属实" not in done.text
    (line,) = (await as_("alice").get(own)).json()["items"]
    assert (line["decision"], line["answer"]) == ("upheld", "测试：属实")


@pytest.mark.parametrize(
    ("name", "status"), [("bob", 404), ("wen", 404), ("station", 403), ("stranger", 401)]
)
async def test_only_over_one_s_own_record(as_: As, record: int, name: str, status: int) -> None:
    answer = await as_(name).post(f"/api/v1/records/{record}/disputes", json=STATEMENT)
    assert answer.status_code == status


async def test_a_decision_has_a_key_and_a_dispute(as_: As, record: int) -> None:
    assert record
    body = {"decision": "dismissed", "answer": "测试"}
    assert (await as_("olga").post("/api/v1/disputes/1/decision", json=body)).status_code == 422
    unknown = await as_("olga").post(
        f"/api/v1/disputes/{2**62}/decision", json=body, headers={"Idempotency-Key": "k"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_dispute")
