"""Policy packs over HTTP."""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from api.service import Service
from tests.api.books import adopt_pack, book, credit
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import default_pack, parse_pack

PACKS = "/api/v1/policy-packs"
VERSIONS = "/api/v1/policy/versions"


def with_rate(points_per_hour: object) -> dict[str, Any]:
    """Return the default pack with another rate."""
    body: dict[str, Any] = json.loads(default_pack().model_dump_json(by_alias=True))
    body["crediting"]["points_per_hour"] = points_per_hour
    return body


@pytest.fixture
async def _packs(database: Database, cast: Cast) -> None:
    await adopt_pack(database, cast, effective_from=date(2021, 1, 1))
    pack = parse_pack(json.dumps(with_rate(20)))
    await database.write(
        cast.bank, lambda tx: adopt(tx, pack, effective_from=date(2098, 1, 1), actor="test", note="试行")
    )


@pytest.mark.usefixtures("_packs")
async def test_everybody_reads_the_rules(as_: As) -> None:
    first = (await as_("alice").get(PACKS, params={"limit": 1})).json()
    assert [(line["version"], line["effective_from"]) for line in first["items"]] == [(1, "2021-01-01")]
    rest = (await as_("wen").get(PACKS, params={"cursor": first["next_cursor"]})).json()
    assert [line["version"] for line in rest["items"]] == [2]
    one = (await as_("alice").get(f"{PACKS}/2")).json()
    assert (one["version"], one["effective_from"]) == (2, "2098-01-01")
    assert one["pack"]["crediting"]["points_per_hour"] == 20
    assert (one["note"], one["adopted_by"]) == ("试行", "test")
    assert one["pack"]["units"][0]["class"] == "honour"
    assert (await as_("till").get(PACKS)).status_code == 403
    assert (await as_("stranger").get(PACKS)).status_code == 401


@pytest.mark.usefixtures("_packs")
@pytest.mark.parametrize(
    ("on", "version"), [("2021-01-01", 1), ("2097-12-31", 1), ("2098-01-01", 2), (None, 1)]
)
async def test_one_is_in_force_on_each_day(as_: As, on: str | None, version: int) -> None:
    answer = await as_("alice").get(f"{PACKS}/in-force", params={"on": on} if on else {})
    assert answer.json()["version"] == version


@pytest.mark.usefixtures("_packs")
async def test_there_is_none_before_the_first(as_: As) -> None:
    answer = await as_("alice").get(f"{PACKS}/in-force", params={"on": "2020-12-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_missing")
    unknown = await as_("alice").get(f"{PACKS}/3")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_policy_version")


@pytest.mark.usefixtures("_packs")
async def test_a_version_says_what_it_changed(as_: As) -> None:
    changed = (await as_("alice").get(f"{PACKS}/2/changes")).json()
    assert changed == [{"path": "crediting.points_per_hour", "before": 10, "after": 20}]
    first = (await as_("alice").get(f"{PACKS}/1/changes")).json()
    assert {"path": "star_hours", "before": None, "after": [100, 300, 600, 1000, 1500]} in first
    unknown = await as_("alice").get(f"{PACKS}/3/changes")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_policy_version")


@pytest.mark.usefixtures("_packs")
async def test_a_version_is_a_file_that_can_be_handed_in_again(as_: As) -> None:
    answer = await as_("alice").get(f"{PACKS}/2/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="policy-2.json"'
    assert parse_pack(answer.text) == parse_pack(json.dumps(with_rate(20)))
    assert "党员" not in answer.text
    assert "区级" in answer.text
    verdict = await as_("olga").post("/api/v1/policy/validate", json=answer.json())
    assert verdict.json() == {"is_valid": True, "problems": []}
    assert (await as_("alice").get(f"{PACKS}/3/export")).status_code == 404


async def put_in_force(as_: As, by: str, key: str = "k1", **changes: Any) -> Any:
    body = {"pack": with_rate(20), "effective_from": "2098-01-01", "note": "试行", **changes}
    return await as_(by).post(VERSIONS, json=body, headers={"Idempotency-Key": key})


async def test_an_administrator_adopts_a_pack_once_for_the_key(
    as_: As, cast: Cast, database: Database
) -> None:
    await adopt_pack(database, cast)
    answers = await asyncio.gather(*(put_in_force(as_, "adam") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json() == {
        "version": 2,
        "effective_from": "2098-01-01",
        "changes": [{"path": "crediting.points_per_hour", "before": 10, "after": 20}],
    }
    one = (await as_("alice").get(f"{PACKS}/2")).json()
    assert (one["note"], one["adopted_by"]) == ("试行", f"person:{cast.people['adam']}")
    acts = (await as_("audrey").get("/api/v1/acts", params={"action": "policy.adopt"})).json()["items"]
    assert [act["subject"] for act in acts] == ["2098-01-01"]
    conflict = await put_in_force(as_, "adam", effective_from="2099-01-01")
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("by", "status"),
    [("ada", 403), ("olga", 403), ("audrey", 403), ("alice", 403), ("station", 403), ("stranger", 401)],
)
async def test_nobody_else_adopts_one(as_: As, cast: Cast, database: Database, by: str, status: int) -> None:
    await adopt_pack(database, cast)
    assert (await put_in_force(as_, by)).status_code == status
    assert (await as_("alice").get(f"{PACKS}/2")).status_code == 404


async def test_a_pack_is_adopted_only_ahead_and_only_if_it_says_something_else(
    as_: As, cast: Cast, database: Database, service: Service
) -> None:
    now = service.now()
    service.now = lambda: now
    await adopt_pack(database, cast)
    today = now.astimezone(cast.bank.zone).date()
    for day in (today, today - timedelta(days=9)):
        refused = await put_in_force(as_, "adam", effective_from=day.isoformat())
        assert (refused.status_code, refused.json()["code"]) == (422, "policy_not_ahead")
    same = await put_in_force(as_, "adam", pack=with_rate(10))
    assert (same.status_code, same.json()["code"]) == (422, "policy_unchanged")
    wrong = await put_in_force(as_, "adam", pack=with_rate("10"))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "request_invalid")
    assert wrong.json()["errors"][0]["where"] == "body.pack.crediting.points_per_hour"
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert (await put_in_force(as_, "adam", effective_from=tomorrow)).status_code == 201
    earlier = await put_in_force(as_, "adam", "k2", pack=with_rate(9), effective_from=tomorrow)
    assert (earlier.status_code, earlier.json()["code"]) == (422, "policy_backdated")


async def test_a_unit_that_somebody_holds_is_not_left_out(as_: As, cast: Cast, database: Database) -> None:
    with_coins = with_rate(20)
    with_coins["units"].append({"code": "timecoin", "class": "value", "spendable": True})
    await adopt_pack(database, cast)
    assert (await put_in_force(as_, "adam", pack=with_coins)).status_code == 201
    draft = credit("c1", cast.people["alice"])
    coins = replace(draft.moves[0], unit="timecoin")
    await book(database, cast, replace(draft, moves=(coins,)))
    refused = await put_in_force(as_, "adam", "k2", pack=with_rate(30), effective_from="2099-01-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "policy_unit_in_use")
    assert "timecoin" in refused.json()["detail"]
