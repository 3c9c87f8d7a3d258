"""Trying a policy pack over HTTP: is it right, what would change, what would it have issued."""

from typing import Any

import pytest

from tests.api.books import SPRING, add_activity, add_record, adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.test_policy import with_rate
from timebank.database import Database

VALIDATE, DIFF, SIMULATE = (f"/api/v1/policy/{what}" for what in ("validate", "diff", "simulate"))


@pytest.fixture(autouse=True)
async def served(database: Database, cast: Cast) -> None:
    """Adopt the default pack, and let Alice and Bob serve two hours each, Bob somewhere else at the same time."""
    await adopt_pack(database, cast)
    for name, place, outcome in (("alice", "apple", "accepted"), ("bob", "birch", "overlap")):
        activity = await add_activity(database, cast, name.upper(), place, starts_at=SPRING)
        await add_record(database, cast, activity, name, outcome=outcome)


async def simulated(as_: As, by: str = "olga", rate: object = 20, **changes: Any) -> Any:
    body = {"pack": with_rate(rate), "from_on": "2025-01-01", "until_on": "2025-12-31", **changes}
    return await as_(by).post(SIMULATE, json=body)


async def test_all_that_is_wrong_is_said_in_both_languages(as_: As) -> None:
    wrong = with_rate("ten")
    wrong["grades"] = {}
    wrong["surprise"] = 1
    answer = await as_("wen").post(VALIDATE, json=wrong)
    assert answer.status_code == 200
    assert answer.json() == {
        "is_valid": False,
        "problems": [
            {
                "path": "crediting.points_per_hour",
                "code": "no_whole_number",
                "zh": "应为整数",
                "en": "must be a whole number",
            },
            {
                "path": "surprise",
                "code": "surplus",
                "zh": "政策包没有这一项",
                "en": "is no part of a policy pack",
            },
        ],
    }
    grades = await as_("wen").post(VALIDATE, json={**with_rate(1), "grades": {}})
    assert [each["path"] for each in grades.json()["problems"]] == ["grades"]
    right = await as_("wen").post(VALIDATE, json=with_rate(1))
    assert right.json() == {"is_valid": True, "problems": []}


@pytest.mark.parametrize("body", ["[]", '"x"', "{", '{"name": NaN}', "1" * 5000])
async def test_what_is_no_pack_is_refused_or_found_wrong(as_: As, body: str) -> None:
    answer = await as_("wen").post(VALIDATE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 400, 422}
    assert answer.json().get("is_valid", False) is False


async def test_a_pack_is_held_against_the_latest_or_a_version(as_: As) -> None:
    change = {"path": "crediting.points_per_hour", "before": 10, "after": 20}
    latest = await as_("wen").post(DIFF, json={"pack": with_rate(20)})
    assert latest.json() == {"against": 1, "changes": [change]}
    same = await as_("wen").post(DIFF, json={"pack": with_rate(10), "against": 1})
    assert same.json() == {"against": 1, "changes": []}
    unknown = await as_("wen").post(DIFF, json={"pack": with_rate(10), "against": 2})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_policy_version")


async def test_a_simulation_says_what_would_have_been_issued(as_: As, cast: Cast) -> None:
    found = (await simulated(as_)).json()
    assert (found["records"], found["agrees"]) == (2, True)
    assert found["booked"] == {"records": 1, "minutes": 120, "points": 20}
    before, after = found["total"]["before"], found["total"]["after"]
    assert (before["points"], after["points"], after["minutes"]) == (20, 40, 120)
    assert found["months"]["2025-03"]["after"]["points"] == 40
    (line, *_) = found["organisations"]
    assert (line["organisation_id"], line["after"]["points"]) == (cast.organisations["apple"], 40)
    assert found["ending"] == {"point": {"2026-12": {"before": 20, "after": 40}}}
    assert found["gains"]["point"]["more"] >= 1
    assert (found["notice_days_before"], found["notice_days_after"]) == (3, 3)
    assert found["people"] is None


async def test_who_would_gain_is_shown_on_request_and_on_record(as_: As, cast: Cast) -> None:
    found = (await simulated(as_, with_people=True)).json()
    alice = str(cast.people["alice"])
    assert next(one for one in found["people"] if one["person_id"] == alice) == {
        "person_id": alice,
        "minutes_before": 120,
        "minutes_after": 120,
        "points_before": 20,
        "points_after": 40,
    }
    looks = (await as_("alice").get(f"/api/v1/people/{alice}/look-ups")).json()["items"]
    assert [(look["purpose"], look["fields"]) for look in looks] == [
        ("policy.simulate", ["minutes", "points"])
    ]


async def test_a_simulation_on_its_own_shows_nobody(as_: As, cast: Cast) -> None:
    assert str(cast.people["alice"]) not in (await simulated(as_)).text
    looks = await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/look-ups")
    assert looks.json()["items"] == []


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("olga", 200),
        ("audrey", 200),
        ("adam", 200),
        ("ada", 403),
        ("wen", 403),
        ("alice", 403),
        ("till", 403),
        ("stranger", 401),
    ],
)
async def test_whoever_answers_for_the_whole_bank_simulates(as_: As, by: str, status: int) -> None:
    assert (await simulated(as_, by)).status_code == status
    assert (await simulated(as_, by, with_people=True)).status_code == status


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"from_on": "2025-12-31", "until_on": "2025-12-30"}, "span_backwards"),
        ({"from_on": "2020-01-01", "until_on": "2025-12-30"}, "span_too_long"),
        ({"from_on": "yesterday"}, "request_invalid"),
    ],
)
async def test_a_span_has_its_limits(as_: As, span: dict[str, str], code: str) -> None:
    answer = await simulated(as_, **span)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
